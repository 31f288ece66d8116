import { existsSync, readFileSync } from 'node:fs'
import { readMarks } from '../attach/marks.ts'
import { ownerOf } from '../attach/owners.ts'
import { Refused } from '../errors.ts'
import type { Nic } from '../net/nic.ts'
import type { NicRoutes } from '../net/nic-routes.ts'
import { describeVlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { sshSession, type SshSession } from '../system/ssh-session.ts'
import { inTheWay, titled } from './in-the-way.ts'
import type { TitledSpec } from './networks.ts'
import type { NetworkSpec } from './spec.ts'
import { carries, vlanDevices, type UplinkPlace } from './uplink-vlans.ts'
import { areRouteWords } from './uplink-words.ts'

/** MTU of an interface for which nobody asked for another, in bytes. */
const ETHERNET = 1500

export function uplinkMissing(nic: string): Refused {
  return new Refused('UplinkMissing', `This host has no NIC ${nic}.`, { next: 'See which there are: ip link' })
}

/** Refuses what can be no uplink, whoever forces it. Errors: UplinkUnfit, UplinkTaken, UplinkMtu. */
export function refuseUnfit(
  nic: Nic,
  { bridge, uplink }: UplinkPlace,
  where: PortOnBridge | undefined,
  others: readonly TitledSpec[],
): void {
  const unfit = (why: string): Refused =>
    new Refused('UplinkUnfit', `${nic.name} cannot be an uplink: ${why}.`, {
      next: 'Name the NIC that leads to the network outside: ip link',
    })
  if (nic.linkType !== 'ether') throw unfit(nic.linkType === 'loopback' ? 'it is the loopback' : 'it is not Ethernet')
  if (where !== undefined) {
    if (where.port.name === where.bridge.name) throw unfit('it is the own port of a bridge')
    const { part } = readMarks(where.interface.externalIds)
    if (ownerOf(where.interface) !== undefined) throw unfit('it is the port of a container')
    if (part !== '' && part !== 'uplink') throw unfit('it is a port that another network has itself')
    if (where.bridge.name !== bridge)
      throw taken(nic, where.bridge.name, `ovs-vsctl del-port ${where.bridge.name} ${uplink}`)
    return
  }
  if (nic.alias.startsWith('ovsd/')) throw unfit('it is the end of a pair that ovsd made')
  if (nic.master !== undefined && nic.master !== 'ovs-system')
    throw taken(nic, nic.master, `ip link set dev ${uplink} nomaster; or name ${nic.master} itself`)
  const elsewhere = others.find((one) => one.uplink === uplink && one.bridge !== bridge)
  if (elsewhere !== undefined)
    throw taken(
      nic,
      elsewhere.bridge,
      `Make it there: --bridge ${elsewhere.bridge}${inTheWay(elsewhere)}`,
      ` for the network ${titled(elsewhere)}`,
    )
}

const taken = (nic: Nic, master: string, next: string, why = ''): Refused =>
  new Refused('UplinkTaken', `${nic.name} belongs to ${master}${why}.`, { next })

/** Refuses a NIC that would not let the network's packets or its VLAN through. Errors: UplinkMtu, UplinkVlan. */
export function refuseNarrow(nic: Nic, spec: NetworkSpec, where: PortOnBridge | undefined, vlanConfig = vlans()): void {
  const { mtu = ETHERNET, vlan = 0, bridge } = spec
  if (mtu > nic.mtu)
    throw new Refused('UplinkMtu', `${nic.name} has an MTU of ${String(nic.mtu)}, the network ${String(mtu)}.`, {
      next: `ip link set dev ${nic.name} mtu ${String(mtu)}, or --mtu ${String(nic.mtu)}`,
    })
  const device = vlanDevices(vlanConfig, nic.name).get(vlan)
  if (device !== undefined)
    throw new Refused('UplinkVlan', `${device} of this host takes the frames of VLAN ${String(vlan)} on ${nic.name}.`, {
      next: `ip link del dev ${device}, or name it as the uplink of an untagged network`,
    })
  if (where === undefined || readMarks(where.interface.externalIds).part === 'uplink') return
  const { port } = where
  if (carries(port.vlanColumns, vlan)) return
  const one = vlan === 0 ? 'untagged frames' : `VLAN ${String(vlan)}`
  const isTrunk = port.vlan.kind === 'trunk' || port.vlan.kind === 'native'
  throw new Refused(
    'UplinkVlan',
    `${nic.name} was put on ${bridge} by somebody else, with VLAN ${describeVlan(port.vlan)}, and does not carry ${one}.`,
    {
      next: isTrunk
        ? `ovs-vsctl add Port ${port.name} trunks ${String(vlan)}`
        : `ovs-vsctl clear Port ${port.name} tag -- set Port ${port.name} trunks=${String(port.vlanColumns.tag)},${String(vlan)}`,
    },
  )
}

const vlans = (): string => {
  try {
    return readFileSync('/proc/net/vlan/config', 'utf8')
  } catch {
    return ''
  }
}

/** Refuses, unless forced, a NIC that the host itself is reached by. Error: UplinkUnsafe. */
export function refuseUnsafe(nic: Nic, { routes }: NicRoutes, { bridge, name }: NetworkSpec): void {
  const session = sshSession()
  const reasons = [
    ...(isSessionOn(nic, session) ? [`your ssh session comes in by it`] : []),
    ...(routes.some(({ isDefault }) => isDefault) ? ['a default route of this host leads out by it'] : []),
    ...(nic.addresses.length === 0 ? [] : [`this host has ${nic.addresses.map(({ key }) => key).join(', ')} on it`]),
    ...(isWireless(nic.name) ? ['it is wireless, and most access points take no frames of other MACs'] : []),
  ]
  if (reasons.length === 0) return
  const moved = nic.addresses.length === 0 ? '' : `, which moves its addresses and routes to ${bridge}`
  throw new Refused('UplinkUnsafe', `${nic.name} is not safe to take: ${reasons.join('; ')}.`, {
    next: `If it has to be, --force${moved}; with --confirm-within 60s it is given back unless you type: ovsd net confirm ${name}`,
  })
}

const isSessionOn = (nic: Nic, session: SshSession | undefined): boolean =>
  session !== undefined && nic.addresses.some(({ key }) => key.replace(/[ /].*/, '') === session.server)

/** sysfs may show another network namespace than ours: then at worst a name is taken for another one. */
export const isWireless = (nic: string, devices = '/sys/class/net'): boolean =>
  ['wireless', 'phy80211'].some((entry) => existsSync(`${devices}/${nic}/${entry}`))

/** Refuses addresses and routes that cannot be moved. Errors: UplinkUnmovable, SegmentTaken. */
export function refuseUnmovable(
  nic: Nic,
  { odd, routes }: NicRoutes,
  spec: NetworkSpec,
  others: readonly TitledSpec[],
): void {
  const unmovable = (what: string, next: string): Refused =>
    new Refused('UplinkUnmovable', `What this host has on ${nic.name} cannot be moved to ${spec.bridge}: ${what}.`, {
      next,
    })
  const leased = nic.addresses.find(({ key, isLeased }) => isLeased && !key.includes(':'))
  if (leased !== undefined)
    throw unmovable(
      `${leased.key} is a lease, and whoever renews it would put it back on ${nic.name}`,
      `End the DHCP client there, then: ip address change ${leased.key} dev ${nic.name} valid_lft forever preferred_lft forever`,
    )
  if (odd[0] !== undefined)
    throw unmovable(`the route "${odd[0]}" leads several ways, or by a tunnel`, 'Remove that route first.')
  // Recorded, it would not be believed when it is to be given back.
  const strange = routes.find(({ words }) => !areRouteWords(words))
  if (strange !== undefined)
    throw unmovable(`the route "${strange.words}" has words that ovsd does not know`, 'Remove that route first.')
  if (routes.length > MOST_ROUTES)
    throw unmovable(`there are ${String(routes.length)} routes`, 'Put the addresses on the bridge by hand.')
  if (!nic.isUp && nic.addresses.length > 0)
    throw unmovable('it is down, and so has no routes that would tell how', `ip link set dev ${nic.name} up`)
  const untagged = others.find(
    (one) => one.bridge === spec.bridge && one.vlan === undefined && one.uplink !== spec.uplink,
  )
  if (untagged !== undefined)
    throw new Refused(
      'SegmentTaken',
      `The untagged traffic of ${spec.bridge}, which this host would join, is the network ${titled(untagged)}.`,
      { next: `Choose another bridge: --bridge br1${inTheWay(untagged)}` },
    )
}

/** A host with a table of the whole Internet is nobody's place for this, and a Bridge row none for the table. */
const MOST_ROUTES = 500
