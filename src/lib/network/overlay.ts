import { BadInput, Refused } from '../errors.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { parseIp, refuseSpecial, type IpAddress } from '../net/ip-address.ts'
import { parseNetwork } from '../net/cidr.ts'
import { parseTag } from '../net/vlan.ts'
import { recordText } from './record-text.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/** What a network on OVN has that one of Open vSwitch alone has not. */
export interface Overlay {
  /** Name of its logical switch, the same on every host. */
  readonly logicalSwitch: string
  /** The physical network that it is led out to, and its VLAN there; untagged when left out. */
  readonly localnet: { readonly physnet: string; readonly tag: number | undefined } | undefined
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
  ['mirrorPorts', 'mirrors of networks on OVN are made one by one, with ovsd mirror create'],
  ['mirrorDest', 'mirrors of networks on OVN are made one by one, with ovsd mirror create'],
]

/** Words that mean something on a logical switch only. */
const ITS_OWN = ['physnet', 'dns'] as const satisfies readonly (keyof NetworkWords)[]

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
  return {
    logicalSwitch: nameOfSwitch(words, nameOf),
    localnet: parseLocalnet(words, nameOf),
    dhcp,
    dns: parseDns(words, dhcp, nameOf),
    record: recordText(words),
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
  // What ovn-nbctl could take for a UUID, an option or two words.
  if (/^[A-Za-z_][A-Za-z0-9_.:-]{0,62}$/.test(name)) return name
  throw new BadInput(nameOf('switch'), `"${name.slice(0, 80)}" is no name of a logical switch.`, 'ls-blue')
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
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(physnet))
    throw new BadInput(nameOf('physnet'), `"${physnet.slice(0, 80)}" is no name of a physical network.`, 'physnet1')
  return { physnet, tag }
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
