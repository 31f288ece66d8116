import type { Host } from '../../host.ts'
import { linkExists } from '../../net/links.ts'
import { linkDeletion } from '../../system/link-deletion.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Deletes the hosts' ends of veth pairs, and with them the containers'. A set-up clears with it what a killed run left
 * behind: that has no previous state worth going back to, so there is nothing to undo.
 */
export function linkRemove(host: Host, links: readonly string[]): ReversibleStep {
  const what = links.length === 1 ? `link ${links[0] ?? ''}` : `${String(links.length)} links`
  return {
    id: 'link.remove',
    title: `Delete ${what}`,
    leaves: what,
    keeps: `the stale ${what} stays deleted`,
    commands: () => [linkDeletion(links)],
    isDone: () => Promise.resolve(!links.some((link) => linkExists(link))),
    apply: (signal) => deleteLinks(host, links, signal),
    undo: () => Promise.resolve(),
  }
}

/** Deletes the links that exist; one that vanishes meanwhile (its namespace died) is as good. */
export async function deleteLinks(host: Host, links: readonly string[], signal: AbortSignal): Promise<void> {
  const present = links.filter((link) => linkExists(link))
  if (present.length === 0) return
  try {
    await host.run(linkDeletion(present), signal)
  } catch (error) {
    if (present.some((link) => linkExists(link))) throw error
  }
}
