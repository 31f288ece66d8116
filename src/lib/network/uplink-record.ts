// What a NIC was like before it joined a bridge stands on the Bridge row, so that it can be so again: it survives ovsd, a
// reboot, and somebody who takes the port away. A mark, as others (man/ovsd.8, "MARKS").
import type { NicRoute } from '../net/nic-routes.ts'
import { routeKey } from '../net/nic-routes.ts'
import { areAddressWords, areRouteWords } from './uplink-words.ts'

type Ids = Readonly<Record<string, string>>

/** What is put back when the NIC leaves. */
export interface UplinkRecord {
  readonly up: boolean
  /** Addresses and routes that the bridge's own port has while the NIC belongs to it. */
  readonly moved: Moved | undefined
}

export interface Moved {
  /** Whether the bridge's own port was up. */
  readonly localUp: boolean
  /** Words of `ip address add`, without the device. */
  readonly addresses: readonly string[]
  /** Words of `ip route add`, without the device. */
  readonly routes4: readonly string[]
  readonly routes6: readonly string[]
}

const PREFIX = 'ovsd_uplink.'

/** The key of a NIC's record on its bridge. */
export const uplinkKey = (nic: string): string => `${PREFIX}${nic}`

/** The pair that the Bridge row gets. */
export const uplinkPair = (nic: string, record: UplinkRecord): Ids => ({ [uplinkKey(nic)]: JSON.stringify(record) })

/** Whether the host has moved to a bridge with another NIC than this: then the untagged traffic of the bridge is the host's. */
export const isHostOn = (ids: Ids, except: string | undefined): boolean =>
  Object.keys(ids)
    .filter((key) => key.startsWith(PREFIX) && key !== uplinkKey(except ?? ''))
    .some((key) => readUplink(ids, key.slice(PREFIX.length))?.moved !== undefined)

/** The record of a NIC; undefined when there is none that makes sense. */
export function readUplink(ids: Ids, nic: string): UplinkRecord | undefined {
  const text = ids[uplinkKey(nic)]
  if (text === undefined) return undefined
  try {
    const { up, moved } = JSON.parse(text) as Partial<UplinkRecord>
    if (typeof up !== 'boolean') return undefined
    if (moved === undefined) return { up, moved }
    const { localUp, addresses, routes4, routes6 } = moved as Partial<Moved>
    if (typeof localUp !== 'boolean' || !areAll(addresses, areAddressWords)) return undefined
    if (!areAll(routes4, areRouteWords) || !areAll(routes6, areRouteWords)) return undefined
    return { up, moved: { localUp, addresses, routes4, routes6 } }
  } catch {
    return undefined
  }
}

/** Whoever wrote it: nothing that `ip -batch` would do something else with (uplink-words.ts). */
const areAll = (list: unknown, isOne: (words: string) => boolean): list is readonly string[] =>
  Array.isArray(list) && list.every((one) => typeof one === 'string' && isOne(one))

/** What tells an address apart from others, of its words. */
export const addressKey = (words: string): string => /^\S+(?: peer \S+)?/.exec(words)?.[0] ?? words

/** The routes of a record. */
export const routesOf = ({ routes4, routes6 }: Moved): readonly NicRoute[] => [
  ...routes4.map((words) => routeFrom(words, 4)),
  ...routes6.map((words) => routeFrom(words, 6)),
]

const routeFrom = (words: string, family: 4 | 6): NicRoute => ({
  ...{ family, words, key: routeKey(words), isFar: words.includes(' via ') },
  isDefault: /^(\S+ )?(default|::\/0)\b/.test(words),
  isKernels: / proto kernel\b/.test(words),
})
