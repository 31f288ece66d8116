import { createServer, type Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

// As the host-wide lock (system/lock.ts): an abstract unix socket, freed by the kernel however its process ends.
const NAME = '\0ovsd.path:'

const PAUSE_MS = 10
/** Anybody may bind such a name; who holds it longer than a moment is none of us, and nobody waits for that. */
const LONGEST_MS = 2000
/** Bytes of an abstract name (unix(7)). */
const LONGEST = 107

/** Does something about a path that no other ovsd of this host does at the same moment. Errors: those of `work`. */
export async function oneAtAPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  const name = Buffer.from(`${NAME}${path}`).subarray(0, LONGEST).toString('latin1')
  const end = performance.now() + LONGEST_MS
  let held = await hold(name)
  while (held === 'taken' && performance.now() < end) {
    await pause(PAUSE_MS)
    held = await hold(name)
  }
  try {
    return await work()
  } finally {
    if (held !== 'taken') held?.close()
  }
}

type Hold = Server | 'taken' | undefined

/** The name, held until it is closed; undefined when it cannot be had by anybody. */
function hold(name: string): Promise<Hold> {
  const { promise, resolve } = Promise.withResolvers<Hold>()
  const server = createServer((socket) => socket.destroy())
  server.once('error', ({ code }: NodeJS.ErrnoException) => {
    resolve(code === 'EADDRINUSE' ? 'taken' : undefined)
  })
  server.listen({ path: name }, () => {
    resolve(server)
  })
  return promise
}
