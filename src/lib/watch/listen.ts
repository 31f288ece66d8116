import { once } from 'node:events'
import { existsSync, lstatSync, rmSync, type Stats } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { BE_ROOT, isForbidden, messageOf, OvsdError } from '../errors.ts'
import type { ListenAddress } from './listen-address.ts'
import { oneAtAPath } from './one-at-a-path.ts'

/** Who does not refuse by then is alive, and busy. */
const LIMIT_MS = 1000

/** rw for the owner alone. connect(2) asks for w. */
const UMASK = 0o177

/**
 * Has a server listen. A socket file that a dead process left is replaced; of a living one, or anything else at that path,
 * nothing is touched. The file is for its owner alone, from its first moment on. Error: ListenFailed.
 */
export async function listen(server: Server, address: ListenAddress): Promise<void> {
  try {
    const { path } = address
    if (path === undefined) await bind(server, address)
    // Two that start at once would each take away what they have seen there: the other one's socket, by then.
    else
      await oneAtAPath(path, async () => {
        await clear(path)
        await bind(server, address)
      })
  } catch (error) {
    throw error instanceof OvsdError ? error : failure(address, error as NodeJS.ErrnoException)
  }
}

/** Has a server listen at a socket that somebody else has opened, by its descriptor. Error: ListenFailed. */
export async function listenAt(server: Server, fd: number): Promise<void> {
  try {
    const listening = once(server, 'listening')
    server.listen({ fd })
    await listening
  } catch (error) {
    throw refusal(
      `the socket that the service manager opened (descriptor ${String(fd)})`,
      messageOf(error),
      'It has to be a listening stream socket: see the unit of the socket',
      error,
    )
  }
}

async function bind(server: Server, address: ListenAddress): Promise<void> {
  const listening = once(server, 'listening')
  if (address.path === undefined) server.listen({ host: address.host, port: address.port })
  else {
    // Node creates the file before listen() returns.
    const before = process.umask(UMASK)
    try {
      server.listen({ path: address.path })
    } finally {
      process.umask(before)
    }
  }
  await listening
}

/** Takes the socket file of a dead process away. */
async function clear(path: string): Promise<void> {
  const where = `unix:${path}`
  const found = look(path)
  if (found === undefined) {
    // libuv would call this EACCES.
    if (existsSync(dirname(path))) return
    throw refusal(where, 'the folder is missing', `mkdir -m 0700 ${dirname(path)}`)
  }
  if (!found.isSocket()) throw refusal(where, 'there is something else at this path', `See what it is: ls -ld ${path}`)
  const answer = await knock(path)
  if (answer === 'accepted')
    throw refusal(where, 'another program listens there', `See which one: ss -xlp | grep ${path}`)
  // A datagram socket, one of another owner, one that may not be asked: whose it is, is not for ovsd to judge.
  if (answer !== 'ECONNREFUSED' || found.uid !== process.geteuid?.())
    throw refusal(
      where,
      'there is a socket of something else',
      `See whose it is: ls -l ${path}; ss -xlp | grep ${path}`,
    )
  rmSync(path, { force: true })
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    // A part of the path is no folder, or may not be entered: bind(2) will say so.
    return undefined
  }
}

/** What connecting gives: `accepted`, or the error's code. */
async function knock(path: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ path })
  const timer = setTimeout(resolve, LIMIT_MS, 'accepted')
  socket.once('connect', () => {
    resolve('accepted')
  })
  socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => {
    // EAGAIN: more connections wait there than it takes.
    resolve(code === 'EAGAIN' ? 'accepted' : code)
  })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

function failure({ text, ...address }: ListenAddress, error: NodeJS.ErrnoException): OvsdError {
  const { code = '' } = error
  if (code === 'EADDRINUSE' && address.path === undefined)
    return refusal(
      text,
      'another program listens there',
      `See which one: ss -ltnp 'sport = :${String(address.port)}'; or choose another port.`,
      error,
    )
  if (code === 'EADDRNOTAVAIL')
    return refusal(text, 'this host does not have the address', 'See its addresses: ip address', error)
  return refusal(text, messageOf(error), isForbidden(error) ? BE_ROOT : 'Choose another address.', error)
}

function refusal(where: string, why: string, next: string, cause?: unknown): OvsdError {
  return new OvsdError('ListenFailed', `Nothing can be served at ${where}: ${why}.`, { cause, next })
}
