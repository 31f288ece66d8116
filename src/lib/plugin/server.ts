import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { TimedOut } from '../errors.ts'
import { asOvsdError } from '../reconcile/refusals.ts'
import type { Log } from '../watch/log.ts'
import { answerOf, answerWith, wordsOf, type Answer } from './answer.ts'
import { BadCall } from './bad-call.ts'
import { callOf, type Methods } from './router.ts'

/** Most seconds that a call may take: dockerd waits for ever, and whatever asks it meanwhile hangs. */
export interface Limits {
  /** For its work; then it is undone. */
  readonly work: number
  /** Until it is answered, whatever is still being undone. */
  readonly answer: number
}

const LIMITS: Limits = { work: 12, answer: 15 }

/** Bytes of a body. A network with every option has two thousand. */
const MOST_BYTES = 1 << 20

const AGAIN =
  'Repeat the command; see what takes so long: ovsd plugin --log-level=debug, and /var/log/openvswitch/ovs-vswitchd.log'

export interface ServerOptions {
  readonly methods: Methods
  readonly log: Log
  readonly limits?: Limits
}

/** A server for Docker's remote driver protocol; it does not listen yet. */
export function pluginServer({ methods, log, limits = LIMITS }: ServerOptions): Server {
  const server = createServer((request, response) => {
    void respond(request, response, { methods, log, limits })
  })
  // What goes wrong with one connection (no more descriptors) is no reason to end.
  server.on('error', () => undefined)
  return server
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { methods, log, limits }: Required<ServerOptions>,
): Promise<void> {
  const since = performance.now()
  const { method: verb = '', url = '' } = request
  const fields = (answer: Answer) => ({
    call: url.replace(/^\//, '').slice(0, 80),
    status: answer.status,
    ms: Math.round(performance.now() - since),
  })
  let answer: Answer
  try {
    answer = answerWith(
      await bounded(limits, async (signal) => {
        const call = callOf(methods, verb, url)
        const body = call.body(await textOf(request, signal))
        return await call.method.answer(body, signal)
      }),
    )
    const facts = fields(answer)
    log.debug('call.answered', `${facts.call}: ${String(facts.ms)} ms`, facts)
  } catch (thrown) {
    answer = answerOf(thrown)
    const error = asOvsdError(thrown)
    const facts = { ...fields(answer), code: error.code }
    log.warn('call.failed', `${facts.call}: ${wordsOf(error)}`, facts)
  }
  send(response, answer)
}

/** Does `work`, with a signal for the end of its time; rejects when the time for the answer is over. Error: TimedOut. */
async function bounded(limits: Limits, work: (signal: AbortSignal) => Promise<object>): Promise<object> {
  const end = new AbortController()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const timers = [
    setTimeout(() => {
      end.abort(new TimedOut(limits.work, AGAIN))
    }, limits.work * 1000),
    setTimeout(() => {
      reject(new TimedOut(limits.answer, AGAIN))
    }, limits.answer * 1000),
  ]
  try {
    return await Promise.race([work(end.signal), over])
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

/** What was sent. Errors: BadCall (too much), the signal's reason. */
async function textOf(request: IncomingMessage, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  const stop = (): void => void request.destroy(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      // Read to its end all the same: who still writes would not see the answer.
      if (size <= MOST_BYTES) parts.push(part)
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
  if (size > MOST_BYTES) throw new BadCall(413, `its body has more than ${String(MOST_BYTES)} bytes`)
  return Buffer.concat(parts).toString()
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, {
    'Content-Type': 'application/vnd.docker.plugins.v1.2+json',
    'Content-Length': Buffer.byteLength(body),
    // A kept connection would be broken by a restart of the driver, and dockerd repeats a call on it without its body.
    Connection: 'close',
    ...(status === 405 ? { Allow: 'POST' } : {}),
  })
  response.end(body)
}
