import type { BaseCommand, Live } from '../base-command.ts'
import { candidates, choicesIn, type Completable } from '../candidates.ts'
import { openHost } from '../lib/host.ts'
import { liveBridges, liveContainers, liveInterfaces, liveMirrors, liveNetworks } from '../lib/live/names.ts'
import { Command } from '../oclif.ts'

/** Called by the shell scripts of `ovsd completion`, with the words that stand on the command line so far. */
export default class Complete extends Command {
  static override hidden = true
  static override strict = false
  static override summary = 'Print what could come next on a command line (for the completion scripts)'

  async run(): Promise<void> {
    // Not oclif's parser: the words are somebody else's flags.
    this.parsed = true
    const [, ...words] = this.argv
    process.stdout.write((await this.#matching(words)).map((word) => `${word}\n`).join(''))
  }

  async #matching(words: readonly string[]): Promise<readonly string[]> {
    const current = words.at(-1) ?? ''
    const names = this.#commands()
    const [first = '', second = ''] = words
    const below = names.flatMap(([topic, name]) => (topic === first && name !== undefined ? [name] : []))
    const found =
      words.length <= 1
        ? names.map(([name]) => name)
        : // What is a topic may be a command, too, with options of its own.
          words.length === 2 && below.length > 0 && !current.startsWith('-')
          ? below
          : await this.#following(below.includes(second) ? [`${first}:${second}`, ...words.slice(2)] : words)
    return [...new Set(found)].filter((word) => word.startsWith(current))
  }

  /** Names of commands in words: of `policy:check`, the topic and the command in it. */
  #commands(): readonly (readonly [first: string, second?: string])[] {
    return this.config.commands
      .filter(({ hidden }) => !hidden)
      .map(({ id }) => id)
      .sort()
      .map((id) => id.split(':') as [string, string?])
  }

  async #following([id = '', ...rest]: readonly string[]): Promise<readonly string[]> {
    const command = this.config.findCommand(id)
    if (command === undefined) return []
    const loaded = (await command.load()) as unknown as typeof BaseCommand
    const completable: Completable = {
      args: Object.keys(command.args),
      flags: Object.values(command.flags)
        .filter(({ hidden }) => hidden !== true)
        .map((flag) => ({
          name: flag.name,
          takesValue: flag.type === 'option',
          options: flag.type === 'option' ? (flag.options ?? choicesIn(flag.helpValue)) : [],
        })),
      live: loaded.live,
    }
    const found = candidates(completable, rest)
    if ('words' in found) return found.words
    const names = await this.#live(found.live, rest)
    return names.map((name) => `${found.before ?? ''}${name}`)
  }

  async #live(kind: Live, rest: readonly string[]): Promise<readonly string[]> {
    using host = openHost()
    switch (kind) {
      case 'bridge':
        return await liveBridges(host)
      case 'container':
        return await liveContainers(host)
      case 'interface':
        return await liveInterfaces(host, rest)
      case 'network':
        return await liveNetworks(host)
      case 'mirror':
        return await liveMirrors(host)
    }
  }
}
