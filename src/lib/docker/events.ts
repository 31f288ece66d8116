import { connect, type Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { DockerRefused, messageIn } from './answer.ts'
import { answerLimit } from '../system/answer-limit.ts'
import type { DockerEndpoint } from './endpoint.ts'
import { EventCutter } from './event-cutter.ts'
import { EVENT_FILTERS, type EngineEvent } from './event.ts'
import { DockerUnreachable, parseAnswer } from './http.ts'

/** Characters of an answer's header, or of a refusal. */
const LONGEST = 65_536

/** What happens from now on, to be iterated once. Disposing of it, or leaving the loop, closes the connection. */
export interface EventStream extends AsyncIterable<EngineEvent, void>, Disposable {}

/**
 * Subscribes to what happens to containers. Resolves once the engine has subscribed us: who lists the containers then,
 * and follows these events, misses nothing. The iteration has no end of its own: it rejects with DockerUnreachable when
 * the connection ends, with DockerRefused at what is no event, and with the reason of `signal` when that is given. Events
 * wait in the socket while nobody asks for them, and an engine drops what does not fit there.
 * Errors: DockerUnreachable, DockerRefused.
 */
export async function followEvents(endpoint: DockerEndpoint, signal: AbortSignal): Promise<EventStream> {
  signal.throwIfAborted()
  // A host that vanished says nothing either; over TCP the kernel asks. A unix socket takes no notice.
  const socket = connect({ ...endpoint.connect, keepAlive: true, keepAliveInitialDelay: 30_000 }).setEncoding('utf8')
  // Until the engine must have subscribed us. Afterwards silence has no limit: nothing may happen for days.
  using _limit = answerLimit((why) => socket.destroy(new Error(why)))
  addAbortSignal(signal, socket)
  // HTTP/1.0 as in http.ts: both engines then send events as they are, and not in chunks with lengths in between.
  socket.write(
    `GET /events?filters=${encodeURIComponent(EVENT_FILTERS)} HTTP/1.0\r\nHost: docker\r\nUser-Agent: ovsd\r\n\r\n`,
  )
  const chunks = chunksOf(socket, endpoint, signal)
  try {
    const begun = await bodyOf(chunks, endpoint)
    return { [Symbol.asyncIterator]: () => eventsIn(begun, chunks, socket), [Symbol.dispose]: () => socket.destroy() }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** What the socket receives, with errors that name the engine. It never ends in order. */
async function* chunksOf(socket: Socket, endpoint: DockerEndpoint, signal: AbortSignal): AsyncGenerator<string, never> {
  try {
    for await (const chunk of socket) yield chunk as string
  } catch (error) {
    signal.throwIfAborted()
    throw new DockerUnreachable(endpoint.text, (error as Error).message, error)
  }
  throw new DockerUnreachable(endpoint.text, 'it closed the connection')
}

/** Reads until the header is complete and gives what came after it. A refusal is read to its end. */
async function bodyOf(chunks: AsyncGenerator<string, never>, endpoint: DockerEndpoint): Promise<string> {
  let text = ''
  try {
    for (;;) {
      text += (await chunks.next()).value
      const answer = parseAnswer(text)
      if (answer?.status === 200) return answer.body
      if (text.length > LONGEST) break
    }
  } catch (error) {
    if (parseAnswer(text) === undefined) throw error
  }
  const answer = parseAnswer(text)
  if (answer === undefined) throw new DockerUnreachable(endpoint.text, 'its answer is not HTTP')
  throw new DockerRefused(
    `The Docker engine refused to report events: ${messageIn(answer.body)} (HTTP ${String(answer.status)})`,
  )
}

/** The events in what was received: `begun`, and what follows. The end of the iteration is the end of the connection. */
async function* eventsIn(
  begun: string,
  chunks: AsyncGenerator<string, never>,
  socket: Socket,
): AsyncGenerator<EngineEvent, void> {
  const cutter = new EventCutter()
  try {
    yield* cutter.push(begun)
    for await (const chunk of chunks) yield* cutter.push(chunk)
  } finally {
    socket.destroy()
  }
}
