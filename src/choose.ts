import type { Live } from './base-command.ts'
import { openHost } from './lib/host.ts'
import { liveBridges, liveContainers, liveInterfaces, liveMirrors, liveNetworks } from './lib/live/names.ts'

/**
 * Asks for each missing argument, from what there is on this host. `argv` is what was typed. Loaded and called only
 * with a person at a terminal (BaseCommand.canAsk).
 */
export async function choose(
  missing: readonly string[],
  live: Readonly<Record<string, Live>>,
  argv: readonly string[],
): Promise<readonly string[]> {
  const { askName, pickName } = await import('./lib/ui/prompt.ts')
  using host = openHost()
  const answers: string[] = []
  for (const name of missing) {
    const message = `${name.toUpperCase()}?`
    switch (live[name]) {
      case 'bridge':
        answers.push(await pickName(message, await liveBridges(host), true))
        break
      case 'container':
        answers.push(await pickName(message, await liveContainers(host), false))
        break
      case 'interface':
        answers.push(await pickName(message, await liveInterfaces(host, [...argv, ...answers]), true))
        break
      case 'network':
        answers.push(await pickName(message, await liveNetworks(host), false))
        break
      case 'mirror':
        answers.push(await pickName(message, await liveMirrors(host), false))
        break
      case undefined:
        answers.push(await askName(message))
    }
  }
  return answers
}
