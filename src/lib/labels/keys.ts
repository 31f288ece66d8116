import type { AttachWords } from '../plan/request.ts'
import { closest } from '../ui/closest.ts'

/** The labels, by what stands behind the last dot; and the word of an add-port request that each of them is. */
const WORDS = {
  ip_address: 'ipaddress',
  bridge: 'bridge',
  interface: 'iface',
  gateway: 'gateway',
  mtu: 'mtu',
  mac_address: 'macaddress',
  vlan: 'vlan',
  trunks: 'trunks',
  native_vlan: 'nativeVlan',
  tenant: 'tenant',
  routes: 'route',
  rate: 'rate',
  network: 'network',
  external_ip: undefined,
  external_gateway: undefined,
  external_interface: undefined,
} as const satisfies Readonly<Record<string, keyof AttachWords | undefined>>

export type Key = keyof typeof WORDS

/** Every key, as the manual has them. */
export const KEYS = Object.keys(WORDS) as readonly Key[]

/** The key that says this word of a request. */
export const keyOfWord = (word: keyof AttachWords): Key => KEYS.find((key) => WORDS[key] === word) ?? 'interface'

/** Whether any of these labels names a network. */
export const nameNetwork = (labels: Readonly<Record<string, string>>): boolean =>
  Object.keys(labels).some((name) => name.startsWith(PREFIX) && splitLabel(name).key === 'network')

/** What all labels for ovsd begin with. */
export const PREFIX = 'ovs.'

/** A label in parts: `ovs.eth1.100.mtu` is the key `mtu` of the interface `eth1.100`; a plain `ovs.mtu` names none. */
export interface LabelName {
  readonly iface: string | undefined
  readonly key: string
}

/** Takes a label that begins with `ovs.` apart. */
export function splitLabel(label: string): LabelName {
  const rest = label.slice(PREFIX.length)
  const dot = rest.lastIndexOf('.')
  return dot < 0 ? { iface: undefined, key: rest } : { iface: rest.slice(0, dot), key: rest.slice(dot + 1) }
}

/** The key of a label, if it is one; `interface` only of a plain label, because the others name theirs already. */
export const knownKey = ({ iface, key }: LabelName): Key | undefined =>
  (KEYS as readonly string[]).includes(key) && (iface === undefined || key !== 'interface') ? (key as Key) : undefined

/** Longer names are nobody's slip of the finger, and comparing them takes time. */
const LONGEST_SLIP = 40

/** The label that was probably meant by one with an unknown key. */
export function nearestLabel({ iface, key }: LabelName): string | undefined {
  const whole = iface === undefined ? key : `${iface}.${key}`
  if (whole.length > LONGEST_SLIP || key === 'interface') return undefined
  const near = closest(key, KEYS)
  if (near !== undefined) return `${PREFIX}${iface === undefined ? '' : `${iface}.`}${near}`
  // ovs.external.ip
  const plain = closest(whole, KEYS)
  return plain === undefined ? undefined : `${PREFIX}${plain}`
}

/**
 * Whether an unknown label is somebody else's, such as `ovs.port.manager.version`: nothing known is near it, and what
 * stands where an interface would be does not end with a digit, as the names of interfaces do.
 */
export const isForeign = (name: LabelName): boolean =>
  name.iface !== undefined && !/[0-9]$/.test(name.iface) && nearestLabel(name) === undefined
