// A TCP transfer between two containers, with nothing but their busybox.
import { setTimeout as pause } from 'node:timers/promises'
import { inContainer, containerPid } from './containers.ts'
import { outputOf, type Host } from './host.ts'
import { Disappointment, perform } from './stage.ts'

/** Names of the sending and the receiving container, an address of the latter, and how much to send (10^6 bytes each). */
export interface Transfer {
  from: string
  to: string
  address: string
  megabytes: number
}

const port = '9000'

/**
 * Sends random bytes and gives the time it took, in seconds. The receiver answers with the checksum of what it got, over
 * the same connection, so bytes go both ways. Throws when it is not the checksum of what was sent.
 */
export async function transfer(host: Host, { from, to, address, megabytes }: Transfer): Promise<number> {
  const script = `dd if=/dev/urandom of=/tmp/sent bs=1000000 count=${megabytes}`
  await outputOf(host, ['docker', 'exec', from, 'sh', '-c', script])
  await perform(host, ['docker', 'exec', '--detach', to, 'nc', '-l', '-p', port, '-e', 'sha256sum'])
  await listening(host, to)
  const sent = await perform(host, ['docker', 'exec', from, 'sh', '-c', 'sha256sum </tmp/sent'])
  const start = performance.now()
  const command = `timeout 30 nc ${address} ${port} </tmp/sent`
  const received = await perform(host, ['docker', 'exec', from, 'sh', '-c', command])
  if (received !== sent) throw new Disappointment('other bytes were received than were sent')
  return (performance.now() - start) / 1000
}

/** Waits for the receiver's socket: a connection before that is refused. */
async function listening(host: Host, container: string): Promise<void> {
  const sockets = inContainer({ pid: await containerPid(host, container) }, ['netstat', '-lnt'])
  for (let tries = 0; tries < 100; tries++) {
    if ((await outputOf(host, sockets)).includes(`:${port} `)) return
    await pause(50)
  }
  throw new Disappointment(`nothing listens on port ${port} of ${container}`)
}
