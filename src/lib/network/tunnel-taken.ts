import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { parseIp } from '../net/ip-address.ts'
import type { InterfaceRow } from '../ovs/rows.ts'
import { inTheWay, titled } from './in-the-way.ts'
import type { TitledSpec } from './networks.ts'
import type { NetworkSpec } from './spec.ts'
import { isTunnelOf } from './tunnel.ts'

/** UDP port that tunnels have unless they say otherwise (RFC 7348; ours never do). */
const VXLAN_PORT = '4789'

/**
 * Refuses tunnels of which somebody else has one to the same remote with the same key: ovs-vswitchd tells them apart by
 * nothing else, and runs only the first ("could not add network device … (File exists)"). Error: TunnelTaken.
 */
export async function refuseTaken(host: Host, spec: NetworkSpec, others: readonly TitledSpec[]): Promise<void> {
  const { name, vxlan } = spec
  if (vxlan === undefined) return
  const remotes = new Set(vxlan.remotes.map(({ text }) => text))
  for (const other of others) {
    const shared =
      other.vxlan?.key === vxlan.key ? other.vxlan.remotes.find(({ text }) => remotes.has(text)) : undefined
    if (shared !== undefined) throw taken(`The network ${titled(other)}`, shared.text, vxlan.key, inTheWay(other))
  }
  const rows = (await host.ovs.interfaces([{ type: 'vxlan' }])).flat()
  const ofOthers = rows.filter((row) => !isTunnelOf(row, name))
  for (const row of ofOthers) {
    const remote = conflict(row, remotes, vxlan.key)
    if (remote !== undefined) throw taken(`The port ${row.name}`, remote, vxlan.key)
  }
}

/** The remote that a tunnel shares, if it has the key, too. Others may write numbers and addresses in other ways. */
function conflict({ options }: InterfaceRow, remotes: ReadonlySet<string>, key: number): string | undefined {
  const { remote_ip: remote = '', dst_port: port = VXLAN_PORT } = options
  const theirs = options['in_key'] ?? options['key'] ?? '0'
  const address = canonical(remote)
  return remotes.has(address) && Number(port) === Number(VXLAN_PORT) && Number(theirs) === key ? address : undefined
}

/** Others may also say `flow`, or a name. */
function canonical(text: string): string {
  try {
    return parseIp(text, 'remote_ip').text
  } catch {
    return text
  }
}

const taken = (who: string, remote: string, key: number, besides = ''): Refused =>
  new Refused('TunnelTaken', `${who} has the tunnel to ${remote} with the key ${String(key)} already.`, {
    next: `Give the network another key, on all of its hosts: --key N${besides}`,
  })

/** Refuses a port's name that something else has. Error: TunnelTaken. */
export const nameTaken = (port: string): Refused =>
  new Refused('TunnelTaken', `The port ${port} is not a tunnel of the network, and its name is needed for one.`, {
    next: `Look at it, and remove it if nobody needs it: ovs-vsctl list Interface ${port}`,
  })
