// Traffic that goes on while something else happens, to see whether that interrupts it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { netnsOf } from './containers.ts'

export interface Pinging extends AsyncDisposable {
  /** Ends it: how many echo requests were sent, and how many of them nobody answered. */
  stop(): Promise<{ readonly sent: number; readonly lost: number }>
}

/** Echo requests from a container to an address, one each 20 ms, begun when the first ones were sent. */
export async function pinging(from: string, address: string): Promise<Pinging> {
  const args = [`--net=${netnsOf(from)}`, 'busybox', 'ping', '-i', '0.02', '-W', '1', address]
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
      const [, sent, received] = /(\d+) packets transmitted, (\d+) packets received/.exec(said) ?? []
      if (sent === undefined) throw new Error(`ping said: ${said}`)
      // The last request may have been sent just now.
      return { sent: Number(sent), lost: Math.max(0, Number(sent) - Number(received) - 1) }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await ended
    },
  }
}
