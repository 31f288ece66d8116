// Asks a running driver for its state, over the socket that Docker calls it at.
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseAnswer } from '../docker/http.ts'
import { BE_ROOT, isForbidden, messageOf } from '../errors.ts'
import { exchange } from '../system/exchange.ts'
import { isFields } from './fields.ts'
import { DATABASE } from './router.ts'
import type { EndpointState } from './state-records.ts'
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
  const none = (why: string, next = 'Start it: ovsd plugin'): Asked => ({
    why: `No driver answers at ${path} (${why}). ${next}`,
  })
  try {
    const answer = parseAnswer(
      await exchange({ path }, `GET /${DATABASE} HTTP/1.0\r\nHost: ovsd\r\nUser-Agent: ovsd\r\n\r\n`),
    )
    const state = answer?.status === 200 ? stateIn(answer.body) : undefined
    return state === undefined ? none('what listens there tells no state', 'See what it is: ss -xlp') : { state }
  } catch (error) {
    return isForbidden((error as Error).cause) ? none(messageOf(error), BE_ROOT) : none(messageOf(error))
  }
}

function stateIn(body: string): PluginState | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isFields(value) && isFields(value['driver']) && Array.isArray(value['problems'])
      ? withAll(value as unknown as Said)
      : undefined
  } catch {
    return undefined
  }
}

/** What a driver of an older version says, which runs until it is started again. */
type Said = Omit<PluginState, 'pools' | 'endpoints'> & {
  readonly pools?: PluginState['pools']
  readonly endpoints: readonly (Omit<EndpointState, 'publishedPorts'> & Partial<EndpointState>)[] | null
}

const withAll = (said: Said): PluginState => ({
  ...said,
  pools: said.pools ?? null,
  endpoints: said.endpoints?.map(({ publishedPorts = [], ...one }) => ({ ...one, publishedPorts })) ?? null,
})
