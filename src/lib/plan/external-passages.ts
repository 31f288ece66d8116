import type { Passage } from '../attach/external-filter.ts'
import { deleteFilter, readFilter, rewriteFilter, type Filter } from '../attach/external-filter.ts'
import { closedBefore, forwards } from '../attach/external-forwarding.ts'
import type { Host } from '../host.ts'
import { readFirewall } from '../network/nat-firewall.ts'
import type { Command } from '../system/command.ts'

/** Several plans of one process change the legs of one interface: each reads, changes and writes them undisturbed. */
let last: Promise<unknown> = Promise.resolve()

/**
 * The filter as `change` would have it, from what it is now; undefined when no leg is left. `elsewhere` is what networks
 * remember of the interface.
 */
export function changedFilter(
  link: string,
  now: Filter | undefined,
  change: (passages: readonly Passage[]) => readonly Passage[],
  elsewhere?: string,
): Filter | undefined {
  const passages = change(now?.passages ?? [])
  return passages.length === 0 ? undefined : { passages, closed: closedBefore(link, now, elsewhere) }
}

/** Adds a leg, in place of what there was under the same name. */
export const withPassage =
  ({ end, ip }: Passage) =>
  (passages: readonly Passage[]): readonly Passage[] => [...passages.filter((one) => one.end !== end), { end, ip }]

/** Takes legs away by the names of their links. */
export const withoutPassages =
  (ends: ReadonlySet<string>) =>
  (passages: readonly Passage[]): readonly Passage[] =>
    passages.filter(({ end }) => !ends.has(end))

/** The command that has an interface forward IPv4, or not. */
export const forwarding = (link: string, on: boolean): Command => ({
  tool: 'sysctl',
  // Slashes, because an interface name may have dots.
  args: ['-qw', `net/ipv4/conf/${link}/forwarding=${on ? '1' : '0'}`],
})

/**
 * Changes which legs are let through on an interface. With the first one it begins to forward, behind the filter; with the
 * last one that ends, unless it did before, and nothing of the filter stays.
 */
export function changePassages(
  host: Host,
  link: string,
  change: (passages: readonly Passage[]) => readonly Passage[],
  signal: AbortSignal,
): Promise<void> {
  const turn = last.then(async () => {
    signal.throwIfAborted()
    const now = await readFilter(host.run, link, signal)
    const elsewhere = await openedForNetworks(host, link)
    const next = changedFilter(link, now, change, elsewhere)
    if (next !== undefined) await open(host, link, next, signal)
    else if (now !== undefined) await close(host, link, now, elsewhere !== undefined, signal)
  })
  last = turn.catch(() => undefined)
  return turn
}

async function open(host: Host, link: string, next: Filter, signal: AbortSignal): Promise<void> {
  await host.run(rewriteFilter(link, next), signal)
  if (forwards(link) === false) await host.run(forwarding(link, true), signal)
}

/** What networks remember of an interface that they need as well, which did not forward before. */
async function openedForNetworks({ run }: Host, link: string): Promise<string | undefined> {
  if (forwards(link) !== true) return undefined
  return (await readFirewall(run)).closed.find((one) => one.link === link)?.before
}

async function close(host: Host, link: string, now: Filter, isNeeded: boolean, signal: AbortSignal): Promise<void> {
  const wasClosed = now.closed !== undefined && closedBefore(link, now) !== undefined
  // Before the filter goes: never is anything forwarded that was not before.
  if (wasClosed && !isNeeded && forwards(link) === true) await host.run(forwarding(link, false), signal)
  await host.run(deleteFilter(link), signal)
}
