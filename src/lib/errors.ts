// Every error that ovsd reports on purpose. A code is permanent: scripts match on it (CONTRIBUTING.md, "Stable
// interfaces"). The message says what happened and why, `next` what to type; `left` is what is still on the host.

/** Facts that travel with an error: the cause, what to type next, what an unfinished run left behind. */
export interface ErrorFacts {
  readonly cause?: unknown
  readonly next?: string
  readonly left?: readonly string[]
}

/** Base of all reported errors. `status` is the exit status of the command that ends with it. */
export class OvsdError extends Error {
  readonly code: string
  readonly status: number
  readonly next: string | undefined
  readonly left: readonly string[]

  constructor(code: string, message: string, facts: ErrorFacts = {}, status = 1) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = code
    this.code = code
    this.status = status
    this.next = facts.next
    this.left = facts.left ?? []
  }
}

/** A value that the user typed is malformed. Status 2; raised before any process starts. */
export class BadInput extends OvsdError {
  readonly field: string
  constructor(field: string, message: string, good: string) {
    super('BadInput', `${field}: ${message}`, { next: `A good value looks like this: ${good}` }, 2)
    this.field = field
  }
}

/** The outside world is not what the request needs: no such bridge, container, port … Status 1, nothing changed. */
export class Refused extends OvsdError {}

/** A tool is not on PATH. */
export class ToolMissing extends OvsdError {
  constructor(tool: string, aptPackage: string) {
    super('ToolMissing', `The program ${tool} is not installed (not found on PATH).`, {
      next: `apt-get install ${aptPackage}`,
    })
  }
}

/** A tool ended with a failure. `said` is its own words, trimmed; `command` the line as a person would type it. */
export class CommandFailed extends OvsdError {
  readonly command: string
  readonly said: string
  /** True when the tool was stopped (time limit, signal): what it was doing may or may not have happened. */
  readonly unknown: boolean
  constructor(command: string, said: string, unknown: boolean, how: string, cause?: unknown) {
    const forbidden = /Operation not permitted|Permission denied/.test(said)
    super('CommandFailed', `${how}: ${command}${said === '' ? '' : `\n  ${said}`}`, {
      cause,
      ...(forbidden ? { next: BE_ROOT } : {}),
    })
    this.command = command
    this.said = said
    this.unknown = unknown
  }
}

/** Signals that end a run in order: a closed terminal, Ctrl-C, a polite kill. */
export const ENDING_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const
export type EndingSignal = (typeof ENDING_SIGNALS)[number]

/** A signal asked for the end. Status 128 and the number of the signal, as shells have it. */
export class Interrupted extends OvsdError {
  constructor(signalName: EndingSignal) {
    super(
      'Interrupted',
      `Interrupted by ${signalName}.`,
      {},
      signalName === 'SIGHUP' ? 129 : signalName === 'SIGINT' ? 130 : 143,
    )
  }
}

/** A time limit ran out: that given with --timeout, unless `next` says what else can be done. */
export class TimedOut extends OvsdError {
  constructor(seconds: number, next = 'Allow more time with --timeout SECONDS.') {
    super('TimedOut', `Not finished within ${String(seconds)} s.`, { next })
  }
}

/** True when the kernel says that ovsd may not (EACCES, EPERM), whatever it was. */
export const isForbidden = (cause: unknown): boolean =>
  ['EACCES', 'EPERM'].includes((cause as { code?: string } | undefined)?.code ?? '')

/** What to type when something is forbidden. */
export const BE_ROOT = 'Run it as root, with CAP_NET_ADMIN and CAP_SYS_ADMIN.'

/** The first line of what an error says: enough where a list of several is shown. */
export const firstLine = (error: unknown): string => messageOf(error).split('\n', 1)[0] ?? ''

/** Words for an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
