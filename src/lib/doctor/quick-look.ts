// Into hundreds of containers without a process: what /proc and the container's own /sys show is enough to see that nothing is wrong.
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import type { Inside } from '../attach/inside.ts'
import { isInOrder } from '../attach/in-order.ts'
import type { Spec } from '../attach/marks.ts'
import { OvsdError } from '../errors.ts'
import { parseHostCidr, parseNetwork } from '../net/cidr.ts'
import { parseIp } from '../net/ip-address.ts'
import type { InterfaceState, RouteState } from '../net/ip-json.ts'
import { procNet, type ProcNet } from '../net/proc-net.ts'
import type { LinkSeen } from './links-seen.ts'

/** An interface of ovsd's in a container, with the host's end of its pair. */
export interface Declared {
  readonly iface: string
  readonly spec: Spec | undefined
  readonly link: LinkSeen | undefined
}

/** Of an interface that duplicate address detection has not let through, or not yet (if_addr.h: IFA_F_DADFAILED, IFA_F_TENTATIVE). */
const NOT_USED = 0x08 | 0x40
const IFF_UP = 1

/**
 * What the namespace at /proc/PID/ns/net has, when all interfaces of ovsd's in it are as declared and nothing else is there; undefined
 * when it is worth a closer look, or nothing can be said in this way.
 */
export function quickLook(path: string, declared: readonly Declared[]): Inside | undefined {
  const pid = /^\/proc\/(\d+)\/ns\/net$/.exec(path)?.[1]
  const inside = pid === undefined ? undefined : procNet(Number(pid))
  if (pid === undefined || inside === undefined) return undefined
  if (hasMore(declared, inside) || hasOtherWayOut(declared, inside) || hasUnused(pid)) return undefined
  const interfaces = new Map<string, InterfaceState>()
  const routes: RouteState[] = []
  for (const one of declared) {
    const { spec, iface } = one
    const state = stateOf(pid, one, inside)
    if (state === undefined || spec === undefined) return undefined
    interfaces.set(iface, state)
    routes.push(...spec.gateways.map((via) => ({ to: 'default', via, dev: iface })))
    routes.push(...spec.routes.map((route) => ({ ...route, dev: iface })))
  }
  return { interfaces, routes }
}

/** Addresses that nobody has declared may be somebody else's. */
function hasMore(declared: readonly Declared[], { v4, v6 }: ProcNet): boolean {
  const given = declared.flatMap(({ spec }) => spec?.addresses ?? [])
  const known = new Set(given.map((text) => text.replace(/\/.*/, '')))
  const own = new Set(declared.map(({ iface }) => iface))
  const given6 = given.filter((text) => text.includes(':')).length
  const has6 = [...v6].filter((line) => own.has(line.replace(/^\S+ /, '')) && !line.startsWith('fe8')).length
  return [...v4].some((address) => !address.startsWith('127.') && !known.has(address)) || has6 !== given6
}

/** Which of two default routes is taken is told by their metrics, and those are not looked at here. */
function hasOtherWayOut(declared: readonly Declared[], { routes }: ProcNet): boolean {
  const wanted = declared.flatMap(({ spec }) => spec?.gateways ?? []).length
  // The kernel's own entry for "no route at all" is on lo.
  const found = [...routes].filter((route) => /^0+\/0 /.test(route) && !route.endsWith(' lo')).length
  return wanted > 0 && found !== wanted
}

const hasUnused = (pid: string): boolean =>
  lines(`/proc/${pid}/net/if_inet6`).some((line) => (parseInt(line.split(/\s+/)[4] ?? '0', 16) & NOT_USED) !== 0)

function stateOf(pid: string, { iface, spec, link }: Declared, inside: ProcNet): InterfaceState | undefined {
  // /sys is that of the namespace it was mounted in: the other end of the pair tells whether that is this one.
  const value = (name: string): string => firstLine(`/proc/${pid}/root/sys/class/net/${iface}/${name}`)
  if (spec === undefined || link === undefined || value('ifindex') !== String(link.peerIndex)) return undefined
  const [mac, mtu, isUp] = [value('address'), Number(value('mtu')), (Number(value('flags')) & IFF_UP) !== 0]
  if (!isUp || mac !== spec.mac || !isGiven(iface, spec, inside)) return undefined
  const six = (one: string): boolean => one.startsWith('fe80')
  return {
    ...{ name: iface, mac, mtu, up: true, tentative: [], duplicate: [] },
    addresses: spec.addresses.filter((one) => !six(one)),
    linkLocal: spec.addresses.filter(six),
  }
}

function isGiven(iface: string, spec: Spec, inside: ProcNet): boolean {
  // /proc does not say which interface has an IPv4 address; the route to its network does, and one address has none.
  if (spec.addresses.some((text) => text.endsWith('/32'))) return false
  try {
    const given = {
      ...{ iface, addresses: spec.addresses.map((text) => parseHostCidr(text)) },
      gateways: spec.gateways.map((text) => parseIp(text, 'gateway')),
      routes: spec.routes.map(({ to, via }) => ({
        to: parseNetwork(to, 'route'),
        ...(via === undefined ? {} : { via: parseIp(via, 'route') }),
      })),
    }
    return isInOrder(given, inside)
  } catch (error) {
    // Marks that nobody can read are looked at more closely.
    if (error instanceof OvsdError) return false
    throw error
  }
}

/**
 * The first line of a file that a container has: it may have put anything there. What is no file of its own, or would have somebody
 * wait (fifo(7)), is nothing.
 */
function firstLine(file: string): string {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch {
    return ''
  }
  try {
    if (!fstatSync(fd).isFile()) return ''
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, LONGEST, null)).split('\n', 1)[0] ?? ''
  } catch {
    return ''
  } finally {
    closeSync(fd)
  }
}

/** Of a value in /sys that is asked for here, in bytes. */
const LONGEST = 64
/** For all of them in turn: there are hundreds, and each is read at once. */
const buffer = Buffer.alloc(LONGEST)

function lines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
