// Traffic that goes on while something else happens, to see whether that interrupts it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { netnsOf } from './containers.ts'

/** Half a second of requests. */
const UNDER_WAY = 25

export interface Pinging extends AsyncDisposable {
  /** Ends it: how many echo requests were sent, and how many of them nobody answered. */
  stop(): Promise<{ readonly sent: number; readonly lost: number }>
}

/** Echo requests from a container to an address, one each 20 ms, begun when the first ones were sent. */
export const pinging = (from: string, address: string): Promise<Pinging> => pingingIn(netnsOf(from), address)

/** The same from a network namespace. */
export async function pingingIn(netns: string, address: string): Promise<Pinging> {
  const args = [`--net=${netns}`, 'busybox', 'ping', '-i', '0.02', '-W', '1', address]
  const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(child, 'close')
  await pause(60)
  return {
    async stop() {
      // Those that are under way have as long as this for their answers.
      await pause(100)
      // busybox then prints its sum, and ends.
      child.kill('SIGINT')
      await ended
      process.off('exit', killed)
      const sent = Number(/(\d+) packets transmitted/.exec(said)?.[1] ?? Number.NaN)
      if (Number.isNaN(sent)) throw new Error(`ping said: ${said}`)
      const answered = new Set([...said.matchAll(/ seq=(\d+) /g)].map(([, seq]) => Number(seq)))
      const last = Math.max(-1, ...answered)
      // Those after the last answer may be under way still on a busy machine, unless there are many of them.
      const open = sent - 1 - last
      return { sent, lost: last + 1 - answered.size + (open > UNDER_WAY ? open : 0) }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await ended
    },
  }
}
