import { editDistance } from './edit-distance.ts'

/** Words that name no command, with the commands that may have been meant. */
export interface UnknownCommand {
  readonly typed: string
  readonly suggestions: readonly string[]
}

const MOST_SUGGESTIONS = 3

/**
 * Looks for a command (or a topic, which shows its help) at the start of a command line. Done before oclif is asked,
 * because oclif answers an unknown command by offering to install a plugin, and exits with 127.
 */
export function findUnknownCommand(argv: readonly string[], ids: readonly string[]): UnknownCommand | undefined {
  const firstOption = argv.findIndex((word) => word.startsWith('-'))
  const words = (firstOption < 0 ? argv : argv.slice(0, firstOption)).flatMap((word, i) =>
    // oclif itself separates a topic from its command by a colon, and accepts that in the first word.
    i === 0 ? word.split(':') : [word],
  )
  for (let count = 1; count <= words.length; count++) {
    const id = words.slice(0, count).join(':')
    if (ids.includes(id)) return undefined
    if (!ids.some((known) => known.startsWith(`${id}:`)))
      return { typed: words.slice(0, count).join(' '), suggestions: nearest(words, ids) }
  }
  return undefined
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
