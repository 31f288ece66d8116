import { inside, netnsOf } from './containers.ts'
import { tool, toolIn } from './tool.ts'

const PORT = '9000'

/**
 * Sends random bytes over TCP from one container to another, which answers with their checksum; true when it is the
 * checksum of what was sent. busybox only, as in any image.
 */
export function transfers(from: string, to: string, address: string, kibibytes: number): boolean {
  const shell = (name: string, script: string): string =>
    tool('docker', 'exec', name, '/bin/busybox', 'sh', '-c', script.replaceAll(/@/g, '/bin/busybox ')).trim()
  shell(from, `@dd if=/dev/urandom of=/sent bs=1024 count=${String(kibibytes)} 2>/dev/null`)
  tool('docker', 'exec', '--detach', to, '/bin/busybox', 'nc', '-l', '-p', PORT, '-e', '/bin/busybox', 'sha256sum')
  for (let tries = 0; tries < 200 && !toolIn(netnsOf(to), 'ss', '-lnt').includes(`:${PORT} `); tries++)
    tool('sleep', '0.02')
  const received = shell(from, `@timeout 20 /bin/busybox nc ${address} ${PORT} < /sent`)
  return received.split(' ')[0] === shell(from, '@sha256sum < /sent').split(' ')[0]
}

/** Whether one of three echo requests is answered: the first may fall into the time after an earlier, failed ARP request. */
export function reaches(from: string, address: string): boolean {
  try {
    inside(from, 'ping', '-c', '3', '-W', '1', address)
    return true
  } catch {
    return false
  }
}

/** Whether an echo request is answered; asks `tries` times, and takes no longer than it has to. */
export function answers(from: string, address: string, tries = 3): boolean {
  for (let i = 0; i < tries; i++) {
    try {
      toolIn(netnsOf(from), 'busybox', 'ping', '-c', '1', '-W', '1', address)
      return true
    } catch {
      // The first may fall into the time after an earlier, failed ARP request.
    }
  }
  return false
}
