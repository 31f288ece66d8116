import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Waits in a session of its own, so that the end of a terminal does not reach it, and with a shell in place of ovsd, which
 * would take twenty times the memory. The database may be away at that moment, so it asks more than once; it gives its number
 * before it lets go of what it has inherited.
 */
const SCRIPT = [
  'echo $$; exec </dev/null >/dev/null 2>&1; sleep "$1"; shift',
  'for try in 1 2 3 4 5 6; do "$@" && exit; sleep 10; done',
].join('; ')

/** Has `command` (a program and its arguments) run after so many seconds. */
export function expiryStart(host: Host, seconds: number, command: readonly string[]): ReversibleStep {
  const start: Command = {
    tool: 'setsid',
    args: ['--fork', 'sh', '-c', SCRIPT, 'ovsd-mirror-expiry', String(seconds), ...command],
  }
  let group: number | undefined
  return {
    id: 'expiry.start',
    title: `Wait ${String(seconds)} s for the end of it`,
    // Asked for when the step was taken.
    get leaves() {
      return `process ${String(group)}, which ends by itself`
    },
    commands: () => [start],
    isDone: () => Promise.resolve(group !== undefined),
    async apply(signal) {
      const { stdout } = await host.run(start, signal)
      group = Number(stdout.trim())
    },
    undo() {
      try {
        // It leads the process group of its session.
        if (group !== undefined && group > 1) process.kill(-group, 'SIGTERM')
      } catch {
        // It is gone already.
      }
      group = undefined
      return Promise.resolve()
    },
  }
}
