import { stripVTControlCharacters } from 'node:util'
import { closest } from './lib/ui/closest.ts'
import { invocation } from './invocation.ts'
import { BE_ROOT, OvsdError } from './lib/errors.ts'
import { plainText } from './lib/ui/plain-text.ts'
import { painter } from './lib/ui/colour.ts'
import type { Command } from './oclif.ts'

/** The one shape of an error in --json (man/ovsd.8, "JSON"). */
export interface ErrorJson {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly next?: string
    readonly left?: readonly string[]
  }
}

/** The stable JSON of an error. */
export function errorJson({ code, message, next, left }: OvsdError): ErrorJson {
  return { error: { code, message, ...(next === undefined ? {} : { next }), ...(left.length === 0 ? {} : { left }) } }
}

/** Prints an error: JSON to stdout (it is the result), words to stderr. */
export function printError(error: OvsdError, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(errorJson(error), undefined, 2)}\n`)
    return
  }
  const paint = painter(process.stderr)
  const lines = [
    `${invocation()}: ${paint.red(plainText(error.message).split('\n').join('\n  '))}`,
    ...error.left.map((thing) => `  ${paint.yellow('left on the host:')} ${plainText(thing)}`),
    ...(error.next === undefined ? [] : [`  ${paint.dim('next:')} ${plainText(error.next)}`]),
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** An error that oclif or Node raised, in our shape: what the parser says is bad usage (status 2), the rest a defect of ours. */
export function usageError(error: Error, command?: typeof Command): OvsdError {
  const parser = error as Error & { parse?: unknown; flags?: readonly string[]; oclif?: { exit?: number } }
  if (parser.parse === undefined && parser.oclif?.exit !== 2)
    return new OvsdError('Unexpected', error.message, {
      cause: error,
      next: 'Please report this; DEBUG=1 shows where it happened.',
    })
  const id = command?.id
  const help = `Its options: ${[invocation(), ...(id === undefined ? [] : [id.replace(':', ' ')]), '--help'].join(' ')}`
  const guess =
    parser.flags?.[0] === undefined || command === undefined
      ? undefined
      : closest(parser.flags[0].split('=', 1)[0] ?? '', flagsOf(command))
  const missing = missingArguments(error)?.map(
    ({ name, description }) => `${name.toUpperCase()} (${description ?? ''})`,
  )
  const message = missing === undefined ? oclifWords(error) : `Missing: ${missing.join(', ')}`
  return new OvsdError(
    'BadUsage',
    message,
    { cause: error, next: guess === undefined ? help : `Did you mean ${guess}? ${help}` },
    2,
  )
}

/** What oclif says of several options comes in lines, below a heading; here it is one line, with those that are missing first. */
function oclifWords({ message }: Error): string {
  const lines = stripVTControlCharacters(message)
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/\nSee more help with --help$/, '')
    .replace(/^Nonexistent flag/, 'Unknown option')
    .split('\n')
    .map((line) => line.trim())
  const missing = lines.flatMap((line) => /^Missing required flag (\S+)$/.exec(line)?.[1] ?? [])
  const others = lines.filter((line) => !line.startsWith('Missing required flag '))
  return [
    ...(missing.length === 0 ? [] : [`Missing: ${missing.map((flag) => `--${flag}`).join(', ')}`]),
    ...others,
  ].join('; ')
}

/** As it is, but who can do without an engine is told how: that depends on the command, of which the engine knows nothing. */
export function withOtherWays(error: OvsdError, command: typeof Command): OvsdError {
  const { code, message, next, left, status } = error
  if (code !== 'DockerUnreachable' || next === BE_ROOT || !('netns' in command.flags)) return error
  const more = `${next ?? ''} Without an engine: --netns or --pid.`
  return new OvsdError('DockerUnreachable', message, { cause: error, next: more, left }, status)
}

/** The required arguments that oclif missed; undefined for any other error. */
export function missingArguments(
  error: unknown,
): readonly { readonly name: string; readonly description?: string }[] | undefined {
  const { args, parse } = error as { args?: readonly unknown[]; parse?: unknown }
  const isMissing = parse !== undefined && Array.isArray(args) && args.every((arg) => typeof arg === 'object')
  return isMissing ? (args as readonly { name: string; description?: string }[]) : undefined
}

const flagsOf = (command: typeof Command): string[] =>
  Object.keys({ ...command.baseFlags, ...command.flags }).map((flag) => `--${flag}`)
