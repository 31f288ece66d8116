// Asks a running driver for its state, over the socket that Docker calls it at.
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { parseAnswer } from '../docker/http.ts'
import { BE_ROOT, isForbidden, messageOf } from '../errors.ts'
import { answerLimit } from '../system/answer-limit.ts'
import { isFields } from './fields.ts'
import { DATABASE } from './router.ts'
import type { PluginState } from './state.ts'

/** What became of the question: the state, or why there is none, in words. */
export type Asked = { readonly state: PluginState } | { readonly why: string }

/**
 * The sockets at which a driver may be: the one that is meant, and, when nobody named it, that of the same name of every
 * plugin that Docker manages itself (moby, plugin/manager_linux.go: each in a folder called by its id).
 */
export function socketsOf(path: string, isNamed: boolean): readonly string[] {
  const folder = dirname(path)
  const managed = isNamed ? [] : idsIn(folder).map((id) => join(folder, id, basename(path)))
  return [path, ...managed]
}

function idsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name))
  } catch {
    // There is no such folder before Docker or a driver has run.
    return []
  }
}

/** Asks at one socket after the other until a driver answers. */
export async function askState(paths: readonly string[]): Promise<Asked> {
  let first: Asked | undefined
  for (const path of paths) {
    const asked = await askAt(path)
    if ('state' in asked) return asked
    first ??= asked
  }
  return first ?? { why: 'No driver answers.' }
}

async function askAt(path: string): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>()
  const socket = connect({ path })
  const fail = (why: string, next = 'Start it: ovsd plugin'): void => {
    socket.destroy()
    resolve({ why: `No driver answers at ${path} (${why}). ${next}` })
  }
  using _limit = answerLimit((why) => {
    fail(why)
  })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', (error) => {
    if (isForbidden(error)) fail(messageOf(error), BE_ROOT)
    else fail(messageOf(error))
  })
  socket.on('end', () => {
    const answer = parseAnswer(Buffer.concat(chunks).toString('utf8'))
    const state = answer?.status === 200 ? stateIn(answer.body) : undefined
    if (state === undefined) fail('what listens there tells no state', 'See what it is: ss -xlp')
    else resolve({ state })
    socket.end()
  })
  // HTTP/1.0, as docker/http.ts has it: the answer ends with the connection.
  socket.write(`GET /${DATABASE} HTTP/1.0\r\nHost: ovsd\r\nUser-Agent: ovsd\r\n\r\n`)
  return await promise
}

function stateIn(body: string): PluginState | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isFields(value) && isFields(value['driver']) && Array.isArray(value['problems'])
      ? (value as unknown as PluginState)
      : undefined
  } catch {
    return undefined
  }
}
