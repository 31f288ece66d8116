import { BadInput, OvsdError, Refused } from '../errors.ts'
import type { ExternalAddress } from '../net/external.ts'
import { describeVlan } from '../net/vlan.ts'
import { parseAttach, type AttachRequest } from '../plan/request.ts'
import { askedBy, type Asked, type Problem } from './asked.ts'
import { externalOf } from './external.ts'
import type { Key } from './keys.ts'
import { contradiction, inNetwork, networkOf, wordsInNetwork, type NamedNetwork } from './network.ts'
import { shown } from './quote.ts'
import { labelOf, nameOfWord, wordsOf, type Defaults } from './words.ts'

export type { NamedNetwork } from './network.ts'
export type { Defaults } from './words.ts'

/** One interface that labels ask for, or why they do not get it. */
export type Wish = WantedWish | RefusedWish

export interface WantedWish {
  readonly kind: 'wanted'
  readonly iface: string
  readonly request: AttachRequest
  readonly external: ExternalAddress | undefined
  /** The network that it is in. Addresses and gateways that this gives are not in the request yet. */
  readonly network: NamedNetwork | undefined
  /** The labels behind it, as they were written: for the policy, which asks what was said and what is a default. */
  readonly labels: ReadonlyMap<Key, string>
}

export interface RefusedWish {
  readonly kind: 'refused'
  /** Empty when a label does not say which interface it is about. */
  readonly iface: string
  readonly refusal: Refusal
}

/** Why a label is refused, in words that can be shown: short, printable. */
export interface Refusal {
  /** Code of the error, as in ovsd-errors(7). */
  readonly code: string
  readonly message: string
  readonly next: string | undefined
  readonly label: string
}

/** More interfaces than a container needs, and fewer than would be a nuisance. */
export const MOST_INTERFACES = 32

/**
 * What the labels of a container ask for: interfaces with checked requests, and refusals, each about one interface. Never
 * throws for a label. The same labels give the same wishes in the same order.
 */
export function wishesOf(labels: Readonly<Record<string, string>>, defaults: Defaults): readonly Wish[] {
  const { interfaces, strays } = askedBy(labels, defaults.iface)
  const wishes = [
    ...withoutRepetition(interfaces.slice(0, MOST_INTERFACES).map((asked) => wishOf(asked, defaults))),
    ...strays.slice(0, MOST_INTERFACES).map(({ iface, ...problem }) => refused(iface, problem)),
  ]
  const left = interfaces.slice(MOST_INTERFACES)
  return left.length === 0 ? wishes : [...wishes, tooMany(left)]
}

function wishOf(asked: Asked, defaults: Defaults): Wish {
  const iface = shown(asked.iface)
  if (asked.problem !== undefined) return refused(iface, asked.problem)
  try {
    const network = networkOf(asked, defaults.networks)
    const problem = network && contradiction(asked, network)
    if (problem !== undefined) return refused(iface, problem)
    const said = wordsOf(asked, defaults)
    const words = network === undefined ? said : wordsInNetwork(asked, said, network)
    const whole = parseAttach(words, (word) => nameOfWord(asked, word))
    // Of a network that nobody could look up nothing is known.
    const hasIpv4 =
      (network !== undefined && network.found === undefined) ||
      whole.addresses.some(({ ip: { family } }) => family === 4)
    const external = externalOf(asked, defaults, hasIpv4)
    const request = network === undefined ? whole : inNetwork(asked, whole, network)
    const labels = new Map([...asked.labels.keys()].map((key) => [key, labelOf(asked, key)] as const))
    return { kind: 'wanted', iface, request, external, network, labels }
  } catch (error) {
    if (!(error instanceof OvsdError)) throw error
    const label = error instanceof BadInput ? error.field : labelOf(asked, 'network')
    return refused(iface, { label, error })
  }
}

const refused = (iface: string, { label, error }: Problem): RefusedWish => ({
  kind: 'refused',
  iface,
  refusal: { code: error.code, message: error.message, next: error.next, label },
})

function tooMany(left: readonly Asked[]): RefusedWish {
  const [first] = [...(left[0]?.labels.values() ?? [])]
  const label = shown(first?.name ?? '')
  const why = `a container gets at most ${String(MOST_INTERFACES)} interfaces by labels.`
  const next = `${String(left.length)} interfaces are left out.`
  return refused('', { label, error: new Refused('LabelConflict', `${label}: ${why}`, { next }) })
}

/** Refuses the later of two interfaces of one container that want the same address in one VLAN of a bridge, or network. */
function withoutRepetition(wishes: readonly Wish[]): readonly Wish[] {
  const holders = new Map<string, string>()
  return wishes.map((wish) => {
    if (wish.kind === 'refused') return wish
    const { bridge, addresses, vlan, network } = wish.request
    const other = network === undefined ? undefined : holders.get(`network ${network}`)
    if (network !== undefined && other !== undefined)
      return again(wish, 'network', `${other} is in ${network} already.`)
    const keys = addresses.map(({ ip }) => ({ ip, key: `${bridge} ${describeVlan(vlan)} ${ip.text}` }))
    const taken = keys.find(({ key }) => holders.has(key))
    if (taken !== undefined)
      return again(
        wish,
        'ip_address',
        `${taken.ip.text} on ${bridge} is asked for by ${holders.get(taken.key) ?? ''} already.`,
      )
    for (const { key } of keys) holders.set(key, wish.iface)
    if (network !== undefined) holders.set(`network ${network}`, wish.iface)
    return wish
  })
}

function again({ iface, labels }: WantedWish, key: 'network' | 'ip_address', why: string): RefusedWish {
  const label = labels.get(key) ?? ''
  const next = `Give each interface ${key === 'network' ? 'a network' : 'an address'} of its own.`
  return refused(iface, { label, error: new Refused('LabelConflict', `${label}: ${why}`, { next }) })
}
