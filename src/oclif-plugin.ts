// oclif normally finds commands by searching folders and reading files. It also takes a finished plugin object
// (`plugins` of its load options), and then reads nothing from disk: that is what a bundle without files needs, and
// what makes the program start fast (docs/decisions/0002-start-up.md).
import type { Interfaces } from '@oclif/core'
import type { Command } from './oclif.ts'
import { commands as loaders } from './registry.ts'

/** What only help shows. It is most of a manifest, so it stays text until somebody asks for it. */
const DETAILS = ['description', 'examples', 'flags', 'usage'] as const
type Detail = (typeof DETAILS)[number]

/** What oclif looks at in every command on each start. */
type Outline = Omit<Command.Cached, Detail>

/** Everything that oclif has to know before it loads a command. Made by scripts/build/manifest.ts. */
export interface Manifest {
  readonly package: Interfaces.PJSON
  readonly commands: Readonly<Record<string, Outline>>
  /** JSON of the details of every command, by id. */
  readonly details: string
}

/** Splits what oclif knows of the commands into the two halves of a manifest. */
export function manifestOf(pjson: Interfaces.PJSON, commands: Readonly<Record<string, Command.Cached>>): Manifest {
  const halves = Object.entries(commands).map(([id, command]) => {
    const entries = Object.entries(command)
    const isDetail = ([key]: [string, unknown]): boolean => (DETAILS as readonly string[]).includes(key)
    return {
      outline: [id, Object.fromEntries(entries.filter((entry) => !isDetail(entry)))] as const,
      details: [id, Object.fromEntries(entries.filter(isDetail))] as const,
    }
  })
  return {
    package: pjson,
    commands: Object.fromEntries(halves.map(({ outline }) => outline)),
    details: JSON.stringify(Object.fromEntries(halves.map(({ details }) => details))),
  }
}

/** The load options for oclif's `run`: one plugin, which is this program. */
export function loadOptions(manifest: Manifest): Interfaces.LoadOptions {
  const plugin = pluginOf(manifest)
  return { root: plugin.root, pjson: manifest.package, plugins: new Map([[plugin.name, plugin]]) }
}

function pluginOf({ package: pjson, commands, details }: Manifest): Interfaces.Plugin {
  let parsed: Record<string, Pick<Command.Cached, Detail>> | undefined
  const detailsOf = (id: string): Partial<Pick<Command.Cached, Detail>> =>
    (parsed ??= JSON.parse(details) as NonNullable<typeof parsed>)[id] ?? {}

  const loadable = ([id, outline]: [string, Outline]): Command.Loadable => {
    const command = {
      ...outline,
      pluginName: pjson.name,
      pluginAlias: pjson.name,
      pluginType: 'core',
      load: () => load(id),
    }
    for (const key of DETAILS)
      Object.defineProperty(command, key, { configurable: true, enumerable: true, get: () => detailsOf(id)[key] })
    return command as Command.Loadable
  }
  const load = async (id: string): Promise<Command.Class> => {
    const loader = loaders[id]
    if (loader === undefined) throw new Error(`command ${id} is in the manifest but not in the registry`)
    const command = (await loader()).default
    command.id = id
    command.plugin = plugin
    return command
  }
  // No path on disk stands behind it: oclif only uses `root` to tell plugins apart.
  const root = pjson.name
  const plugin: Interfaces.Plugin = {
    _base: pjson.name,
    alias: pjson.name,
    name: pjson.name,
    version: pjson.version,
    type: 'core',
    root,
    pjson,
    isRoot: true,
    valid: true,
    hasManifest: true,
    moduleType: 'module',
    options: { root },
    hooks: {},
    topics: Object.entries(pjson.oclif.topics ?? {}).map(([name, topic]) => ({ name, ...topic })),
    commandIDs: Object.keys(commands),
    commands: Object.entries(commands).map(loadable),
    commandsDir: undefined,
    findCommand: load,
    load: () => Promise.resolve(),
  }
  return plugin
}
