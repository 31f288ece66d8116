import type { Cidr } from '../net/cidr.ts'
import { compactTrunks } from '../net/vlan.ts'
import { AS_GATEWAY } from './gateway.ts'
import { RULES } from './parse-policy.ts'
import type { Allowed, External, Policy, Rule } from './policy.ts'
import { inWords } from './words.ts'

/** One rule, for tables and for JSON. */
export interface DescribedRule {
  readonly rule: Rule
  /** As it stands in a file: true, false, or a list of texts. */
  readonly allowed: unknown
  readonly words: string
  /** Whether the file has it; otherwise it is built in. */
  readonly given: boolean
}

/** Every rule of a policy, in the order of the manual. */
export function describePolicy({ rules, given }: Policy): readonly DescribedRule[] {
  return RULES.map((rule) => ({
    rule,
    allowed: plain(rules[rule]),
    words: wordsOf(rule, rules[rule]),
    given: given.has(rule),
  }))
}

/** Rules that know no list. */
const SWITCHES: readonly Rule[] = ['untagged', 'mac', 'mtu', 'gateway', 'rate', 'image_labels', 'mirror', 'central']

type Value = Allowed<string | number | Cidr> | External

function wordsOf(rule: Rule, value: Value): string {
  if (isExternal(value)) return `on ${inWords(value.interfaces)}, of ${inWords(value.subnets)}`
  if (rule === 'gateway' && value === false) return `no, nor ${AS_GATEWAY}`
  if (SWITCHES.includes(rule)) return value === true ? 'yes' : 'no'
  return inWords(value)
}

function plain(value: Value): unknown {
  if (typeof value === 'boolean') return value
  if (isExternal(value)) return { interfaces: plain(value.interfaces), subnets: plain(value.subnets) }
  const numbers = value.filter((item) => typeof item === 'number')
  if (numbers.length > 0) return compactTrunks(numbers).split(',')
  return value.map((item) => (typeof item === 'object' ? item.text : String(item)))
}

const isExternal = (value: Value): value is External => typeof value === 'object' && 'interfaces' in value
