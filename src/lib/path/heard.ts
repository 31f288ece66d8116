// What a namespace has got so far, as its kernel counts it: an answer, or a silence, does not say who has heard the question.
import { CommandFailed, ToolMissing } from '../errors.ts'
import type { Host } from '../host.ts'
import { openNetns } from '../system/netns.ts'
import type { Traffic } from './question.ts'

/** Which counts are of which traffic (proc_net(5), "/proc/net/snmp"); those of TCP are of both IP versions. */
const COUNTS: Readonly<Record<Traffic['kind'], Readonly<Record<4 | 6, readonly string[]>>>> = {
  icmp: { 4: ['Icmp.InEchos'], 6: ['Icmp6InEchos'] },
  tcp: { 4: ['Tcp.InSegs'], 6: ['Tcp.InSegs'] },
  // Datagrams are counted when the program reads them, which may be late: so whatever is delivered counts.
  udp: { 4: ['Ip.InDelivers'], 6: ['Ip6InDelivers'] },
}

/** How many packets of that kind it has got: echo requests, segments, datagrams. Undefined when it does not say. */
export async function heardIn(
  { run }: Host,
  netns: string,
  whose: string,
  traffic: Traffic,
  family: 4 | 6,
): Promise<number | undefined> {
  using inside = openNetns(netns, whose)
  try {
    // A kernel without IPv6 has no second file.
    const script =
      'printf "%s\\n" "$(</proc/net/snmp)"; [ ! -e /proc/net/snmp6 ] || printf "%s\\n" "$(</proc/net/snmp6)"'
    const { stdout } = await run({ tool: 'bash', args: ['-c', script], inside })
    const counts = parseCounts(stdout)
    const found = COUNTS[traffic.kind][family].map((name) => counts.get(name))
    return found.includes(undefined) ? undefined : found.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof ToolMissing) return undefined
    throw error
  }
}

/** Of IPv4 a line of names and one of numbers, each after `Icmp:`; of IPv6 a name and a number in each line. */
export function parseCounts(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  let names: readonly string[] = []
  for (const line of text.split('\n')) {
    const [first = '', ...rest] = line.trim().split(/\s+/)
    if (!first.endsWith(':')) {
      if (rest.length === 1) counts.set(first, Number(rest[0]))
      continue
    }
    if (!/^-?\d/.test(rest[0] ?? '')) names = rest
    else for (const [i, value] of rest.entries()) counts.set(`${first.slice(0, -1)}.${names[i] ?? ''}`, Number(value))
  }
  return counts
}
