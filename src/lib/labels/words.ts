import { BadInput } from '../errors.ts'
import type { RecordedNetwork } from '../network/record.ts'
import type { AttachWords } from '../plan/request.ts'
import type { Asked, Label } from './asked.ts'
import { keyOfWord, type Key } from './keys.ts'
import { shown } from './quote.ts'
import { routeTexts } from '../net/route.ts'

/** What holds where labels say nothing. */
export interface Defaults {
  readonly bridge: string
  readonly iface: string
  readonly mtu?: number | undefined
  /** The host's interface for external addresses. */
  readonly externalInterface?: string | undefined
  /** The networks that there are; undefined when nobody could look. */
  readonly networks: readonly RecordedNetwork[] | undefined
  /** Full id of the container. */
  readonly container: string
}

const GOOD: Readonly<Partial<Record<Key, string>>> = {
  ip_address: '10.0.0.2/24,fd00::2/64',
  gateway: '10.0.0.1',
  mtu: '1450',
  mac_address: '02:42:0a:00:00:02',
  vlan: '100',
  trunks: '10,20,100-103',
  native_vlan: '5',
  tenant: 'blue',
  routes: '10.1.0.0/16,10.0.0.1',
  rate: '100M',
  external_ip: '192.0.2.10',
  external_gateway: '192.0.2.1',
  external_interface: 'eth0',
  bridge: 'br0',
  interface: 'eth1',
  network: 'blue',
}

/** More than any value needs; each single name or address in it is at most 80 characters long. */
const LONGEST_VALUE = 4096
const LONGEST_ITEM = 80

/** The value of a label, if it can be one at all. Error: BadInput. */
export function checkedValue(key: Key, { name, value }: Label): string {
  const bad = (why: string): BadInput => new BadInput(shown(name), why, GOOD[key] ?? 'a name')
  if (value.trim() === '') throw bad('it is empty. Leave the label out, or give it a value.')
  if (/[^ -~]/.test(value)) throw bad(`"${shown(value)}" has characters that cannot stand there.`)
  if (value.length > LONGEST_VALUE || value.split(/[ ,;]/).some((item) => item.length > LONGEST_ITEM))
    throw bad(`"${shown(value)}" is too long.`)
  return value.trim()
}

/** Values that stand in one label, separated by commas or blanks. */
export const list = (text: string): string[] => text.split(/[ ,]+/).filter((item) => item !== '')

/** How a label is called in messages: as it was written, or as it would be. */
export function labelOf(asked: Asked, key: Key): string {
  return shown(asked.labels.get(key)?.name ?? (asked.plain ? `ovs.${key}` : `ovs.${asked.iface}.${key}`))
}

/** What a word of the request is called: its label, or the setting that stands in for it. */
export function nameOfWord(asked: Asked, word: keyof AttachWords): string {
  const key = keyOfWord(word)
  if (asked.labels.has(key)) return labelOf(asked, key)
  if (word === 'bridge') return 'the default bridge'
  if (word === 'mtu') return 'the default MTU'
  if (word !== 'iface') return labelOf(asked, key)
  // Named in the labels themselves, or nowhere.
  return asked.plain ? 'the default interface' : shown([...asked.labels.values()][0]?.name ?? asked.iface)
}

/** The words of a request, as the labels have them. Error: BadInput. */
export function wordsOf(asked: Asked, defaults: Defaults): AttachWords {
  const values = new Map([...asked.labels].map(([key, label]) => [key, checkedValue(key, label)] as const))
  if (/[^ -~]/.test(asked.iface) || asked.iface.length > LONGEST_ITEM)
    throw new BadInput(nameOfWord(asked, 'iface'), 'no interface can have the name in this label.', 'ovs.eth1.mtu')
  refuseWithoutAddress(asked)
  const { mtu, bridge, container } = defaults
  return {
    bridge: values.get('bridge') ?? bridge,
    iface: asked.iface,
    container,
    ipaddress: list(values.get('ip_address') ?? ''),
    gateway: list(values.get('gateway') ?? ''),
    macaddress: values.get('mac_address'),
    mtu: values.get('mtu') ?? (mtu === undefined ? undefined : String(mtu)),
    vlan: values.get('vlan'),
    trunks: values.get('trunks')?.replaceAll(' ', ''),
    nativeVlan: values.get('native_vlan'),
    route: routeTexts(values.get('routes') ?? ''),
    rate: values.get('rate'),
    tenant: values.get('tenant'),
    owner: 'watch',
  }
}

/** Labels that say where an interface without an address belongs: enough for one that only passes frames. */
const PLACES: readonly Key[] = ['bridge', 'vlan', 'trunks', 'native_vlan', 'network']

function refuseWithoutAddress(asked: Asked): void {
  const { labels, plain } = asked
  if (labels.has('ip_address') || labels.has('network') || (!plain && PLACES.some((key) => labels.has(key)))) return
  const given = shown([...labels.values()][0]?.name ?? '')
  throw new BadInput(
    labelOf(asked, 'ip_address'),
    plain
      ? `it is missing, so ${given} has no interface to be about.`
      : `it is missing. An interface without an address needs ${PLACES.map((key) => `.${key}`).join(' or ')}.`,
    '10.0.0.2/24',
  )
}
