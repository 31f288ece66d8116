// Frames as they really were on a link: tcpdump in a network namespace, or on the host.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

export interface Sniffer extends AsyncDisposable {
  /** Ends it, once what is on its way has had time to arrive; one line for each frame, link-level header first. */
  stop(): Promise<readonly string[]>
}

/**
 * Captures on `link` what fits `filter` (pcap-filter(7)), from when this resolves on. `netns` is a path such as
 * /proc/4711/ns/net; without it the link is the host's. Nothing is resolved, and nothing is sent.
 */
export async function sniffer(link: string, filter = '', netns?: string): Promise<Sniffer> {
  const dump = ['tcpdump', '-i', link, '-n', '-e', '-l', '-p', '--immediate-mode', ...(filter === '' ? [] : [filter])]
  const [file = '', ...args] = netns === undefined ? dump : ['nsenter', `--net=${netns}`, ...dump]
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  let frames = ''
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (frames += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(child, 'close')
  for (let tries = 0; !said.includes('listening on'); tries++) {
    if (tries === 500 || child.exitCode !== null) throw new Error(`tcpdump does not listen: ${said}`)
    await pause(10)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.off('exit', killed)
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
  }
  return {
    async stop() {
      await pause(200)
      await end('SIGINT')
      return frames.split('\n').filter((line) => line !== '')
    },
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}
