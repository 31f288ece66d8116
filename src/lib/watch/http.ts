import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { plainLine } from '../ui/plain-text.ts'
import { listen } from './listen.ts'
import type { ListenAddress } from './listen-address.ts'
import type { Metrics } from './metrics.ts'

/** Whether the daemon can do its work; why not, a line each. */
export interface Health {
  readonly ok: boolean
  readonly reasons: readonly string[]
}

/** What is served, and where. Health is also where metrics are: whoever asks for the one may ask for the other there. */
export interface Served {
  readonly metrics?:
    { readonly address: ListenAddress; readonly from: Pick<Metrics, 'contentType' | 'text'> } | undefined
  readonly health?: { readonly address?: ListenAddress | undefined; readonly from: () => Health } | undefined
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

type Pages = Map<string, () => Promise<Answer>>

/** Nobody needs more than a scraper, a second one and a person. */
const MOST_CONNECTIONS = 8
/** From the connection to the end of the answer. */
const LIMIT_MS = 10_000
/** A request of curl has 100 bytes of headers, one of Prometheus 300. */
const HEADER_BYTES = 8192
const TEXT = 'text/plain; charset=utf-8'

/**
 * Serves GET /metrics and GET /healthz until it is disposed; that cuts off whoever is still connected.
 * Error: ListenFailed; nothing is served then.
 */
export async function serve({ metrics, health }: Served): Promise<AsyncDisposable> {
  const places = new Map<string, { address: ListenAddress; pages: Pages }>()
  const add = (address: ListenAddress, path: string, page: () => Promise<Answer>): void => {
    const place = places.get(address.text) ?? { address, pages: new Map() }
    place.pages.set(path, page)
    places.set(address.text, place)
  }
  if (metrics !== undefined) add(metrics.address, '/metrics', () => metricsPage(metrics.from))
  for (const address of [health?.address, metrics?.address])
    if (health !== undefined && address !== undefined)
      add(address, '/healthz', () => Promise.resolve(healthPage(health.from())))

  await using opened = new AsyncDisposableStack()
  for (const { address, pages } of places.values()) {
    const server = await createServer(pages)
    opened.defer(() => close(server))
    await listen(server, address)
  }
  return opened.move()
}

/** node:http takes 9 ms to load: only who serves pays for it. */
async function createServer(pages: Pages): Promise<Server> {
  const http = await import('node:http')
  const server = http.createServer({ maxHeaderSize: HEADER_BYTES }, (request, response) => {
    void answer(pages, request, response)
  })
  server.maxConnections = MOST_CONNECTIONS
  // Node's own time limits are looked at every 30 seconds, or a timer runs all the time. This one runs with a connection.
  server.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), LIMIT_MS)
    socket.once('close', () => {
      clearTimeout(timer)
    })
  })
  // What goes wrong with one connection (no more descriptors) is no reason to end.
  server.on('error', () => undefined)
  return server
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, body } = await answerTo(pages, request)
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    // A connection that is kept would be one of few.
    Connection: 'close',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  })
  response.end(body)
}

async function answerTo(pages: Pages, { method = '', url = '' }: IncomingMessage): Promise<Answer> {
  const page = pages.get(url.split('?', 1)[0] ?? '')
  if (page === undefined) return { status: 404, type: TEXT, body: `Here is: ${[...pages.keys()].join(' ')}\n` }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: TEXT, body: 'Only GET and HEAD.\n' }
  try {
    return await page()
  } catch {
    return { status: 500, type: TEXT, body: 'The page could not be made.\n' }
  }
}

async function metricsPage({ contentType, text }: Pick<Metrics, 'contentType' | 'text'>): Promise<Answer> {
  return { status: 200, type: contentType, body: await text() }
}

function healthPage({ ok, reasons }: Health): Answer {
  if (ok) return { status: 200, type: TEXT, body: 'ok\n' }
  return { status: 503, type: TEXT, body: reasons.map((reason) => `${plainLine(reason)}\n`).join('') }
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  server.close(() => {
    resolve(undefined)
  })
  server.closeAllConnections()
  await promise
}
