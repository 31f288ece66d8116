import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStart } from '../system/process-life.ts'
import { asksForDhcp, readClient, readLease, type Client } from './marks.ts'
import { SUPERVISOR_PATH } from './script-folder.ts'

type Ids = Readonly<Record<string, string>>

/** Whether this very process is there, and looks after the client of this port. Two files are read. */
export function isAlive({ pid, start }: Client, port: string): boolean {
  if (processStart(pid) !== start) return false
  try {
    const words = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0')
    const at = words.indexOf(SUPERVISOR_PATH)
    return at > 0 && words[at + 1] === port
  } catch {
    return false
  }
}

/** The process that looks after the client of a port, if it is there. */
export function livingClient(port: string, ids: Ids): Client | undefined {
  const client = readClient(ids)
  return client !== undefined && isAlive(client, port) ? client : undefined
}

/** Whether a client was asked for and is not there. */
export const missesClient = (port: string, ids: Ids): boolean =>
  asksForDhcp(ids) && livingClient(port, ids) === undefined

/** What is wrong with the client of a port, in words; nothing for a port without one. `now`: seconds since 1970. */
export function clientFaults(port: string, ids: Ids, now = Date.now() / 1000): readonly string[] {
  if (!asksForDhcp(ids)) return []
  if (missesClient(port, ids)) return ['its DHCP client is gone']
  const lease = readLease(ids)
  if (lease === undefined) return ['it has no DHCP lease']
  return lease.expires !== undefined && lease.expires < now ? ['its DHCP lease has expired'] : []
}

/** Time for giving back a lease: two transactions of 5 s at most each, and a packet. */
const PATIENCE_MS = 4_000
const POLL_MS = 20

/**
 * Ends a client, and waits until it has ended; with `release`, the server is told that its address is free. One that does
 * not end is killed, and its udhcpc with it.
 */
export async function endClient(client: Client, port: string, release: boolean): Promise<void> {
  signalTo(client, port, release ? 'SIGTERM' : 'SIGUSR1')
  if (await hasEnded(client, port)) return
  signalTo(client, port, 'SIGKILL')
  await hasEnded(client, port)
}

function signalTo(client: Client, port: string, name: NodeJS.Signals): void {
  try {
    if (isAlive(client, port)) process.kill(client.pid, name)
  } catch {
    // It has just ended.
  }
}

async function hasEnded(client: Client, port: string): Promise<boolean> {
  for (let waited = 0; isAlive(client, port); waited += POLL_MS) {
    if (waited > PATIENCE_MS) return false
    await sleep(POLL_MS)
  }
  return true
}
