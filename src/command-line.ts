import { editDistance } from './lib/ui/edit-distance.ts'

/** What the first words of a command line name. */
export type Named =
  | { readonly kind: 'command'; readonly id: string; readonly rest: readonly string[] }
  | { readonly kind: 'topic' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly typed: string; readonly suggestions: readonly string[] }

const MOST_SUGGESTIONS = 3

/**
 * Finds the command, or the topic, at the start of a command line. oclif has its own way to do this, but it takes words
 * after a command without arguments for parts of its name, offers to install a plugin for an unknown one, and exits
 * with 127.
 */
export function nameOf(argv: readonly string[], ids: readonly string[]): Named {
  const firstOption = argv.findIndex((word) => word.startsWith('-'))
  const words = firstOption < 0 ? argv : argv.slice(0, firstOption)
  if (words.length === 0) return { kind: 'nothing' }
  const isTopic = (id: string): boolean => ids.some((known) => known.startsWith(`${id}:`))
  // oclif itself puts a colon between topic and command, and so do its users.
  const names = words.map((_, i) => words.slice(0, i + 1).join(':'))
  const deepest = names.findIndex((name) => !isTopic(name))
  const count = deepest < 0 ? names.length : deepest + 1
  for (let n = count; n > 0; n--) {
    const id = names[n - 1] ?? ''
    if (ids.includes(id)) return { kind: 'command', id, rest: argv.slice(n) }
  }
  if (deepest < 0) return { kind: 'topic' }
  return { kind: 'unknown', typed: words.slice(0, count).join(' '), suggestions: nearest(words, ids) }
}

/** The ids that are near to what was typed, best first, as a person would type them. */
function nearest(words: readonly string[], ids: readonly string[]): readonly string[] {
  return ids
    .filter((id) => !id.startsWith('_'))
    .map((id) => {
      const parts = id.split(':')
      const typed = words.slice(0, parts.length).join(' ')
      const name = parts.join(' ')
      const limit = Math.max(1, Math.floor(typed.length / 3))
      return { name, distance: name.startsWith(typed) ? 0 : editDistance(typed, name), limit }
    })
    .filter(({ distance, limit }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ name }) => name)
}
