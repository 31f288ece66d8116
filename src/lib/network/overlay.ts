import { BadInput, Refused } from '../errors.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { parseIp, refuseSpecial, type IpAddress } from '../net/ip-address.ts'
import { parseNetwork } from '../net/cidr.ts'
import { parseTag } from '../net/vlan.ts'
import { parseNetworkName } from './name.ts'
import { parsePhysnet } from './physnet.ts'
import { sharedRecordText } from './record-text.ts'
import { parseTransitRole, type TransitRole } from './transit-role.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/** What a network on OVN has that one of Open vSwitch alone has not. */
export interface Overlay {
  /** Name of its logical switch, the same on every host. */
  readonly logicalSwitch: string
  /** The physical network that it is led out to, and its VLAN there; untagged when left out. */
  readonly localnet: { readonly physnet: string; readonly tag: number | undefined } | undefined
  /** The logical router that it is joined to. */
  readonly router: string | undefined
  /** Name of the transit network that this router is joined to. */
  readonly transit: string | undefined
  /** Of a transit network. */
  readonly role: TransitRole | undefined
  /** Whether OVN answers to DHCP requests in it. */
  readonly dhcp: boolean
  /** Name servers that DHCP tells of. */
  readonly dns: readonly IpAddress[]
  /** What the other hosts are to know of the network. */
  readonly record: string
}

/** Has the name of the switch made of the VRF and the subnet: who says the same elsewhere is in the same network. */
export const AUTO = 'auto'
const DEFAULT_VRF = 'default'

/** Words that make no sense together with a logical switch, and why. */
const FOREIGN: readonly (readonly [keyof NetworkWords, string])[] = [
  ['vxlan', 'OVN makes the tunnels between its hosts by itself'],
  ['key', 'OVN makes the tunnels between its hosts by itself'],
  ['uplink', 'a logical switch is led out by --physnet, over the bridge that a host maps it to'],
]

/** Words that mean something on a logical switch only. */
const ITS_OWN = [
  ...(['physnet', 'dns', 'router', 'role', 'transitNetwork', 'externalGateway', 'externalAddress'] as const),
  ...(['northbound', 'southbound', 'encap', 'encapIp'] as const),
] satisfies readonly (keyof NetworkWords)[]

/**
 * Checks the words of a network on OVN; undefined for one that is not. Errors: BadInput; NeedsOvn, for words that only make sense
 * there.
 */
export function parseOverlay(words: NetworkWords, nameOf: NetworkWordName): Overlay | undefined {
  if (words.switch === undefined) {
    const foreign = ITS_OWN.find((word) => words[word] !== undefined)
    const what = foreign === undefined ? (words.dhcp === 'ovn' ? `${nameOf('dhcp')} ovn` : undefined) : nameOf(foreign)
    if (what !== undefined) throw needsOvn(what)
    return undefined
  }
  for (const [word, why] of FOREIGN)
    if (words[word] !== undefined && words[word].length > 0)
      throw new BadInput(nameOf(word), `${why}.`, 'nothing: leave it out')
  if (words.bridge !== undefined && words.bridge !== INTEGRATION_BRIDGE)
    throw new BadInput(nameOf('bridge'), 'networks on OVN are on its integration bridge.', INTEGRATION_BRIDGE)
  if (words.mode !== undefined && words.mode !== 'l2')
    throw new BadInput(nameOf('mode'), 'a logical switch is led out by a logical router, or by --physnet.', 'l2')
  const dhcp = words.dhcp === 'ovn'
  if (dhcp && (words.subnet ?? []).length === 0)
    throw new BadInput(
      nameOf('dhcp'),
      'OVN gives out addresses of a subnet, and there is none.',
      `${nameOf('subnet')} 10.0.0.0/24`,
    )
  const logicalSwitch = nameOfSwitch(words, nameOf)
  return {
    logicalSwitch,
    ...parseRouting(words, logicalSwitch, nameOf),
    dhcp,
    dns: parseDns(words, dhcp, nameOf),
    record: sharedRecordText(words),
  }
}

/** Whatever is to be had on OVN only. */
export const needsOvn = (what: string): Refused =>
  new Refused('NeedsOvn', `${what} is for networks on OVN.`, {
    next: 'Say which logical switch: --switch NAME; or leave it out.',
  })

function nameOfSwitch(
  { switch: name = '', vrf = DEFAULT_VRF, subnet = [] }: NetworkWords,
  nameOf: NetworkWordName,
): string {
  if (name === AUTO) {
    const [first] = subnet
    if (first === undefined)
      throw new BadInput(nameOf('subnet'), 'the name of the switch is made of it.', '10.0.0.0/24')
    return `ls-${vrf}-${parseNetwork(first, nameOf('subnet')).text.replace('/', '-')}`
  }
  return parseLogicalName(name, nameOf('switch'), 'switch', 'ls-blue')
}

/** Refuses what ovn-nbctl could take for a UUID, an option or two words. */
function parseLogicalName(name: string, field: string, what: 'switch' | 'router', good: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_.:-]{0,62}$/.test(name)) return name
  throw new BadInput(field, `"${name.slice(0, 80)}" is no name of a logical ${what}.`, good)
}

/** What leads out of the switch, or joins it to others. */
function parseRouting(
  words: NetworkWords,
  logicalSwitch: string,
  nameOf: NetworkWordName,
): Pick<Overlay, 'localnet' | 'router' | 'transit' | 'role'> {
  const { role, router, transitNetwork, physnet } = words
  if (role !== undefined && role !== 'transit')
    throw new BadInput(nameOf('role'), `"${role.slice(0, 80)}" is no role of a network.`, 'transit')
  if (router !== undefined) parseLogicalName(router, nameOf('router'), 'router', 'lr-blue')
  if (role === 'transit')
    return {
      ...{ localnet: undefined, router: undefined, transit: undefined },
      role: parseTransitRole(words, logicalSwitch, nameOf),
    }
  const ofTransit = (['externalGateway', 'externalAddress'] as const).find((word) => words[word] !== undefined)
  if (ofTransit !== undefined)
    throw new BadInput(
      nameOf(ofTransit),
      'the way out is that of a transit network, to which others are joined.',
      `${nameOf('role')} transit, or leave it out`,
    )
  if (router !== undefined && (words.subnet ?? []).length === 0)
    throw new BadInput(nameOf('subnet'), 'a router needs an address in the network.', '10.0.0.0/24')
  if (router !== undefined && physnet !== undefined)
    throw new BadInput(
      nameOf('router'),
      'the router of a network that is led out to a physical one is outside.',
      `either ${nameOf('router')} or ${nameOf('physnet')}`,
    )
  if (transitNetwork !== undefined && router === undefined)
    throw new BadInput(nameOf('router'), 'it is a router that is joined to a transit network.', 'lr-blue')
  return {
    localnet: parseLocalnet(words, nameOf),
    router,
    transit:
      transitNetwork === undefined ? undefined : parseNetworkName(transitNetwork, nameOf('transitNetwork'), 'transit'),
    role: undefined,
  }
}

function parseLocalnet({ physnet, vlan }: NetworkWords, nameOf: NetworkWordName): Overlay['localnet'] {
  const tag = vlan === undefined ? undefined : parseTag(vlan, nameOf('vlan'))
  if (physnet === undefined) {
    if (tag === undefined) return undefined
    throw new BadInput(
      nameOf('vlan'),
      'tunnels of OVN carry no VLANs; one is used where a logical switch leads to a physical network.',
      `${nameOf('physnet')} physnet1 ${nameOf('vlan')} ${String(tag)}, or no VLAN`,
    )
  }
  return { physnet: parsePhysnet(physnet, nameOf('physnet')), tag }
}

function parseDns({ dns = [] }: NetworkWords, dhcp: boolean, nameOf: NetworkWordName): readonly IpAddress[] {
  if (dns.length > 0 && !dhcp)
    throw new BadInput(nameOf('dns'), 'name servers are told by DHCP.', `${nameOf('dhcp')} ovn`)
  return dns.map((text) => {
    const ip = parseIp(text, nameOf('dns'), '192.0.2.53')
    refuseSpecial(ip, nameOf('dns'))
    return ip
  })
}
