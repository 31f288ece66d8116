import type { Host } from '../../host.ts'
import { linkExists } from '../../net/links.ts'
import type { ReversibleStep } from '../step.ts'
import { deleteLink, linkDeletion } from './veth-create.ts'

/**
 * Deletes the host's end of a veth pair, and with it the container's. As part of a set-up it clears what a killed run
 * left behind: that has no previous state worth going back to, so there is nothing to undo.
 */
export function linkRemove(host: Host, link: string): ReversibleStep {
  return {
    id: 'link.remove',
    title: `Delete link ${link}`,
    leaves: `link ${link}`,
    commands: () => [linkDeletion(link)],
    isDone: () => Promise.resolve(!linkExists(link)),
    apply: (signal) => deleteLink(host, link, signal),
    undo: () => Promise.resolve(),
  }
}
