import { readdirSync } from 'node:fs'
import type { Host } from '../host.ts'

/** Links of the host that may be NICs: all but the loopback, ports of Open vSwitch, and its own. */
export async function liveNics(host: Host): Promise<readonly string[]> {
  const ports = await host.ovs.everything().catch(() => [])
  const taken = new Set(ports.flatMap(({ interface: row, bridge }) => [row.name, bridge.name]))
  return readdirSync('/sys/class/net')
    .filter((link) => link !== 'lo' && !link.startsWith('ovs-') && !taken.has(link))
    .sort()
}
