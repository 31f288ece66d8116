// From a command line to an exit status. Two files call this: the entry of the bundle (scripts/build/bundle.ts, with
// the manifest embedded) and bin/dev.ts (which computes the manifest from the classes).
import { basename } from 'node:path'
import { nameOf, type Named } from './command-line.ts'
import { invocation, setInvocation } from './invocation.ts'
import { OvsdError } from './lib/errors.ts'
import { loadOptions, type Manifest } from './oclif-plugin.ts'

/** Runs the program and ends the process. */
export async function main(manifest: Manifest): Promise<never> {
  prepareProcess()
  const argv = process.argv.slice(2)
  try {
    await dispatch(argv, manifest)
    await written()
  } catch (error) {
    process.exitCode = await report(error, argv)
  }
  // Ending here and not by running out of work skips taking the heap apart, which takes a millisecond.
  process.exit()
}

function prepareProcess(): void {
  const { env, argv0, argv, stdout, stderr } = process
  // chalk, and the supports-color that oclif uses, only know FORCE_COLOR; NO_COLOR is what people set (no-color.org).
  if ((env['NO_COLOR'] ?? '') !== '' || argv.includes('--no-color')) env['FORCE_COLOR'] = '0'
  // oclif would look for colours in a theme.json below HOME at every start: a program for root reads no such thing.
  env['OVSD_DISABLE_THEME'] = '1'
  stdout.on('error', outputLost)
  // A log that cannot be written (its reader went, the terminal closed) is no reason to stop half-way.
  stderr.on('error', () => undefined)
  // A script is started by its own name (argv[1]), the single executable by the name of its file or link (argv0).
  if ([argv0, argv[1] ?? ''].some((path) => basename(path) === 'ovs-docker')) setInvocation('ovs-docker')
}

/**
 * `ovsd list | head -1` is no failure, and what has begun is finished whether or not somebody still listens. Any other
 * error (a full disk) means that the result is lost; results are printed when the work is done.
 */
function outputLost(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  process.stderr.write(`${invocation()}: The output cannot be written (${error.message}). What was done stays done.\n`)
  process.exit(1)
}

async function dispatch(argv: readonly string[], manifest: Manifest): Promise<void> {
  if (invocation() === 'ovs-docker') {
    const { translate } = await import('./ovs-docker.ts')
    const translated = translate([...argv])
    if (Array.isArray(translated)) return run(translated, manifest)
    process[translated.stream].write(translated.text)
    process.exitCode = translated.status
    return
  }
  const [first, ...rest] = argv
  // Before anything of oclif is loaded: scripts ask for the version often, and it should cost nothing.
  if (first === '-V' || first === '--version')
    process.stdout.write(`${manifest.package.name} ${manifest.package.version}\n`)
  else await run(first === 'help' ? [...rest, '--help'] : argv, manifest)
}

async function run(argv: readonly string[], manifest: Manifest): Promise<void> {
  const named = nameOf(argv, Object.keys(manifest.commands))
  if (named.kind === 'unknown') throw unknownCommand(named)
  if (named.kind === 'command' && !asksForHelp(argv)) {
    const { Config } = await import('@oclif/core/config')
    const config = await Config.load(loadOptions(manifest))
    await config.runCommand(named.id, [...named.rest])
    return
  }
  const [first] = argv
  if (named.kind === 'nothing' && first !== undefined && !asksForHelp(argv))
    throw unknown(`A command has to come before ${first}.`)
  // Only for help: with it the whole of oclif is loaded.
  const { run: runOclif } = await import('@oclif/core/run')
  await runOclif([...argv], loadOptions(manifest))
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const options = end < 0 ? argv : argv.slice(0, end)
  return options.includes('-h') || options.includes('--help')
}

function unknownCommand({ typed, suggestions }: Extract<Named, { kind: 'unknown' }>): OvsdError {
  const meant = suggestions.length === 0 ? '' : ` Did you mean ${suggestions.join(' or ')}?`
  return unknown(`There is no command "${typed}".${meant}`)
}

function unknown(message: string): OvsdError {
  return new OvsdError('UnknownCommand', message, { next: `See which there are: ${invocation()} --help` }, 2)
}

/** Resolves when everything printed has left the process (a slow reader of a socket may still be behind). */
async function written(): Promise<void> {
  const { stdout } = process
  // A write that failed at once (a full disk) says so only now.
  await new Promise((resolve) => setImmediate(resolve))
  if (stdout.writableLength === 0 || stdout.destroyed) return
  const { flush } = await import('@oclif/core/flush')
  await flush()
}

/**
 * For what no command has reported itself: errors before a command runs, and oclif's own way to end ("exit"). Commands
 * report their errors in src/base-command.ts. Returns the exit status.
 */
async function report(thrown: unknown, argv: readonly string[]): Promise<number> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { code, oclif } = error as { code?: string; oclif?: { exit?: number } }
  if (code === 'EEXIT') return oclif?.exit ?? 0
  const { printError, usageError } = await import('./error-output.ts')
  const known = error instanceof OvsdError ? error : usageError(error)
  printError(known, argv.includes('--json'))
  if (known.code === 'Unexpected' && process.env['DEBUG'] !== undefined) process.stderr.write(`${error.stack ?? ''}\n`)
  return known.status
}
