// A reboot of the private host that we are in, as far as one can have it without a machine of its own: no process of Docker's or of Open
// vSwitch ends in order, and nothing that lives in memory is there afterwards. What is on the disk is as it was.
import { readdirSync, readFileSync } from 'node:fs'
import { insidePrivateHost } from '../../lab/host.ts'
import { killEngine, killOvs, startOvs } from './engine.ts'
import { tool } from './tool.ts'

const CONTAINERD = '/run/docker/containerd/containerd.pid'

/** Kills what runs, takes away what the kernel has, and starts Open vSwitch: the caller starts the driver and Docker in his order. */
export async function reboot(): Promise<void> {
  if (!insidePrivateHost()) throw new Error('this is the machine itself: run it through lab/run.ts')
  const containerd = Number(readFileSync(CONTAINERD, 'utf8'))
  await killEngine('SIGKILL')
  for (const pid of [containerd, ...containers()]) kill(pid)
  await killOvs()
  for (const name of readdirSync('/sys/class/net')) if (name !== 'lo') attempt('ip', 'link', 'delete', 'dev', name)
  attempt('nft', 'flush', 'ruleset')
  for (const ip of ['iptables', 'ip6tables']) for (const table of ['filter', 'nat']) attempt(ip, '-t', table, '-F')
  tool('sysctl', '-qw', 'net.ipv4.ip_forward=0', 'net.ipv6.conf.all.forwarding=0')
  attempt('sh', '-c', 'umount /run/docker/netns/*')
  // /run is a tmpfs.
  tool('rm', '-rf', '/run/docker', '/run/docker.sock')
  startOvs()
}

/** The shims of containers, which outlive dockerd, and what runs in them, which outlives both. */
function containers(): readonly number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const shims = all.filter((pid) => textOf(`/proc/${pid}/cmdline`).includes('containerd-shim'))
  const parentOf = (pid: string): string => /^PPid:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? ''
  return [...shims, ...all.filter((pid) => shims.includes(parentOf(pid)))].map(Number)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It has ended.
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Takes away what may be there, or may not be anybody's to take away. */
function attempt(...words: readonly [string, ...string[]]): void {
  try {
    tool(...words)
  } catch {
    // The test sees what is left.
  }
}
