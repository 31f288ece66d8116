import { describeNetwork, type NetworkResult } from '../network/describe.ts'
import type { NetworkSpec } from '../network/spec.ts'

/** What was asked for and is otherwise. A VLAN and a way out that nobody asked for may be any, and the id is nobody's wish. */
export function differences(spec: NetworkSpec, asked: NetworkSpec): readonly string[] {
  const wish = { ...asked, vlan: asked.vlan ?? spec.vlan, id: asked.id ?? spec.id }
  const [is, asking] = [describeNetwork(spec), describeNetwork(wish)]
  const wanted =
    is.overlay?.role === 'transit' && asking.overlay?.physnet === null
      ? { ...asking, overlay: { ...asking.overlay, physnet: is.overlay.physnet } }
      : asking
  return (Object.keys(is) as (keyof NetworkResult)[])
    .filter((key) => JSON.stringify(is[key]) !== JSON.stringify(wanted[key]))
    .map((key) => `${WORDS[key] ?? key}: ${inWords(is[key])}, not ${inWords(wanted[key])}`)
}

const WORDS: Readonly<Partial<Record<keyof NetworkResult, string>>> = { addressesFrom: 'addresses from' }

function inWords(value: NetworkResult[keyof NetworkResult]): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : (value as readonly object[]).map(parts).join(' and ')
  return typeof value === 'object' ? parts(value) : String(value)
}

const parts = (value: object): string =>
  Object.entries(value)
    .filter(([, part]) => part !== null && part !== '' && !(Array.isArray(part) && part.length === 0))
    .map(([key, part]) => `${key} ${typeof part === 'object' ? JSON.stringify(part) : String(part)}`)
    .join(' ')
