// A network that brings its central of OVN with it (`--opt ovn.auto_create=true`), as a record has it.
import type { NetworkWords } from './words.ts'

/** What is wanted of a central that is made for a network; texts are as they were typed. */
export interface CentralWish {
  /** Docker network of its container. */
  readonly network?: string
  /** Where one may be at work already. */
  readonly northbound?: string
  readonly southbound?: string
  readonly encap?: string
  readonly encapIp?: string
}

const KEYS = ['network', 'northbound', 'southbound', 'encap', 'encapIp'] as const

/** The word that a wish is. */
export const centralWord = ({ northbound, southbound, encap, encapIp }: NetworkWords, network?: string): string =>
  JSON.stringify({ network, northbound, southbound, encap, encapIp })

/** The wish in a record; what nobody can read is none in particular. */
export function readCentralWish(text: string | undefined): CentralWish | undefined {
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null
    return Object.fromEntries(KEYS.flatMap((key) => (typeof value?.[key] === 'string' ? [[key, value[key]]] : [])))
  } catch {
    return {}
  }
}
