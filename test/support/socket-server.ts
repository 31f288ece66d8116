// Little servers on unix sockets, for testing what speaks a protocol.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that disappears with the block that uses it. */
export interface TemporaryFolder extends Disposable {
  readonly path: string
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'ovsd-test-'))
  return {
    path,
    [Symbol.dispose]() {
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** A server that hands each connection to the test. */
export interface SocketServer extends AsyncDisposable {
  readonly path: string
  /** Connections so far, oldest first. */
  readonly connections: readonly Socket[]
}

/** Starts a server; `serve` gets each connection with its number, from 0. */
export async function socketServer(serve: (socket: Socket, number: number) => void): Promise<SocketServer> {
  const folder = temporaryFolder()
  const path = join(folder.path, 'socket')
  const connections: Socket[] = []
  const server = createServer((socket) => {
    // Whoever closes first, the other side may see a reset.
    socket.on('error', () => undefined)
    serve(socket, connections.push(socket) - 1)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  // A test that fails half-way must not keep mocha from ending.
  server.unref()
  return {
    path,
    connections,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      folder[Symbol.dispose]()
    },
  }
}
