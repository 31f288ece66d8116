// A host as the tests see it: something on which commands can be run.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { run, type Result, type RunOptions } from './process.ts'

/** A place for commands: the private host we are in (`here`), or one that startHost made. */
export interface Host {
  /** Runs a command to its end; see `run`. */
  exec(argv: readonly string[], options?: RunOptions): Promise<Result>
  /** Starts a command that lives longer. Its options are Node's; `detached` makes `signalGroup` possible. */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcess
}

/** The host that this process is in. Within `lab/run.ts` that is a private one; outside it is the machine itself. */
export const here: Host = {
  exec: run,
  spawn: ([command = '', ...rest], options = {}) => spawn(command, rest, options),
}

/** True in a process that runs inside a private host. Tests that change links ask this before they touch anything. */
export function insidePrivateHost(): boolean {
  return process.env['OVSD_LAB'] !== undefined
}

/** The stdout of a command, without the last line end. Throws, with the command's own words, unless it exits with 0. */
export async function outputOf(host: Host, argv: readonly string[], options?: RunOptions): Promise<string> {
  const { status, stdout, stderr } = await host.exec(argv, options)
  if (status !== 0) throw new Error(`status ${status} from: ${argv.join(' ')}\n${stdout}${stderr}`)
  return stdout.replace(/\n$/, '')
}
