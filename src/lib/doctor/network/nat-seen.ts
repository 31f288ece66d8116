// What is different in the firewall of nat networks, rule by rule.
import type { Host } from '../../host.ts'
import { lookAtNat } from '../../network/nat.ts'
import { commentOf, nftRules } from '../../network/nat-rules.ts'
import { natOfHost } from '../../plan/steps/nat-rules.ts'
import { count } from '../words.ts'

/** How the rules differ from what they should be. */
export interface NatDifference {
  /** In a few words each: "nftables lacks 1 rule (chain leaving: … masquerade)". */
  readonly said: readonly string[]
  /** A line for each rule. */
  readonly evidence: readonly string[]
  /** Interfaces that the host's routes lead out by and the rules do not know, when that is all. */
  readonly newWays: readonly string[]
}

/** Most rules that are shown of each kind. */
const MOST = 5

/** Looks at them. Of iptables only the number of rules is told. Errors: those of lookAtNat. */
export async function natDifference(host: Host): Promise<NatDifference> {
  const { wish, firewall, guarded, toOpen } = await lookAtNat(host, await natOfHost(host))
  if (firewall.name === 'iptables')
    return { said: [], evidence: [`iptables-save: ${count(firewall.lines.length, 'line')} of ovsd`], newWays: [] }
  const rules = nftRules(wish.gateways, guarded).map((rule) => ({ ...rule, line: `${rule.chain} ${commentOf(rule)}` }))
  const [now, wanted] = [new Set(firewall.lines), new Set(rules.map(({ line }) => line))]
  const missing = rules.filter(({ line }) => !now.has(line))
  const more = firewall.lines.filter((line) => !line.startsWith('chain ') && !wanted.has(line))
  const shownMissing = missing.map(({ chain, text }) => `chain ${chain}: ${text}`)
  const shownMore = more.map((line) => {
    const [chain = '', ...comment] = line.split(' ')
    return `chain ${chain}, ${comment.join(' ').startsWith('ovsd/') ? 'a rule of ovsd that is not wanted any more' : 'of somebody else'}`
  })
  // A way out has a rule that remembers it; those are all that a NIC brings along.
  const ways = missing.map(({ closed }) => closed?.link)
  const isOnlyWays = more.length === 0 && ways.length > 0 && ways.every((link) => link !== undefined)
  return {
    said: [...told('lacks', shownMissing), ...told('has', shownMore)],
    evidence: [
      ...shownMissing.slice(0, MOST).map((text) => `nft list table inet ovsd_nat: missing in ${text}`),
      ...shownMore.slice(0, MOST).map((text) => `nft list table inet ovsd_nat: there in ${text}`),
    ],
    newWays: isOnlyWays ? [...new Set([...ways, ...toOpen])] : [],
  }
}

const told = (verb: string, shown: readonly string[]): readonly string[] =>
  shown.length === 0
    ? []
    : [`nftables ${verb} ${count(shown.length, 'rule')} (${shown.slice(0, 1).join('')}${shown.length > 1 ? ' …' : ''})`]
