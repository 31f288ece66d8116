import type { Cidr } from '../net/cidr.ts'
import { compactTrunks } from '../net/vlan.ts'
import { fitsAny } from './glob.ts'
import type { Allowed } from './policy.ts'
import { inWords } from './words.ts'

/** Whether a name is allowed; none is. */
export function fits(allowed: Allowed<string>, name: string | undefined): boolean {
  if (name === undefined) return true
  return typeof allowed === 'boolean' ? allowed : fitsAny(allowed, name)
}

/** What is said of a rule that is broken, and what it allows; undefined when it is not. */
export const broken = (ok: boolean, what: string, allowed: Allowed<string | number | Cidr>): string | undefined =>
  ok ? undefined : `${what}${typeof allowed === 'boolean' ? '' : `; allowed: ${inWords(allowed)}`}.`

/** The same of VLANs that somebody wants. */
export function outsideVlans(allowed: Allowed<number>, tags: readonly number[]): string | undefined {
  const outside = tags.filter((tag) => !(typeof allowed === 'boolean' ? allowed : allowed.includes(tag)))
  return broken(outside.length === 0, `VLAN ${compactTrunks(outside)} is not allowed`, allowed)
}
