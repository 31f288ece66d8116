import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'

/** Texts of the sources that these patterns match. */
export const sourcesIn = (...patterns: readonly string[]): readonly string[] =>
  globSync([...patterns], { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8'))

/** Every event that the sources log, with the levels that stand at the calls; `*` where one is worked out. */
export function loggedEvents(sources: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  const add = (event: string, level: string): void => {
    found.set(event, (found.get(event) ?? new Set()).add(level))
  }
  for (const source of sources) {
    for (const [, level = '', event = ''] of source.matchAll(/\.(debug|info|warn|error)\(\s*['`]([^'`]+)['`]/g))
      if (!event.includes('$')) add(event, level)
    for (const [, event = ''] of source.matchAll(/(?:\bsay\(\s*\w+|\blog\[[^\]]*\]\(),?\s*'([a-z]+\.[a-z]+)'/g))
      add(event, '*')
    for (const [, field = '', id = ''] of source.matchAll(/#(\w+) = new Outage\(\s*log,\s*'(\w+)'/g)) {
      add(`${id}.lost`, 'warn')
      add(`${id}.back`, 'info')
      if (source.includes(`#${field}.stumbled(`)) add(`${id}.ended`, 'debug')
    }
  }
  return found
}
