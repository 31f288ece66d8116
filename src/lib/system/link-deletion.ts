// Links go one after the other, and the kernel waits for each until nobody looks at it any more (synchronize_net), some 18 ms: 100
// pairs take 1.8 s, and as a group 0.06 s.
import type { Command } from './command.ts'

/** Above every group that people give: it is 0 unless somebody says another one (ip-link(8)). */
const FIRST_GROUP = 1 << 30

/** Deletes links, and with each one its other end. One that is gone already holds up no other one (-force). */
export const linkDeletion = (links: readonly string[]): Command => ({
  tool: 'ip',
  args: ['-force', '-batch', '-'],
  input: links.length === 1 ? `link del dev ${links[0] ?? ''}\n` : asGroup(links),
  joint: 'removal',
})

function asGroup(links: readonly string[]): string {
  const group = String(groupOf(links))
  return [...links.map((link) => `link set dev ${link} group ${group}`), `link del group ${group}`, ''].join('\n')
}

/** The links that such an input is about; undefined for any other one. */
export function linksIn(input: string): readonly string[] | undefined {
  const lines = input.split('\n').slice(0, -1)
  const links = lines.map((line) => /^link (?:del|set) dev (\S+)(?: group \d+)?$/.exec(line)?.[1])
  if (/^link del group \d+$/.test(lines.at(-1) ?? '')) links.pop()
  return links.every((link) => link !== undefined) ? links : undefined
}

/** The same for the same links: what --dry-run prints is what is run. Whoever has this group at that moment is to be deleted. */
function groupOf(links: readonly string[]): number {
  let hash = 0
  for (const one of links.join()) hash = (Math.imul(hash, 31) + one.charCodeAt(0)) >>> 0
  return FIRST_GROUP + (hash % FIRST_GROUP)
}
