import { resolve } from 'node:path'
import { BadInput } from '../errors.ts'

/** What is done about a file that cannot be used: refuse to go on, put it aside, or leave it and act as if there were none. */
export type Recovery = 'strict' | 'lenient' | 'skip'

const RECOVERIES: readonly Recovery[] = ['strict', 'lenient', 'skip']

/** Where the store is, and how it is read. */
export interface StateSettings {
  /** A whole path, without a slash at its end: what stands after one would be looked up through a link. */
  readonly folder: string
  readonly recovery: Recovery
  /** Whether an unusable file is kept under another name before something is written in its place. */
  readonly backup: boolean
}

const FOLDER = '/var/lib/ovsd'

type Env = Readonly<Record<string, string | undefined>>

/** The folder that these settings say, if it is not the one that is used when nobody says anything. */
export const ownFolder = ({ folder }: StateSettings): string | undefined => (folder === FOLDER ? undefined : folder)

/**
 * The settings of the store: what `--state-dir` says (oclif takes OVSD_DATA_DIR for it), then the variables of ovsd, then
 * those of ovs-container-network, whose defaults for the last two these are. An empty variable counts as not given.
 * Error: BadInput.
 */
export function stateSettings(folder: string | undefined, env: Env): StateSettings {
  return {
    folder: parseFolder(...(given({ '--state-dir': folder, ...both(env, 'DATA_DIR') }) ?? ['--state-dir', FOLDER])),
    recovery: parseRecovery(...(given(both(env, 'RECOVERY_MODE')) ?? ['OVSD_RECOVERY_MODE', 'lenient'])),
    backup: parseSwitch(...(given(both(env, 'STATE_BACKUP')) ?? ['OVSD_STATE_BACKUP', 'true'])),
  }
}

const both = (env: Env, name: string): Env => ({
  [`OVSD_${name}`]: env[`OVSD_${name}`],
  [`PLUGIN_${name}`]: env[`PLUGIN_${name}`],
})

/** The first that has a value, with its name. */
function given(values: Env): readonly [string, string] | undefined {
  for (const [name, text] of Object.entries(values)) if (text !== undefined && text !== '') return [name, text]
  return undefined
}

function parseFolder(field: string, text: string): string {
  if (/^[^\p{Cc}]+$/u.test(text)) return resolve(text)
  throw new BadInput(field, `${quoted(text)} is not the path of a folder.`, FOLDER)
}

function parseRecovery(field: string, text: string): Recovery {
  const found = RECOVERIES.find((one) => one === text.toLowerCase())
  if (found === undefined)
    throw new BadInput(field, `${quoted(text)} is not one of ${RECOVERIES.join(', ')}.`, 'lenient')
  return found
}

function parseSwitch(field: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw new BadInput(field, `${quoted(text)} is neither true nor false.`, 'true')
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 80))
