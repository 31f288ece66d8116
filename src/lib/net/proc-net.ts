// What /proc/PID/net shows of a process's network namespace to everybody, without entering it and without a process: not
// all of it (no MTU, no MAC), but enough to see that nothing is missing. proc(5), "/proc/PID/net".
import { readFileSync } from 'node:fs'

/** What is there; addresses as the kernel prints them, IPv6 in 32 hex digits. */
export interface ProcNet {
  readonly interfaces: ReadonlySet<string>
  /** Local IPv4 addresses, of any interface: 10.0.0.2. */
  readonly v4: ReadonlySet<string>
  /** `ADDRESS/PREFIX IFACE` of IPv6 addresses, the address in 32 hex digits. */
  readonly v6: ReadonlySet<string>
  /** `DESTINATION/PREFIX GATEWAY IFACE` of routes, in hex digits as the kernel orders them: 8 for IPv4, 32 for IPv6. */
  readonly routes: ReadonlySet<string>
}

/** Looks at the namespace of a process; undefined when it is gone. */
export function procNet(pid: number): ProcNet | undefined {
  const read = (file: string): string[] => {
    try {
      return readFileSync(`/proc/${String(pid)}/net/${file}`, 'utf8').split('\n')
    } catch (error) {
      // A kernel without IPv6 has no such files; a process that is gone has none at all.
      if (file === 'dev') throw error
      return []
    }
  }
  try {
    return {
      interfaces: new Set(read('dev').flatMap((line) => /^\s*([^:\s]+):/.exec(line)?.[1] ?? [])),
      v4: localAddresses(read('fib_trie')),
      v6: new Set(read('if_inet6').flatMap(inet6Address)),
      routes: new Set([...read('route').flatMap(route4), ...read('ipv6_route').flatMap(route6)]),
    }
  } catch {
    return undefined
  }
}

/** Name of the interface of the kernel's own entry for "no route at all", and its metric: every namespace has it. */
const NO_ROUTE = /^0{32} 00 \S+ \S+ \S+ ffffffff .* lo$/

/**
 * The families of which a namespace may have default routes, without entering it and without a process: `netnsPath` is
 * /proc/PID/ns/net. Too many rather than too few, for IPv6 routes of other tables than the main one are among them.
 * Undefined for any other path, and when the process is gone.
 */
export function defaultRouteFamilies(netnsPath: string): ReadonlySet<4 | 6> | undefined {
  const folder = /^(\/proc\/\d+)\/ns\/net$/.exec(netnsPath)?.[1]
  if (folder === undefined) return undefined
  const read = (file: string): readonly string[] => readFileSync(`${folder}/net/${file}`, 'utf8').split('\n')
  const has6 = (): boolean => {
    try {
      return read('ipv6_route').some((line) => /^0{32} 00 /.test(line) && !NO_ROUTE.test(line.trimEnd()))
    } catch {
      // A kernel without IPv6.
      return false
    }
  }
  try {
    const has4 = read('route')
      .flatMap(route4)
      .some((route) => route.startsWith('00000000/0 '))
    return new Set([...(has4 ? ([4] as const) : []), ...(has6() ? ([6] as const) : [])])
  } catch {
    return undefined
  }
}

/** The trie names each prefix on one line and what it is on the next ones. */
function localAddresses(lines: readonly string[]): Set<string> {
  return new Set(
    lines.flatMap((line, i) =>
      line.includes('/32 host LOCAL') ? (/\|-- (\S+)$/.exec(lines[i - 1] ?? '')?.[1] ?? []) : [],
    ),
  )
}

function inet6Address(line: string): readonly string[] {
  const [address, , prefix, , , iface] = line.trim().split(/\s+/)
  return iface === undefined ? [] : [`${String(address)}/${String(parseInt(prefix ?? '', 16))} ${iface}`]
}

function route4(line: string): readonly string[] {
  const [iface, destination, gateway, , , , , mask] = line.trim().split(/\s+/)
  if (mask === undefined || !/^[0-9A-F]{8}$/.test(mask)) return []
  const prefix = parseInt(mask, 16).toString(2).replaceAll('0', '').length
  return [`${String(destination)}/${String(prefix)} ${String(gateway)} ${String(iface)}`]
}

function route6(line: string): readonly string[] {
  const fields = line.trim().split(/\s+/)
  const [destination, prefix, , , gateway] = fields
  const iface = fields[9]
  return iface === undefined
    ? []
    : [`${String(destination)}/${String(parseInt(prefix ?? '', 16))} ${String(gateway)} ${iface}`]
}

/** An address as the route tables have it: IPv4 in the byte order of the machine, which is little-endian on ours. */
export function procHex(bits: bigint, family: 4 | 6): string {
  if (family === 6) return bits.toString(16).padStart(32, '0')
  const bytes = bits.toString(16).padStart(8, '0').match(/../g) ?? []
  return bytes.reverse().join('').toUpperCase()
}
