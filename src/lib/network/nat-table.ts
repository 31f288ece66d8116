// The rules of nat networks as tables of nftables. Rewritten as a whole, in one transaction of the kernel.
import type { Command } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import { printed } from '../attach/external-answers.ts'
import type { Gateway } from './gateway.ts'
import { commentOf, nftRules, type Guarded } from './nat-rules.ts'

/** Name of the tables. */
export const TABLE = 'ovsd_nat'

/** The chains of each table with what they hang on: type, hook, priority as nft prints it. */
const TABLES = {
  inet: {
    entering: { type: 'filter', hook: 'input', prio: 0 },
    passing: { type: 'filter', hook: 'forward', prio: 0 },
    leaving: { type: 'nat', hook: 'postrouting', prio: 100 },
    arriving: { type: 'nat', hook: 'prerouting', prio: -100 },
    calling: { type: 'nat', hook: 'output', prio: -100 },
    published: undefined,
    doors: undefined,
    bridged: undefined,
  },
  arp: { answering: { type: 'filter', hook: 'input', prio: 0 } },
} as const

const FAMILIES = ['inet', 'arp'] as const
const CHAINS = FAMILIES.flatMap((family) =>
  Object.entries(TABLES[family]).map(([name, hook]) => ({ family, name, hook })),
)
const familyOf = (chain: string): string => CHAINS.find(({ name }) => name === chain)?.family ?? 'inet'

/** What there is, and what is wanted, in lines that can be compared: chains, and the comments of rules in their order. */
export type Lines = readonly string[]

interface NftChain {
  readonly name: string
  readonly type?: string
  readonly hook?: string
  readonly prio?: number
  readonly policy?: string
}

const chainLine = ({ name, type, hook, prio, policy }: NftChain): string =>
  ['chain', name, ...(type === undefined ? [] : [type, hook, prio, policy].map(String))].join(' ')

const chainLines: Lines = CHAINS.map(({ name, hook }) =>
  chainLine(hook === undefined ? { name } : { name, ...hook, policy: 'accept' }),
)

/** The last answer: every network of a host asks the same, and digests of the rules for hundreds take their time. */
let last: { readonly question: string; readonly lines: Lines } | undefined

export function wantedInTable(gateways: readonly Gateway[], guarded: Guarded): Lines {
  const question = JSON.stringify([gateways, guarded])
  if (last?.question !== question) {
    const rules = nftRules(gateways, guarded).map((rule) => `${rule.chain} ${commentOf(rule)}`)
    last = { question, lines: sortedByChain([...chainLines, ...rules]) }
  }
  return last.lines
}

/** The order of rules counts within a chain only. */
function sortedByChain(lines: Lines): Lines {
  const chain = (line: string): string => line.split(' ', line.startsWith('chain ') ? 2 : 1).join(' ')
  return [...lines].sort((a, b) => (chain(a) < chain(b) ? -1 : chain(a) > chain(b) ? 1 : 0))
}

export function rewriteTable(gateways: readonly Gateway[], guarded: Guarded): Command {
  const chains = CHAINS.map(({ family, name, hook }) => {
    const words = hook === undefined ? '' : ` { type ${hook.type} hook ${hook.hook} priority ${String(hook.prio)}; }`
    return `add chain ${family} ${TABLE} ${name}${words}`
  })
  const rules = nftRules(gateways, guarded).map((rule) => {
    const place = `${familyOf(rule.chain)} ${TABLE} ${rule.chain}`
    return `add rule ${place} ${rule.text} comment "${commentOf(rule)}"`
  })
  return nft([...AWAY, ...FAMILIES.map((family) => `add table ${family} ${TABLE}`), ...chains, ...rules])
}

/** `add` first, because deleting what is not there would fail. */
const AWAY = FAMILIES.flatMap((family) => ['add', 'delete'].map((verb) => `${verb} table ${family} ${TABLE}`))

export const deleteTable: Command = nft(AWAY)

function nft(lines: readonly string[]): Command {
  return { tool: 'nft', args: ['-f', '-'], input: `${lines.join('\n')}\n` }
}

interface Listed {
  readonly chain?: NftChain
  readonly rule?: { readonly chain: string; readonly comment?: string }
}

/** What there is of both tables; undefined without any. Errors: ToolMissing, CommandFailed. */
export async function readTable(run: Runner): Promise<Lines | undefined> {
  const texts = await Promise.all(
    FAMILIES.map((family) =>
      printed(run({ tool: 'nft', args: ['-j', 'list', 'table', family, TABLE] }), /No such file or directory/),
    ),
  )
  const found = texts.filter((text) => text !== undefined)
  if (found.length === 0) return undefined
  const listed = found.flatMap((text) => (JSON.parse(text) as { readonly nftables: readonly Listed[] }).nftables)
  return sortedByChain(
    listed.flatMap(({ chain, rule }) => [
      ...(chain === undefined ? [] : [chainLine(chain)]),
      ...(rule === undefined ? [] : [`${rule.chain} ${rule.comment ?? 'of somebody else'}`]),
    ]),
  )
}
