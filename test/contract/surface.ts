// Everything that scripts and people rely on, as data: commands, arguments, options, exit statuses, error codes.
import { computeManifest } from '../../scripts/build/manifest.ts'
import { errorCodes, type ErrorCodes } from './error-codes.ts'

interface Argument {
  readonly required: boolean
  readonly options?: readonly string[]
}

interface Flag {
  readonly type: string
  readonly char?: string
  readonly default?: unknown
  readonly env?: string
  readonly options?: readonly string[]
  readonly required?: true
  readonly multiple?: true
  readonly delimiter?: string
}

interface Command {
  readonly hidden?: true
  readonly aliases?: readonly string[]
  /** In the order of the command line. */
  readonly arguments: Readonly<Record<string, Argument>>
  readonly flags: Readonly<Record<string, Flag>>
  readonly examples: boolean
}

export interface Surface {
  readonly commands: Readonly<Record<string, Command>>
  readonly exitStatuses: readonly number[]
  readonly errors: ErrorCodes
}

/** What of oclif's description of a command is read here. */
interface Described {
  readonly hidden?: boolean
  readonly aliases: readonly string[]
  readonly args: Readonly<Record<string, { readonly required?: boolean; readonly options?: readonly string[] }>>
}
interface Details {
  readonly examples?: readonly unknown[]
  readonly flags: Readonly<Record<string, Record<string, unknown> & { readonly hidden?: boolean }>>
}

/** The examples of every command, as the help shows them. */
export async function examples(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { details } = await computeManifest()
  const parsed = JSON.parse(details) as Readonly<Record<string, { readonly examples?: readonly string[] }>>
  return Object.fromEntries(
    Object.entries(parsed).map(([id, command]) => [
      id,
      (command.examples ?? []).map((text) => text.replaceAll('<%= config.bin %>', 'ovsd')),
    ]),
  )
}

/** The surface of the program as it is now. */
export async function surface(): Promise<Surface> {
  const manifest = await computeManifest()
  const details = JSON.parse(manifest.details) as Readonly<Record<string, Details>>
  const commands = Object.entries(manifest.commands).map(([id, command]) => {
    return [id, describe(command as unknown as Described, details[id] ?? { flags: {} })] as const
  })
  const errors = errorCodes()
  const exitStatuses = [...new Set([0, ...Object.values(errors).flat()])].sort((a, b) => a - b)
  return { commands: Object.fromEntries(commands.sort(([a], [b]) => (a < b ? -1 : 1))), exitStatuses, errors }
}

function describe(command: Described, details: Details): Command {
  const args = Object.entries(command.args).map(([name, { required, options }]) => {
    return [name, { required: required === true, ...(options === undefined ? {} : { options }) }] as const
  })
  const flags = Object.entries(details.flags).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...(command.hidden === true ? { hidden: true } : {}),
    ...(command.aliases.length === 0 ? {} : { aliases: command.aliases }),
    arguments: Object.fromEntries(args),
    flags: Object.fromEntries(flags.map(([name, flag]) => [name, outline(flag)])),
    examples: (details.examples ?? []).length > 0,
  }
}

const KEYS = ['type', 'char', 'default', 'env', 'options', 'required', 'multiple', 'delimiter', 'hidden'] as const

/** The keys of a flag that matter, without those that say nothing. */
function outline(flag: Readonly<Record<string, unknown>>): Flag {
  const entries = KEYS.map((key) => [key, flag[key]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== false)) as unknown as Flag
}
