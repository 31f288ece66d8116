// Whether a port of the host is free, and who has it.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Family } from './ip-address.ts'

/** A port of one address of the host, or of all addresses of an IP version. */
export interface HostPort {
  readonly protocol: 'tcp' | 'udp'
  readonly family: Family
  /** undefined: all. */
  readonly ip: string | undefined
  readonly port: number
}

/**
 * Whether a program could listen there now: by binding it for a moment, which nobody but the kernel can answer for. An address that
 * is not the host's is 'missing'.
 */
export async function hostPortState(wish: HostPort): Promise<'free' | 'taken' | 'missing'> {
  try {
    await bindOnce(wish)
    return 'free'
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EADDRINUSE') return 'taken'
    // A host without IPv6 has nobody who listens there.
    if (wish.ip === undefined) return 'free'
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EINVAL') return 'missing'
    throw error
  }
}

async function bindOnce({ protocol, family, ip, port }: HostPort): Promise<void> {
  const host = ip ?? (family === 4 ? '0.0.0.0' : '::')
  if (protocol === 'tcp') {
    const server = createServer((socket) => socket.destroy())
    server.listen({ host, port, ipv6Only: true, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return
  }
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 })
  socket.bind({ address: host, port, exclusive: true })
  try {
    await once(socket, 'listening')
  } finally {
    socket.close()
  }
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The inodes of sockets that are bound to a port: of TCP those that listen (state 0A, proc(5) "/proc/net/tcp"). */
function inodesAt({ protocol, port }: HostPort): ReadonlySet<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = [protocol, `${protocol}6`].flatMap((name) => read(`/proc/net/${name}`).split('\n'))
  return new Set(
    lines.flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
      return local.endsWith(`:${hex}`) && (protocol === 'udp' || state === '0A') ? (inode ?? []) : []
    }),
  )
}

/** The program that has a port, as "nginx (process 123)"; undefined when it cannot be seen. */
export function whoHasPort(wish: HostPort): string | undefined {
  const inodes = inodesAt(wish)
  if (inodes.size === 0) return undefined
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (socketsOf(pid).some((inode) => inodes.has(inode))) return `${read(`/proc/${pid}/comm`).trim()} (process ${pid})`
  }
  return undefined
}

/** The sockets that a process has open; none when it may not be looked at, or ended. */
function socketsOf(pid: string): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

/** The ports that the kernel, and Docker, give out where none is asked for (ip-sysctl.rst, ip_local_port_range). */
export function freePortRange(): { readonly from: number; readonly to: number } {
  const [from, to] = read('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number)
  return { from: from ?? 32_768, to: to ?? 60_999 }
}
