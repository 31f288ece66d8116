// Every file of the documentation that is made from the sources, as a value: scripts/docs.ts writes it, a test compares it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { completionScript } from '../../src/completion-scripts.ts'
import type { Command } from '../../src/oclif.ts'
import { computeManifest } from '../build/manifest.ts'
import { root } from '../build/layout.ts'
import { commandPage, pageName, type PageParts } from './command-page.ts'
import { daemonParts } from './daemon-page.ts'
import { doctorParts } from './doctor-page.ts'
import { errorEntries } from './error-entries.ts'
import { pluginParts } from './plugin-page.ts'
import { pluginStateParts } from './plugin-state-page.ts'
import { watchParts } from './watch-page.ts'

/** Every command that people see, complete with what only help shows. */
export async function visibleCommands(): Promise<readonly Command.Cached[]> {
  const { commands, details } = await computeManifest()
  const detailsOf = JSON.parse(details) as Record<string, object>
  return Object.entries(commands)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([id, outline]) => ({ ...outline, ...detailsOf[id] }) as Command.Cached)
}

/** Text of each generated file, by its path from the root of the repository. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const date = dateOf(readFileSync(join(root, 'man/ovsd.8'), 'utf8'))
  const parts: Readonly<Record<string, PageParts>> = {
    watch: await watchParts(),
    plugin: pluginParts(),
    daemon: daemonParts(),
    'plugin:state': pluginStateParts(),
    doctor: doctorParts(),
  }
  const pages = (await visibleCommands()).map(
    (command) => [`man/${pageName(command)}.8`, commandPage(command, date, parts[command.id])] as const,
  )
  const completions = [
    ['completions/ovsd.bash', completionScript('bash')],
    ['completions/_ovsd', completionScript('zsh')],
    ['completions/ovsd.fish', completionScript('fish')],
  ] as const
  const errors = readFileSync(join(root, 'man/ovsd-errors.7'), 'utf8')
  return new Map([...pages, ...completions, ['src/lib/error-entries.ts', await errorEntries(errors)]])
}

/** The pages of the commands carry the date of the page that is written by hand. */
function dateOf(page: string): string {
  const date = /^\.TH \S+ 8 (\S+)/m.exec(page)?.[1]
  if (date === undefined) throw new Error('man/ovsd.8 has no .TH line with a date')
  return date
}
