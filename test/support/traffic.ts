import { inside } from './containers.ts'
import { tool } from './tool.ts'

/**
 * Sends `bytes` zeros over TCP from one container to another with busybox nc, and gives how many arrived.
 */
export function transfer(from: string, to: string, address: string, bytes: number): number {
  const port = '9000'
  const script = `nc -l -p ${port} | wc -c > /tmp/got`
  tool('docker', 'exec', '--detach', to, '/bin/busybox', 'sh', '-c', `PATH=/bin; ${applets(script)}`)
  const send = `for i in 1 2 3 4 5 6 7 8 9 10; do busybox head -c ${String(bytes)} /dev/zero | busybox timeout 10 busybox nc -w 5 ${address} ${port} && break; busybox usleep 100000; done`
  tool('docker', 'exec', from, '/bin/busybox', 'sh', '-c', `PATH=/bin; ${send}`)
  return Number(
    tool(
      'docker',
      'exec',
      to,
      '/bin/busybox',
      'sh',
      '-c',
      'PATH=/bin; for i in 1 2 3 4 5 6 7 8 9 10; do busybox test -s /tmp/got && break; busybox usleep 100000; done; busybox cat /tmp/got',
    ),
  )
}

const applets = (script: string): string => script.replaceAll(/\b(nc|wc) /g, 'busybox $1 ')

/** Whether one echo request is answered within two seconds. */
export function reaches(from: string, address: string): boolean {
  try {
    inside(from, 'ping', '-c', '1', '-W', '2', address)
    return true
  } catch {
    return false
  }
}
