import { BadInput, Refused } from '../errors.ts'
import type { Cidr } from '../net/cidr.ts'
import { parseIp } from '../net/ip-address.ts'
import { pickFrom, refuseNone, staticAddresses, subnetsWithout } from '../network/addresses.ts'
import { parseNetworkName } from '../network/name.ts'
import type { Network } from '../network/networks.ts'
import type { RecordedNetwork } from '../network/record.ts'
import type { AttachRequest, AttachWords } from '../plan/request.ts'
import { closest } from '../ui/closest.ts'
import type { Asked, Problem } from './asked.ts'
import type { Key } from './keys.ts'
import { checkedValue, labelOf, list } from './words.ts'

/** The network that labels name. */
export interface NamedNetwork {
  readonly name: string
  /** Undefined when nobody could look it up. */
  readonly found: Network | undefined
}

/**
 * The network that the labels of an interface name, among those that there are; `networks` is undefined when nobody knows
 * which those are. Errors: BadInput, NetworkMissing, NetworkDamaged.
 */
export function networkOf(asked: Asked, networks: readonly RecordedNetwork[] | undefined): NamedNetwork | undefined {
  const given = asked.labels.get('network')
  if (given === undefined) return undefined
  const label = labelOf(asked, 'network')
  const name = parseNetworkName(checkedValue('network', given), label)
  if (networks === undefined) return { name, found: undefined }
  const found = networks.find((one) => one.name === name)
  if (found === undefined) throw missing(label, name, networks)
  if ('spec' in found) return { name, found }
  throw new Refused('NetworkDamaged', `${label}: the network ${name} cannot be used: ${found.problem}.`, {
    next: `Look at it: ovs-vsctl get Bridge ${found.bridge} external_ids`,
  })
}

function missing(label: string, name: string, networks: readonly RecordedNetwork[]): Refused {
  const names = networks.map((one) => one.name)
  const meant = closest(name, names)
  return new Refused('NetworkMissing', `${label}: there is no network ${name}.`, {
    next: `${meant === undefined ? '' : `Did you mean ${meant}? `}It is attached as soon as there is one: ovsd net create ${name}`,
  })
}

/** Why labels cannot stand beside the network that they name; what says the same as the network can. */
export function contradiction(asked: Asked, { name, found }: NamedNetwork): Problem | undefined {
  const value = (key: Key): string | undefined => asked.labels.get(key)?.value.trim()
  const problem = (key: Key, why: string): Problem => {
    const label = labelOf(asked, key)
    const next = 'Leave it out: what is not said comes from the network.'
    return { label, error: new Refused('LabelConflict', `${label}: ${why}`, { next }) }
  }
  for (const key of ['trunks', 'native_vlan'] as const)
    if (asked.labels.has(key)) return problem(key, `the network ${name} is one VLAN, and a trunk carries several.`)
  if (found === undefined) return undefined
  const { bridge, vlan, tenant, mtu } = found.spec
  const differs = (key: Key, is: string | undefined): boolean => asked.labels.has(key) && value(key) !== is
  if (differs('bridge', bridge)) return problem('bridge', `the network ${name} is on ${bridge}.`)
  if (differs('vlan', vlan === undefined ? undefined : String(vlan)))
    return problem('vlan', `the network ${name} is ${vlan === undefined ? 'untagged' : `VLAN ${String(vlan)}`}.`)
  if (differs('tenant', tenant))
    return problem('tenant', `the network ${name} ${tenant === undefined ? 'has no tenant' : `belongs to ${tenant}`}.`)
  if (mtu !== undefined && Number(value('mtu') ?? 0) > mtu)
    return problem('mtu', `the network ${name} has an MTU of ${String(mtu)}, and no interface in it a larger one.`)
  return undefined
}

/**
 * The words of an interface in a network, from those of its labels. Error: BadInput (an address that is not to be had).
 * Addresses that are still to be given out are there as examples, so that gateways and routes are checked against them;
 * `inNetwork` takes them away.
 */
export function wordsInNetwork(asked: Asked, words: AttachWords, { name, found }: NamedNetwork): AttachWords {
  // What the network says cannot be known; what leads through its addresses neither.
  if (found === undefined) return { ...words, network: name, persist: true, gateway: [], route: [] }
  const { vlan, tenant, mtu, bridge } = found.spec
  const given = staticAddressesOf(asked, found)
  refuseNone(found, given, labelOf(asked, 'ip_address'))
  const gateways = new Set((words.gateway ?? []).map((text) => parseIp(text, labelOf(asked, 'gateway')).text))
  const examples = subnetsWithout(found, given).map((subnet) =>
    pickFrom(found, { ...subnet, range: subnet.cidr, gateway: undefined, aux: [] }, gateways),
  )
  return {
    ...words,
    ...{ bridge, network: name, persist: true, tenant },
    ipaddress: [...given, ...examples].map(({ text }) => text),
    vlan: vlan === undefined ? undefined : String(vlan),
    mtu: asked.labels.has('mtu') || mtu === undefined ? words.mtu : String(mtu),
  }
}

/** A request as it is before the network has given anything: in its VLAN, with the addresses that labels name. */
export function inNetwork(asked: Asked, request: AttachRequest, { found }: NamedNetwork): AttachRequest {
  if (found === undefined) return request
  return {
    ...request,
    addresses: staticAddressesOf(asked, found),
    ...(found.spec.source === 'dhcp' ? { dhcp: true } : {}),
    ...(found.spec.overlay === undefined ? {} : { onOvn: true }),
    // To Open vSwitch a port without a VLAN is a trunk of all VLANs: what is inside could reach every other network.
    vlan: found.spec.vlan === undefined ? { kind: 'access', tag: 0 } : request.vlan,
  }
}

function staticAddressesOf(asked: Asked, network: Network): readonly Cidr[] {
  const label = asked.labels.get('ip_address')
  if (label === undefined) return []
  const field = labelOf(asked, 'ip_address')
  const texts = list(checkedValue('ip_address', label))
  if (texts.length === 0) throw new BadInput(field, 'it names no address.', '10.0.0.9')
  return staticAddresses(network, texts, field)
}
