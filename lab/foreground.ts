// A command in a private host that has the terminal, as if it had been typed there.
import type { PrivateHost } from './private-host.ts'
import { ended, signalGroup } from './process.ts'

/**
 * Runs `argv` with our own stdin, stdout and stderr, and gives its exit status. At a terminal Ctrl-C goes to the command
 * by itself, so here it is only survived; without a terminal SIGINT is passed on. SIGTERM and SIGHUP end the command.
 */
export async function foreground(host: PrivateHost, argv: readonly string[]): Promise<number> {
  const terminal = process.stdin.isTTY
  // nsenter does not pass signals on. A process group of its own makes them reach the command; at a terminal that would
  // take the terminal from it, and there it is the end of the host that ends it.
  const child = host.spawn(argv, { stdio: 'inherit', detached: !terminal })
  const handlers: [NodeJS.Signals, () => void][] = [
    ['SIGINT', () => terminal || signalGroup(child, 'SIGINT')],
    ['SIGTERM', () => (terminal ? void host.stop() : signalGroup(child, 'SIGTERM'))],
    ['SIGHUP', () => (terminal ? void host.stop() : signalGroup(child, 'SIGHUP'))],
  ]
  for (const [signal, handler] of handlers) process.on(signal, handler)
  try {
    return await ended(child)
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}
