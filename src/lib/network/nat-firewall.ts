// The firewall that a host has: nftables, or iptables where nft is missing. Both say the same (nat-rules.ts).
import { ToolMissing } from '../errors.ts'
import type { Command } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import { deleteChains, readChains, rewriteChains, wantedInChains } from './nat-chains.ts'
import type { Gateway } from './gateway.ts'
import { closedIn, type Closed, type Guarded } from './nat-rules.ts'
import { deleteTable, readTable, rewriteTable, wantedInTable, type Lines } from './nat-table.ts'
import { lookOf } from './look.ts'

/** What the firewall has of nat networks now, and how it is changed. */
export interface Firewall {
  /** What it is called in messages. */
  readonly name: 'nftables' | 'iptables'
  readonly isThere: boolean
  /** What there is, in lines of a chain and the comment of a rule, or of a chain itself. */
  readonly lines: Lines
  /** Whether it has forgotten what it remembered (`nft flush ruleset`): nothing of its guard is left. */
  readonly isEmpty: boolean
  /** What it remembers: interfaces that did not forward before. */
  readonly closed: readonly Closed[]
  /** Whether it is just as it should be for these gateways. */
  isFor(gateways: readonly Gateway[], guarded: Guarded): boolean
  /** What makes it so; without gateways nothing stays, unless damaged networks have some that are to be kept apart. */
  changeTo(gateways: readonly Gateway[], guarded: Guarded): readonly Command[]
}

const same = (a: Lines, b: Lines): boolean => a.length === b.length && a.every((line, i) => line === b[i])
const isEmpty = (lines: Lines): boolean => !lines.some((line) => /^(passing|4 OVSD-NAT-PASS) ovsd\//.test(line))
const isEnded = (gateways: readonly Gateway[], { strays }: Guarded): boolean =>
  gateways.length === 0 && strays.length === 0
const memory = (lines: Lines): readonly Closed[] => lines.flatMap((line) => closedIn(line))

/** Looks at the firewall. Errors: ToolMissing (neither nft nor iptables), CommandFailed. */
export const readFirewall = lookOf(async (run: Runner): Promise<Firewall> => {
  try {
    const lines = await readTable(run)
    const now = lines ?? []
    return {
      ...{ name: 'nftables', isThere: lines !== undefined, lines: now, isEmpty: isEmpty(now), closed: memory(now) },
      isFor: (gateways, guarded) => same(now, isEnded(gateways, guarded) ? [] : wantedInTable(gateways, guarded)),
      changeTo: (gateways, guarded) =>
        !isEnded(gateways, guarded) ? [rewriteTable(gateways, guarded)] : lines === undefined ? [] : [deleteTable],
    }
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error
    return readIptables(run, error)
  }
})

async function readIptables(run: Runner, cause: ToolMissing): Promise<Firewall> {
  try {
    const lines = await readChains(run)
    const now = lines ?? []
    return {
      ...{ name: 'iptables', isThere: lines !== undefined, lines: now, isEmpty: isEmpty(now), closed: memory(now) },
      isFor: (gateways, guarded) => same(now, wantedInChains(gateways, guarded)),
      changeTo: (gateways, guarded) =>
        isEnded(gateways, guarded) ? deleteChains(now) : rewriteChains(gateways, guarded, now),
    }
  } catch (error) {
    throw error instanceof ToolMissing ? cause : error
  }
}
