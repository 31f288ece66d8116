import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { BaseCommand, type GlobalFlags } from './base-command.ts'
import { invocation } from './invocation.ts'
import { Interrupted, type EndingSignal, type OvsdError } from './lib/errors.ts'
import type { HostOptions } from './lib/host.ts'
import { asOvsdError } from './lib/reconcile/refusals.ts'
import { createLog, type Level, type Log, type LogFields } from './lib/watch/log.ts'

/** What goes on until it is told to end. */
export interface Lasting {
  /** Rejects with what `hurry` was given. */
  run(): Promise<void>
  /** Ends in order. */
  stop(): Promise<void>
  /** Ends at once: what is being done is undone. */
  hurry(reason: OvsdError): void
  /** SIGHUP; who has nothing to read again ends by it. */
  reload?(): Promise<void>
}

/** The names of events under which it speaks of itself. */
export interface Voice {
  stopping(text: string): void
  broken(text: string, fields: LogFields): void
}

/** A command that goes on until a signal ends it. */
export abstract class ServiceCommand extends BaseCommand {
  /** It ends otherwise than a command, and SIGHUP means something else to it. */
  protected override readonly endingSignals: readonly EndingSignal[] = []

  /** The log on standard error; `isMute`: with --json there is nothing to be said but the result. */
  protected logOf(flags: Pick<GlobalFlags, 'verbose' | 'quiet'>, { level, format, isMute = false }: LogWish): Log {
    return createLog({
      format: format ?? (process.stderr.isTTY && !this.jsonEnabled() ? 'text' : 'json'),
      level: flags.verbose ? 'debug' : flags.quiet || isMute ? 'error' : level,
      write: (line) => process.stderr.write(line),
    })
  }

  /** Tells the log each command and its time, when that was asked for. */
  protected tellOf({ verbose }: Pick<GlobalFlags, 'verbose'>, log: Log): HostOptions['tell'] {
    return verbose ? (line, ms) => log.debug('command.ran', line, { ms }) : undefined
  }

  /**
   * Has it end, and say why, when somewhere an error was thrown that nobody waited for: what ovsd knows may be wrong. Error: that one, when it was
   * thrown already.
   */
  protected endBroken(service: Pick<Lasting, 'hurry'>, voice: Pick<Voice, 'broken'>): void {
    const end = (): OvsdError => {
      const error = asOvsdError(this.interruption.reason)
      voice.broken(`A defect of ${invocation()}: ${error.message}`, { code: error.code, stack: stackOf(error) })
      service.hurry(error)
      return error
    }
    // No signal does that here.
    if (this.interruption.aborted) throw end()
    this.interruption.addEventListener('abort', end)
  }

  /** Calls `started` when signals are heard, and goes on until the end. Errors: those of the service. */
  protected async follow(service: Lasting, voice: Voice, started: () => void): Promise<void> {
    this.endBroken(service, voice)
    leaveTerminal()
    let asked = 0
    const off = onSignals(service.reload === undefined ? ENDING : ['SIGHUP', ...ENDING], (name) => {
      if (name === 'SIGHUP') return void service.reload?.()
      voice.stopping(asked === 0 ? `${name}: finishing what is being done` : `${name}: stopping at once`)
      if (asked++ === 0) void service.stop()
      else service.hurry(new Interrupted(name))
    })
    // Whoever reads this may signal at once.
    started()
    try {
      await service.run()
    } finally {
      off()
    }
  }
}

export interface LogWish {
  readonly level: Level
  readonly format: 'text' | 'json' | undefined
  readonly isMute?: boolean
}

const ENDING = ['SIGINT', 'SIGTERM'] as const

/** Has signals reported; what is given back ends that. */
export function onSignals(names: readonly EndingSignal[], told: (name: EndingSignal) => void): () => void {
  const listeners = names.map((name) => ({
    name,
    listener: () => {
      told(name)
    },
  }))
  for (const { name, listener } of listeners) process.on(name, listener)
  return () => {
    for (const { name, listener } of listeners) process.off(name, listener)
  }
}

/** Where an error comes from; the first line repeats its message. */
const stackOf = ({ stack, cause }: Error): readonly string[] =>
  (cause instanceof Error ? cause.stack : stack)?.split('\n').slice(1) ?? []

/**
 * Node gives a terminal the settings back at its end that it had at the start. They are none of a daemon's business: it may
 * run in the background of a shell, which has changed them since. Files that are closed by then are left alone.
 */
function leaveTerminal(): void {
  process.once('exit', () => {
    for (const fd of [0, 1, 2]) if (isatty(fd)) closeSync(fd)
  })
}
