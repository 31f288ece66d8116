import type { Interfaces } from '@oclif/core'
import { choose } from './choose.ts'
import { missingArguments, printError, usageError, withOtherWays } from './error-output.ts'
import { globalFlags } from './flags.ts'
import { invocation } from './invocation.ts'
import { BadInput, ENDING_SIGNALS, Interrupted, OvsdError, type EndingSignal } from './lib/errors.ts'
import { openHost, type Host } from './lib/host.ts'
import type { Prepared } from './lib/plan/prepared.ts'
import { nobody, type Observer } from './lib/run/observer.ts'
import {
  isDryRun,
  unlessAborted,
  perform,
  withTimeout,
  type DryRun,
  type Outcome,
  type Session,
} from './lib/run/session.ts'
import { painter } from './lib/ui/colour.ts'
import { plainText } from './lib/ui/plain-text.ts'
import { Command } from './oclif.ts'

// oclif's own word for parsed values of any kind; its types are built on it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as declared by @oclif/core
type Values = Record<string, any>

/** The values of the global flags. */
export interface GlobalFlags {
  readonly 'dry-run': boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly timeout: string
  readonly db?: string | undefined
  readonly docker?: string | undefined
}

/** What a missing argument can be chosen from on a terminal. */
export type Live = 'bridge' | 'container' | 'interface' | 'network' | 'mirror'

/** What every command shares: global flags, host, signals, one error shape. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = globalFlags
  /** Arguments that live names exist for. */
  static live: Readonly<Record<string, Live>> = {}

  readonly #interruption = new AbortController()

  /** Given when a signal, or a defect of ovsd's own, asks for the end; its reason says which. */
  protected get interruption(): AbortSignal {
    return this.#interruption.signal
  }

  /** Signals that end the command in order. */
  protected readonly endingSignals: readonly EndingSignal[] = ENDING_SIGNALS

  protected override init(): Promise<void> {
    for (const name of this.endingSignals)
      process.on(name, () => {
        if (!this.#interruption.signal.aborted && !this.quietly)
          process.stderr.write(`\n${invocation()}: ${name}: stopping …\n`)
        this.#interruption.abort(new Interrupted(name))
      })
    // A defect of ovsd's own must not leave a half-made attachment behind either.
    process.on('uncaughtException', (error) => {
      this.#interruption.abort(error)
    })
    return Promise.resolve()
  }

  /** As oclif's, but asks a person at a terminal for missing arguments. */
  protected override async parse<F extends Values, B extends Values, A extends Values>(
    options?: Interfaces.Input<F, B, A>,
    argv: string[] = this.argv,
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    try {
      return await super.parse<F, B, A>(options, argv)
    } catch (error) {
      const missing = missingArguments(error)
      if (missing === undefined || !this.canAsk) throw error
      const { endQuestionsBy } = await import('./lib/ui/prompt.ts')
      endQuestionsBy(this.#interruption.signal)
      const given = await this.ask(
        missing.map(({ name }) => name),
        argv,
      )
      return this.parse<F, B, A>(options, [...argv, ...given])
    }
  }

  /** Asks the person at the terminal for missing arguments; gives them as words of the command line. */
  protected ask(missing: readonly string[], argv: readonly string[]): Promise<readonly string[]> {
    return choose(missing, (this.constructor as typeof BaseCommand).live, argv)
  }

  /** Runs a recipe under the global flags: lock, time limit, drawing, or only printing with --dry-run. */
  protected async perform<T extends object>(
    flags: GlobalFlags,
    recipe: (host: Host) => Promise<Prepared<T>>,
  ): Promise<Outcome<T>> {
    const seconds = parseTimeout(flags.timeout)
    using host = this.open(flags)
    const signal = withTimeout(this.#interruption.signal, seconds)
    const waits = (): void => {
      if (!this.quietly) process.stderr.write(`${invocation()}: waiting for another ovsd to finish …\n`)
    }
    const session: Session = { host, signal, observer: await this.#observer(flags), dryRun: flags['dry-run'], waits }
    // Awaited, because the host is closed when this returns.
    return await perform(session, () => recipe(host))
  }

  /** The value of --timeout. Error: BadInput. */
  protected secondsOf(timeout: string): number {
    return parseTimeout(timeout)
  }

  /** Looks at the host under the global flags, and changes nothing. */
  protected async look<T>(flags: GlobalFlags, work: (host: Host) => Promise<T>): Promise<T> {
    const signal = withTimeout(this.#interruption.signal, parseTimeout(flags.timeout))
    using host = this.open(flags)
    return await unlessAborted(signal, work(host))
  }

  /** Opens the host that the flags name. */
  private open(flags: GlobalFlags): Host {
    return openHost({ db: flags.db, docker: flags.docker, tell: flags.verbose ? tell : undefined })
  }

  /** Prints what was done (or would be) and gives it back for --json. */
  protected answer<T extends object>(
    outcome: Outcome<T>,
    flags: GlobalFlags,
    say: (result: T) => string,
  ): Outcome<T> | DryRun {
    if (!flags.quiet) this.log(plainText(isDryRun(outcome) ? commandsOrNone(outcome) : say(outcome)))
    return outcome
  }

  /** Says something true that the user should know although nothing failed. */
  protected caution(message: string): void {
    if (!this.quietly)
      process.stderr.write(`${invocation()}: ${painter(process.stderr).yellow('warning:')} ${message}\n`)
  }

  override log(message = ''): void {
    if (!this.jsonEnabled() && message !== '') process.stdout.write(`${message}\n`)
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`)
  }

  protected override catch(error: Error): Promise<void> {
    const known = error instanceof OvsdError ? withOtherWays(error, this.ctor) : usageError(error, this.ctor)
    process.exitCode = known.status
    printError(known, this.jsonEnabled())
    if (!(error instanceof OvsdError) && known.code === 'Unexpected' && process.env['DEBUG'] !== undefined)
      process.stderr.write(`${String(error.stack)}\n`)
    return Promise.resolve()
  }

  get quietly(): boolean {
    return this.jsonEnabled() || this.argv.includes('--quiet') || this.argv.some((word) => /^-[a-zA-Z]*q/.test(word))
  }

  /** Questions only when a person sees them and can answer: never in CI, in a pipe, or with --json. */
  get canAsk(): boolean {
    return process.stdin.isTTY && process.stderr.isTTY && !this.quietly && process.env['CI'] === undefined
  }

  async #observer(flags: GlobalFlags): Promise<Observer> {
    // listr2 is loaded only where it is seen (docs/decisions/0002).
    if (!process.stderr.isTTY || this.quietly || flags.verbose || flags['dry-run']) return nobody
    const { Pipeline } = await import('./lib/run/pipeline.ts')
    return new Pipeline()
  }
}

/** A comment, so that pasting it does as much as there is to do. */
const commandsOrNone = ({ commands }: DryRun): string =>
  commands.length === 0 ? '# nothing to do' : commands.join('\n')

function tell(line: string, ms: number): void {
  process.stderr.write(`+ ${plainText(line)}   # ${ms.toFixed(1)} ms\n`)
}

function parseTimeout(text: string): number {
  const seconds = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0
  if (seconds === 0 || seconds > 86_400)
    throw new BadInput('--timeout', `"${text}" is not a number of seconds from 1 to 86400.`, '60')
  return seconds
}
