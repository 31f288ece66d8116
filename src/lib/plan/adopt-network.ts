import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { sharedNetwork } from '../network/logical.ts'
import { parseNetworkSpec, type NetworkSpec } from '../network/spec.ts'
import { NOT_SHARED, wordsOnly, wordsWithout, type NetworkWords } from '../network/words.ts'
import { ENCAP_TYPES, INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { mtuOf } from '../ovn/encap-ip.ts'
import { ovnOf, type OvnOfHost } from '../ovn/of-host.ts'
import { adoptTransit } from './adopt-transit.ts'
import { differences } from './network-differences.ts'
import { refuseOtherHost } from './ovn/expected-host.ts'
import { readLocal } from '../ovn/local.ts'

/** Words of a network with what they come to. */
export interface Adopted {
  readonly words: NetworkWords
  readonly spec: NetworkSpec
}

/**
 * What a new network on OVN is to be on this host: what another host has made already under the name of its logical switch, with
 * its id and everything else; or what was asked for, with an MTU that fits into the tunnels. Networks on Open vSwitch alone are
 * given back as they are. Errors: NetworkDiffers, ChassisMissing, those of `adoptTransit`, `refuseOtherHost` and `sharedNetwork`.
 */
export async function adoptNetwork(host: Host, words: NetworkWords, spec: NetworkSpec): Promise<Adopted> {
  if (spec.overlay === undefined) return { words, spec }
  await refuseOtherHost(await readLocal(host), words)
  const ovn = await ovnOf(host)
  await refuseWithoutBridge(host)
  const shared = await sharedNetwork(ovn.northbound, spec.name, spec.overlay.logicalSwitch)
  const mtu = words.mtu ?? shared?.words.mtu ?? String(await roomInTunnels(host, ovn))
  const whole = await adoptTransit(ovn, { ...words, mtu }, spec, shared)
  if (shared === undefined) return { words: whole, spec: parseNetworkSpec(whole) }
  const different = differences(shared.spec, parseNetworkSpec(wordsWithout(whole, NOT_SHARED)))
  if (different.length > 0)
    throw new Refused(
      'NetworkDiffers',
      `The logical switch ${spec.overlay.logicalSwitch} is a network of other settings on other hosts; ${different.join('; ')}.`,
      { next: 'Say the same here, or choose another name with --switch.' },
    )
  const same = { ...shared.words, ...wordsOnly(words, ['name', 'bridge', ...NOT_SHARED]) }
  return { words: same, spec: parseNetworkSpec(same) }
}

/** Only who knows OVN makes its bridge: any other one would join what is to be apart. Error: ChassisMissing. */
export async function refuseWithoutBridge(host: Host): Promise<void> {
  if ((await host.ovs.bridge(INTEGRATION_BRIDGE)) !== undefined) return
  throw new Refused('ChassisMissing', `This host has no bridge ${INTEGRATION_BRIDGE}, which logical switches need.`, {
    next: 'Put it back: ovsd ovn join',
  })
}

/** What a packet has more around it in a tunnel of OVN, in bytes, over IPv4; 20 more over IPv6. */
const OVERHEAD = { geneve: 58, vxlan: 50 } as const

/** What is left inside the tunnels of this host, in bytes: the other hosts are taken to have the same between them. */
async function roomInTunnels(host: Host, { local }: OvnOfHost): Promise<number> {
  const address = local.externalIds['ovn-encap-ip'] ?? ''
  const types = (local.externalIds['ovn-encap-type'] ?? '').split(',')
  const most = Math.max(
    ...ENCAP_TYPES.flatMap((type) => (types.includes(type) ? [OVERHEAD[type]] : [])),
    OVERHEAD.vxlan,
  )
  return (await mtuOf(host.run, address)) - most - (address.includes(':') ? 20 : 0)
}
