import { deleteFilter, readFilter, rewriteFilter, type Filter, type Passage } from '../../attach/external-filter.ts'
import type { LegKey } from '../../attach/external-leg.ts'
import { readRouting, takingLines, type Routing } from '../../attach/external-routing.ts'
import type { Host } from '../../host.ts'
import { linkExists } from '../../net/links.ts'
import type { Command } from '../../system/command.ts'
import { changedFilter, changePassages, forwarding, withoutPassages } from '../external-passages.ts'
import type { ReversibleStep } from '../step.ts'
import { dismiss } from './external-admit.ts'
import { deleteLinks } from './link-remove.ts'

/** A leg to be removed; `forget` takes its rule out of a container that lives on, as far as that can be done. */
export interface LegToRemove extends LegKey {
  readonly forget?: (signal: AbortSignal) => Promise<void>
}

/** What of the legs there was when the removal was planned, for showing the commands. */
export interface SeenLegs {
  readonly routing: Routing
  readonly filters: ReadonlyMap<string, Filter | undefined>
}

/** Looks at what there is of legs. */
export async function seeLegs(host: Host, legs: readonly LegKey[], signal?: AbortSignal): Promise<SeenLegs> {
  const links = linksOf(legs)
  const [routing, ...filters] = await Promise.all([
    readRouting(host.run, signal),
    ...links.map((link) => readFilter(host.run, link, signal)),
  ])
  return { routing, filters: new Map(links.map((link, i) => [link, filters[i]])) }
}

/**
 * Takes legs off the host, whatever is still there of them. A set-up uses it for stale ones only: those have no previous
 * state worth going back to, so there is nothing to undo.
 */
export function externalRemove(host: Host, legs: readonly LegToRemove[], seen: SeenLegs): ReversibleStep {
  const what = `external ${legs.length === 1 ? 'address' : 'addresses'} ${legs.map(({ ip }) => ip).join(', ')}`
  return {
    id: 'external.remove',
    title: `Remove ${what}`,
    leaves: what,
    keeps: `the stale ${what} stays removed`,
    commands: () => removalCommands(legs, seen),
    async isDone(signal) {
      const { routing, filters } = await seeLegs(host, legs, signal)
      return (
        !legs.some(({ end, link }) => linkExists(end) || passes(filters, link, (one) => one.end === end)) &&
        takingLines(legs, routing).length === 0
      )
    },
    apply: (signal) => removeLegs(host, legs, signal),
    undo: () => Promise.resolve(),
  }
}

const linksOf = (legs: readonly LegKey[]): readonly string[] => [...new Set(legs.map(({ link }) => link))]
const endsOf = (legs: readonly LegKey[]): ReadonlySet<string> => new Set(legs.map(({ end }) => end))
const passes = (filters: SeenLegs['filters'], link: string, is: (passage: Passage) => boolean): boolean =>
  filters.get(link)?.passages.some(is) === true

function removalCommands(legs: readonly LegToRemove[], { routing, filters }: SeenLegs): readonly Command[] {
  const taking = takingLines(withoutHeirs(legs, filters), routing)
  const ends = legs.map(({ end }) => end).filter((end) => linkExists(end))
  return [
    ...(taking.length === 0 ? [] : [batch(taking)]),
    ...ends.map((end): Command => ({ tool: 'ip', args: ['link', 'del', 'dev', end] })),
    ...[...filters].flatMap(([link, now]) => {
      if (now === undefined) return []
      const next = changedFilter(link, now, withoutPassages(endsOf(legs)))
      if (next !== undefined) return [rewriteFilter(link, next)]
      return [...(now.closed === undefined ? [] : [forwarding(link, false)]), deleteFilter(link)]
    }),
  ]
}

/** Does all of it that can be done; the first failure is reported in the end. */
async function removeLegs(host: Host, legs: readonly LegToRemove[], signal: AbortSignal): Promise<void> {
  const failures: unknown[] = []
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      failures.push(error)
    }
  }
  for (const { end, forget } of legs) if (forget !== undefined && linkExists(end)) await attempt(() => forget(signal))
  await attempt(() => dismiss(host, legs, signal))
  await attempt(async () => {
    const { filters } = await seeLegs(host, legs, signal)
    await takeRouting(host, withoutHeirs(legs, filters), signal)
  })
  await attempt(() => deleteLinks(host, [...endsOf(legs)], signal))
  // Last, and not after a failure: this is the record by which gc finds what is left.
  for (const link of failures.length > 0 ? [] : linksOf(legs))
    await attempt(() => changePassages(host, link, withoutPassages(endsOf(legs)), signal))
  if (failures.length > 0) throw failures[0]
}

/** The legs whose address nobody else has been given since. */
const withoutHeirs = (legs: readonly LegKey[], filters: SeenLegs['filters']): readonly LegKey[] =>
  legs.filter(
    ({ end, ip, link }) => !passes(filters, link, (one) => one.ip === ip && one.end !== end && linkExists(one.end)),
  )

/** Takes routes, rules and proxy entries away that are there. */
export async function takeRouting(host: Host, legs: readonly LegKey[], signal: AbortSignal): Promise<void> {
  const lines = takingLines(legs, await readRouting(host.run, signal))
  if (lines.length === 0) return
  try {
    await host.run(batch(lines), signal)
  } catch (error) {
    // Some of it went by itself meanwhile, with a link for example.
    if (takingLines(legs, await readRouting(host.run, signal)).length > 0) throw error
  }
}

const batch = (lines: readonly string[]): Command => ({
  tool: 'ip',
  args: ['-force', '-batch', '-'],
  input: `${lines.join('\n')}\n`,
})
