import type { Host } from '../../host.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { hasIds, textOf } from '../../ovn/nb/operations.ts'
import type { Side } from '../../ovn/remotes.ts'
import { uuidOf } from '../../ovsdb/values.ts'
import type { Command } from '../../system/command.ts'
import type { Step } from '../step.ts'
import { OUR_LISTENER } from './local-central-listen.ts'
import { localRemotes } from './local-central-start.ts'

const PLACES = {
  northbound: ['ovn-nbctl', 'NB_Global'],
  southbound: ['ovn-sbctl', 'SB_Global'],
} as const satisfies Readonly<Record<Side, readonly string[]>>

/** Where ovsd has had a database of this host listen. Errors: CentralUnreachable, DatabaseRefused. */
async function ourListeners(side: Side): Promise<readonly { readonly uuid: string; readonly target: string }[]> {
  using database = new OvnDatabase(side, localRemotes(side))
  const [rows = []] = await database.select([
    { table: 'Connection', where: [hasIds(OUR_LISTENER)], columns: ['_uuid', 'target'] },
  ])
  return rows.map((row) => ({ uuid: uuidOf(row['_uuid']), target: textOf(row['target']) }))
}

/** Plans that a database of this host listens no more where ovsd has had it listen; nothing where it does not. */
export async function localListenersRemove(
  host: Host,
  side: Side,
): Promise<readonly (Step & { readonly leaves: string })[]> {
  const found = await ourListeners(side).catch(() => [])
  if (found.length === 0) return []
  const [tool, global] = PLACES[side]
  const command: Command = {
    tool,
    args: [
      ...[`--db=${localRemotes(side).text}`, '--timeout=8', 'remove', global, '.', 'connections'],
      ...found.map(({ uuid }) => uuid),
    ],
  }
  const targets = found.map(({ target }) => target).join(', ')
  return [
    {
      id: `local-central.silence-${side}`,
      title: `Have the ${side} database listen at ${targets} no more`,
      leaves: `the ${side} database, listening at ${targets}`,
      commands: () => [command],
      isDone: async () => (await ourListeners(side)).length === 0,
      async apply(signal) {
        await host.run(command, signal)
      },
    },
  ]
}
