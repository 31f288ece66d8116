import { BE_ROOT, isForbidden, OvsdError, Refused } from '../errors.ts'
import { readTrusted } from '../system/trusted-file.ts'
import { parseYaml, YamlProblem, type YamlNode } from '../system/yaml-file.ts'
import { closest } from '../ui/closest.ts'
import { FILE_NAMES, IGNORED } from './settings-names.ts'

/** Values by their names in the file, with a dot between the levels. */
export type FileValues = ReadonlyMap<string, { readonly text: string; readonly field: string }>

export interface SettingsFile {
  /** Undefined when there is none. */
  readonly path: string | undefined
  readonly values: FileValues
  readonly notices: readonly string[]
}

/** Where the file is when nobody says otherwise. */
const PLACES: readonly string[] = ['/etc/ovsd/ovsd.yaml', '/etc/ovs-port-manager/ovs-port-manager.yaml']

/**
 * Reads the file of this path, or else the first that exists of /etc/ovsd/ovsd.yaml and the one of ovs-port-manager.
 * Errors: SettingsUnreadable, SettingsUnsafe, SettingsInvalid.
 */
export async function readSettingsFile(path: string | undefined, places = PLACES): Promise<SettingsFile> {
  for (const place of path === undefined ? places : [path]) {
    const content = await read(place, path === undefined)
    if (content !== undefined) return { path: place, ...flatten(content.root, place) }
  }
  return { path: undefined, values: new Map(), notices: [] }
}

/** Undefined when the file is missing and may be. */
async function read(path: string, mayMiss: boolean): Promise<{ readonly root: YamlNode | undefined } | undefined> {
  const found = await readTrusted(path)
  switch (found.kind) {
    case 'missing':
      if (mayMiss) return undefined
      throw new Refused('SettingsUnreadable', `There is no settings file ${path}.`, { next: 'Name one: --config FILE' })
    case 'unreadable':
      throw new Refused('SettingsUnreadable', `The settings file ${path} cannot be read: ${found.why}.`, {
        cause: found.cause,
        next: isForbidden(found.cause) ? BE_ROOT : 'Name a file: --config FILE',
      })
    case 'unsafe':
      throw new Refused('SettingsUnsafe', `The settings file ${path} is not used: ${found.why}.`, {
        next: `It has to be a regular file of root that nobody else can write: chown root ${path}; chmod go-w ${path}`,
      })
    case 'text':
      try {
        return { root: await parseYaml(found.text) }
      } catch (error) {
        if (error instanceof YamlProblem) throw invalid(path, error.line, error.message, EXAMPLE)
        throw error
      }
  }
}

const EXAMPLE = 'For example: bridge: ovsbr0'

const invalid = (path: string, line: number, why: string, next: string): OvsdError =>
  new OvsdError('SettingsInvalid', `${path}, line ${String(line)}: ${why}`, { next }, 2)

/** Levels by their dots; what has no value counts as not given. */
function flatten(root: YamlNode | undefined, path: string): Omit<SettingsFile, 'path'> {
  const values = new Map<string, { text: string; field: string }>()
  const notices: string[] = []
  const walk = (node: YamlNode, name: string): void => {
    if (node.kind === 'map') {
      for (const { key, value, line } of node.entries) {
        const full = name === '' ? key : `${name}.${key}`
        if (!isKnown(full, value)) throw unknown(path, line, full)
        walk(value, full)
      }
    } else if (node.kind === 'list' || name === '') {
      throw invalid(path, node.line, `${name === '' ? 'settings are' : `${name} is`} not a list.`, EXAMPLE)
    } else if (Object.hasOwn(IGNORED, name)) {
      notices.push(`${path}, line ${String(node.line)}: ${name} has no effect: ${IGNORED[name] ?? ''}.`)
    } else if (node.value !== null && node.text !== '') {
      values.set(name, { text: node.text, field: `${path}, line ${String(node.line)}: ${name}` })
    }
  }
  if (root !== undefined) walk(root, '')
  return { values, notices }
}

/** A name without a value may be either: a heading whose settings are all comments. */
function isKnown(name: string, value: YamlNode): boolean {
  const isHeading = FILE_NAMES.some((known) => known.startsWith(`${name}.`))
  if (value.kind === 'map') return isHeading
  return FILE_NAMES.includes(name) || (isHeading && value.kind === 'scalar' && value.value === null)
}

function unknown(path: string, line: number, name: string): OvsdError {
  const near = closest(name.slice(0, 60), FILE_NAMES)
  return invalid(
    path,
    line,
    `there is no setting ${JSON.stringify(name.slice(0, 80))}.`,
    near === undefined ? 'The settings are listed in ovsd-policy(5).' : `Did you mean ${near}?`,
  )
}
