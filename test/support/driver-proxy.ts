// A socket between Docker and the driver: the test hears of each call before the driver does, and may spoil it.
import { mkdirSync, rmSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { SOCKET } from '../../src/lib/plugin/socket.ts'

/** Where the driver is to listen: `--socket`. */
export const BEHIND = '/run/ovsd-behind.sock'

/** A call that was answered. */
export interface Exchange {
  /** With its protocol: `NetworkDriver.Join`. */
  readonly method: string
  /** What Docker said: '' for nothing. */
  readonly asked: string
  readonly status: number
  readonly answer: string
}

export interface DriverProxy extends AsyncDisposable {
  /** What Docker has called, in this order; a call that was said without a body has a mark. */
  readonly calls: readonly string[]
  /** The same with what was said, in the order of the calls, as far as the driver has answered. */
  readonly exchanges: readonly Exchange[]
  /** Does something as soon as this method is called, once, before the driver hears of it. */
  at(method: string, action: () => void): void
}

/** Stands where Docker finds the driver. What the driver does not answer is broken off, as a driver that died would. */
export async function driverProxy(): Promise<DriverProxy> {
  const calls: string[] = []
  const exchanges: (Exchange | undefined)[] = []
  const actions = new Map<string, () => void>()
  const server = createServer((asked, answer) => {
    void passOn(asked, answer, (path, text) => {
      const method = path.replace(/^.*\./, '')
      calls.push(text === '' ? `${method} (empty)` : method)
      const place = exchanges.push(undefined) - 1
      const action = actions.get(method)
      actions.delete(method)
      action?.()
      return (status, said) => (exchanges[place] = { method: path, asked: text, status, answer: said })
    })
  })
  mkdirSync(dirname(SOCKET), { recursive: true })
  rmSync(SOCKET, { force: true })
  await new Promise<void>((resolve) => server.listen(SOCKET, resolve))
  server.unref()
  return {
    calls,
    get exchanges() {
      return exchanges.filter((exchange) => exchange !== undefined)
    },
    at: (method, action) => void actions.set(method, action),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function passOn(
  asked: IncomingMessage,
  answer: ServerResponse,
  hears: (method: string, text: string) => (status: number, said: string) => unknown,
): Promise<void> {
  const text = await textOf(asked)
  const answered = hears((asked.url ?? '').slice(1), text)
  const { url: path, method, headers } = asked
  const behind = request({ socketPath: BEHIND, path, method, headers }, (got) => {
    void textOf(got).then(
      (body) => {
        const status = got.statusCode ?? 500
        answered(status, body)
        answer.writeHead(status, { 'Content-Type': 'application/json' }).end(body)
      },
      () => answer.destroy(),
    )
  })
  behind.on('error', () => answer.destroy())
  behind.end(text)
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
