// The chains of nat networks in iptables and ip6tables: what there is, and the commands that change it. Each table of each
// IP version is rewritten in one go.
import type { Command, Tool } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import type { Gateway } from './gateway.ts'
import { CHAINS, iptablesRules } from './nat-iptables.ts'
import { commentOf, type Guarded, type Rule } from './nat-rules.ts'
import type { Lines } from './nat-table.ts'

const FAMILIES = [4, 6] as const
const TABLES = ['filter', 'nat'] as const

type Table = (typeof TABLES)[number]

const SAVE: Readonly<Record<4 | 6, Tool>> = { 4: 'iptables-save', 6: 'ip6tables-save' }
const RESTORE: Readonly<Record<4 | 6, Tool>> = { 4: 'iptables-restore', 6: 'ip6tables-restore' }

const jumpsOf = (table: Table): readonly (readonly [string, string])[] => Object.entries(CHAINS[table].jumps)
const rulesIn = (table: Table, rules: readonly Rule[]): readonly Rule[] =>
  rules.filter(({ chain }) => (CHAINS[table].chains as readonly string[]).includes(chain))

/** What there should be: `FAMILY CHAIN COMMENT` of each rule, and the jumps to the chains, by table. */
export const wantedInChains = (gateways: readonly Gateway[], guarded: Guarded): Lines =>
  FAMILIES.flatMap((family) => {
    const rules = iptablesRules(gateways, family, guarded)
    if (rules.length === 0) return []
    return TABLES.flatMap((table) => [
      ...jumpsOf(table).map(([from, to]) => `${String(family)} ${from} ${to}`),
      ...rulesIn(table, rules).map((rule) => `${String(family)} ${rule.chain} ${commentOf(rule)}`),
    ])
  }).sort(byChain)

/** Order counts within a chain only. */
const byChain = (a: string, b: string): number => {
  const [one, other] = [a, b].map((line) => line.split(' ', 2).join(' '))
  return String(one) < String(other) ? -1 : String(one) > String(other) ? 1 : 0
}

/** What there is; undefined without any of it. Errors: ToolMissing, CommandFailed. */
export async function readChains(run: Runner): Promise<Lines | undefined> {
  const texts = await Promise.all(FAMILIES.map((family) => run({ tool: SAVE[family], args: [] })))
  const lines = texts.flatMap(({ stdout }, i) =>
    stdout.split('\n').flatMap((line): readonly string[] => {
      const family = String(FAMILIES[i])
      const [, chain = '', rest = ''] = /^-A (\S+) (.*)$/.exec(line) ?? []
      if (chain.startsWith('OVSD-NAT-'))
        return [`${family} ${chain} ${/--comment "?(ovsd\/[^" ]*)/.exec(rest)?.[1] ?? 'of somebody else'}`]
      const target = /^-j (OVSD-NAT-\S+)$/.exec(rest)?.[1]
      return target === undefined ? [] : [`${family} ${chain} ${target}`]
    }),
  )
  return lines.length === 0 ? undefined : lines.sort(byChain)
}

/** The commands that rewrite the chains; the jumps, which come first in their chains, only where they are missing. */
export const rewriteChains = (gateways: readonly Gateway[], guarded: Guarded, now: Lines): readonly Command[] =>
  FAMILIES.flatMap((family) => {
    const rules = iptablesRules(gateways, family, guarded)
    if (rules.length === 0) return deleteChains(now, [family])
    const lines = TABLES.flatMap((table) => [
      `*${table}`,
      ...CHAINS[table].chains.map((chain) => `:${chain} - [0:0]`),
      ...rulesIn(table, rules).map((rule) => {
        const [match, target] = /^(.*?)\s*(-[jg] .+)$/.exec(rule.text)?.slice(1) ?? []
        return `-A ${rule.chain} ${String(match)} -m comment --comment ${commentOf(rule)} ${String(target)}`
      }),
      ...jumpsOf(table)
        .filter(([from, to]) => !now.includes(`${String(family)} ${from} ${to}`))
        .map(([from, to]) => `-I ${from} -j ${to}`),
      'COMMIT',
    ])
    return [restore(family, lines)]
  })

/** The commands that take away what there is. */
export const deleteChains = (now: Lines, families: readonly (4 | 6)[] = FAMILIES): readonly Command[] =>
  families
    .filter((family) => now.some((line) => line.startsWith(`${String(family)} `)))
    .map((family) =>
      restore(
        family,
        TABLES.flatMap((table) => [
          `*${table}`,
          ...CHAINS[table].chains.map((chain) => `:${chain} - [0:0]`),
          ...jumpsOf(table)
            .filter(([from, to]) => now.includes(`${String(family)} ${from} ${to}`))
            .map(([from, to]) => `-D ${from} -j ${to}`),
          ...CHAINS[table].chains.map((chain) => `-X ${chain}`),
          'COMMIT',
        ]),
      ),
    )

const restore = (family: 4 | 6, lines: readonly string[]): Command => ({
  tool: RESTORE[family],
  args: ['--noflush', '-w', '5'],
  input: `${lines.join('\n')}\n`,
})
