// An engine that can be spoilt: a socket in front of Docker's that passes everything on, and does to the stream of events
// what the test asks for.
import { connect, type Socket } from 'node:net'
import { socketServer, type SocketServer } from './socket-server.ts'

/** What becomes of events on their way; all that is sent is text, in pieces as they come. */
export interface Spoiling {
  /** Milliseconds after which the stream is cut. */
  cutAfter?: number | undefined
  /** Given each event, gives what is sent in its place. */
  events?: ((event: string) => string) | undefined
  /** The request for events is taken and never answered. */
  silent?: boolean | undefined
  /** Every request is turned away. */
  closed?: boolean | undefined
}

export interface EngineProxy extends AsyncDisposable {
  /** For --docker. */
  readonly endpoint: string
  /** May be changed at any time. */
  readonly spoiling: Spoiling
  /** How many times events were asked for, and how many other requests there were. */
  readonly asked: { events: number; others: number }
  /** Sends text on the open streams of events, beside what Docker sends. */
  send(text: string): void
  /** Cuts the open streams of events. */
  cut(): void
}

export async function engineProxy(): Promise<EngineProxy> {
  const spoiling: Spoiling = {}
  const asked = { events: 0, others: 0 }
  const streams = new Set<Socket>()
  const server: SocketServer = await socketServer((near) => {
    if (spoiling.closed === true) near.destroy()
    else
      near.once('data', (request: Buffer) => {
        serve(near, request)
      })
  })
  function serve(near: Socket, request: Buffer): void {
    const isEvents = request.toString().startsWith('GET /events')
    asked[isEvents ? 'events' : 'others']++
    if (isEvents && spoiling.silent === true) return
    const far = connect('/run/docker.sock')
    far.on('error', () => near.destroy())
    far.on('close', () => near.end())
    near.on('close', () => far.destroy())
    far.write(request)
    if (!isEvents) {
      near.on('data', (chunk: Buffer) => far.write(chunk))
      far.on('data', (chunk: Buffer) => near.write(chunk))
      return
    }
    streams.add(near)
    near.on('close', () => streams.delete(near))
    if (spoiling.cutAfter !== undefined) setTimeout(() => near.destroy(), spoiling.cutAfter).unref()
    passEvents(far, near, spoiling)
  }
  return {
    endpoint: `unix://${server.path}`,
    spoiling,
    asked,
    send: (text) => {
      for (const stream of streams) stream.write(text)
    },
    cut: () => {
      for (const stream of streams) stream.destroy()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The header as it is, and then line by line: Docker ends each event with a line end. */
function passEvents(far: Socket, near: Socket, spoiling: Spoiling): void {
  let rest = ''
  let isHeader = true
  far.on('data', (chunk: Buffer) => {
    rest += chunk.toString()
    if (isHeader) {
      const end = rest.indexOf('\r\n\r\n') + 4
      if (end === 3) return
      near.write(rest.slice(0, end))
      rest = rest.slice(end)
      isHeader = false
    }
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const event = rest.slice(0, end + 1)
      rest = rest.slice(end + 1)
      near.write(spoiling.events === undefined ? event : spoiling.events(event))
    }
  })
}
