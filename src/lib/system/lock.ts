import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { OvsdError, TimedOut } from '../errors.ts'
import { holderOf, inWords } from './socket-holder.ts'

// An abstract unix socket (unix(7)): bound by at most one process of the host (network namespace), and freed by the
// kernel however that process ends. No lock file can be left behind, and none needs a writable disk.
const NAME = '\0ovsd.lock'

const PAUSE_MS = 50
/** Nobody has waited who heard an answer within that time, in ms. */
const AT_ONCE_MS = 20
const LOOK_MS = 5

/** Held by nobody else as long as it is not released. */
export interface Lock {
  /** Whether somebody else waits for it. */
  readonly wanted: boolean
  release(): void
}

/**
 * Takes the host-wide lock, waiting until other runs of ovsd have finished their plans.
 * Errors: LockHeld (the time limit ran out), what else `signal` was aborted with, LockFailed.
 */
export async function takeLock(signal: AbortSignal, waits: () => void = () => undefined): Promise<Lock> {
  for (let tries = 0; ; tries++) {
    if (signal.aborted) throw whyNotTaken(signal)
    const lock = await tryBind()
    if (lock !== undefined) return lock
    if (tries === 0) waits()
    const asked = performance.now()
    await untilReleased(signal)
    // More than the holder accepts are turned away at once; they ask again after a while. Whoever has waited does so at once, however often that was in vain: else
    // those that have just come would always be faster.
    if (tries >= 3 && performance.now() - asked < AT_ONCE_MS) await pause(PAUSE_MS)
  }
}

/** A time limit that ran out here says who was waited for; anything else is what it is. */
export function whyNotTaken({ reason }: { readonly reason: unknown }): unknown {
  if (!(reason instanceof TimedOut)) return reason
  const pid = holderOf(NAME.slice(1))
  const holder = pid === undefined ? undefined : inWords(pid)
  const known = holder === undefined ? '' : `: process ${holder}`
  const look = holder === undefined ? 'See who it is: ss -xlp | grep ovsd.lock; or repeat it' : 'Repeat it'
  return new OvsdError('LockHeld', `Another ovsd is still at work on this host, or something holds its lock${known}.`, {
    cause: reason,
    next: `${look} when that has ended; a command can be allowed more time with --timeout SECONDS.`,
  })
}

async function tryBind(): Promise<Lock | undefined> {
  const waiting = new Set<Socket>()
  const server: Server = createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => waiting.delete(socket))
  })
  // Whoever may not change anything can still connect; it must not use up the descriptors that undoing needs.
  server.maxConnections = 32
  const { promise, resolve, reject } = Promise.withResolvers<Lock | undefined>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') resolve(undefined)
    else reject(new OvsdError('LockFailed', `The host-wide lock cannot be taken: ${error.message}.`, { cause: error }))
  })
  server.listen({ path: NAME }, () => {
    resolve({
      get wanted() {
        return waiting.size > 0
      },
      release() {
        server.close()
        // The end of their connection is what wakes the others up.
        for (const socket of waiting) socket.destroy()
      },
    })
  })
  return promise
}

/** Resolves when somebody holds the lock, and after `ms` at the latest: whoever waited for it has had time to take it. */
export async function untilTaken(ms: number): Promise<void> {
  const end = performance.now() + ms
  do await pause(LOOK_MS)
  while (!(await isHeld()) && performance.now() < end)
}

async function isHeld(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ path: NAME })
  socket.once('connect', () => {
    resolve(true)
  })
  socket.once('error', () => {
    resolve(false)
  })
  const held = await promise
  socket.destroy()
  return held
}

/** The holder never says anything; the connection ends when it lets go. Better than asking again and again. */
async function untilReleased(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const socket = connect({ path: NAME })
  const done = (): void => {
    resolve(undefined)
  }
  socket.once('close', done)
  socket.once('error', done)
  signal.addEventListener('abort', done, { once: true })
  // It may have come while the socket was being bound.
  if (signal.aborted) done()
  await promise
  socket.destroy()
  signal.removeEventListener('abort', done)
}
