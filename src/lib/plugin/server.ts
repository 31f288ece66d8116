import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { TimedOut } from '../errors.ts'
import { asOvsdError } from '../reconcile/refusals.ts'
import type { Log } from '../watch/log.ts'
import { answerOf, answerWith, wordsOf, type Answer } from './answer.ts'
import { BadCall } from './bad-call.ts'
import { aboutOf, gistOf, type About } from './call-words.ts'
import { Calls, NO_METHOD } from './calls.ts'
import { callOf, DATABASE, type Methods } from './router.ts'

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
  /** Tells the driver's whole state to who asks for it. */
  readonly state?: (calls: Calls) => Promise<object>
}

/** What requests are answered by. */
interface Desk {
  readonly methods: Methods
  readonly log: Log
  readonly limits: Limits
  readonly calls: Calls
}

/** A server for Docker's remote driver protocol; it does not listen yet. */
export function pluginServer({ methods, log, limits = LIMITS, state }: ServerOptions): Server {
  const calls = new Calls()
  const all: Methods =
    state === undefined
      ? methods
      : new Map([...methods, [DATABASE, { isBare: true, isRead: true, answer: () => state(calls) }]])
  const desk = { methods: all, log, limits, calls }
  const server = createServer((request, response) => {
    void respond(request, response, desk)
  })
  // What goes wrong with one connection (no more descriptors) is no reason to end.
  server.on('error', () => undefined)
  return server
}

async function respond(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  const { log, calls } = desk
  const since = performance.now()
  let heard: Heard = { call: (request.url ?? '').replace(/^\//, '').slice(0, 80) }
  let method = NO_METHOD
  let answer: Answer
  const ms = (): number => Math.round(performance.now() - since)
  try {
    answer = answerWith(
      await bounded(desk.limits, async (signal) => {
        const call = callOf(desk.methods, request.method ?? '', request.url ?? '')
        heard = { call: call.name }
        method = call.name
        const body = call.body(await textOf(request, signal))
        heard = { call: call.name, ...aboutOf(body), asked: gistOf(body) }
        using _underWay = method === DATABASE ? undefined : calls.begin(method, heard, since)
        return await call.method.answer(body, signal)
      }),
    )
    const facts = { ...heard, status: answer.status, ms: ms() }
    log.debug('call.answered', `${told(heard)}: ${String(facts.ms)} ms${gist(heard)}`, facts)
  } catch (thrown) {
    answer = answerOf(thrown)
    const error = asOvsdError(thrown)
    const facts = { ...heard, status: answer.status, ms: ms(), code: error.code }
    log.warn('call.failed', `${told(heard)}: ${wordsOf(error)}`, facts)
  }
  // Who looks at the counters is not counted.
  if (method !== DATABASE) calls.answered(method, ms(), answer.status !== 200)
  send(response, answer)
}

/** What is known of a call: its name, whom it is about, and what it asks. */
interface Heard extends About {
  readonly call: string
  readonly asked?: string
}

const told = ({ call, network = '', endpoint = '' }: Heard): string =>
  [call, network, endpoint].filter((word) => word !== '').join(' ')

const gist = ({ asked = '' }: Heard): string => (asked === '' ? '' : `: ${asked}`)

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

function send(response: ServerResponse, { status, body, verbs = [] }: Answer): void {
  response.writeHead(status, {
    'Content-Type': 'application/vnd.docker.plugins.v1.2+json',
    'Content-Length': Buffer.byteLength(body),
    // A kept connection would be broken by a restart of the driver, and dockerd repeats a call on it without its body.
    Connection: 'close',
    ...(verbs.length === 0 ? {} : { Allow: verbs.join(', ') }),
  })
  response.end(body)
}
