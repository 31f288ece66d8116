// Tells drivers that run what Docker did not: their stores may be in other folders than that of a command.
import { exchange } from '../system/exchange.ts'

/**
 * Has the drivers at these sockets forget a network by Docker's id, as Docker would, with their copies of it: else they would put it back.
 * Resolves when each has answered, or cannot be asked.
 */
export async function tellDeleted(paths: readonly string[], network: string): Promise<void> {
  await Promise.all(paths.map((path) => tellAt(path, JSON.stringify({ NetworkID: network }))))
}

async function tellAt(path: string, body: string): Promise<void> {
  const lines = ['POST /NetworkDriver.DeleteNetwork HTTP/1.0', 'Host: ovsd', 'User-Agent: ovsd']
  const head = [...lines, `Content-Length: ${String(body.length)}`].join('\r\n')
  try {
    await exchange({ path }, `${head}\r\n\r\n${body}`)
  } catch {
    // Where none runs nobody puts anything back.
  }
}
