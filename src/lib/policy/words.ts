import type { Cidr } from '../net/cidr.ts'
import { compactTrunks } from '../net/vlan.ts'
import type { Allowed } from './policy.ts'

/** What is allowed, for a message or a table: `any`, `none`, or the list. */
export function inWords(allowed: Allowed<string | number | Cidr>): string {
  if (typeof allowed === 'boolean') return allowed ? 'any' : 'none'
  if (allowed.length === 0) return 'none'
  const numbers = allowed.filter((item) => typeof item === 'number')
  if (numbers.length > 0) return compactTrunks(numbers)
  return allowed.map((item) => (typeof item === 'object' ? item.text : String(item))).join(', ')
}
