import type { Host } from '../../host.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { listenTarget, type Listen } from '../../ovn/listen.ts'
import type { Side } from '../../ovn/remotes.ts'
import type { TlsFiles } from '../../ovn/tls.ts'
import { optional, setOf, uuidOf } from '../../ovsdb/values.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'
import { localRemotes } from './local-central-start.ts'

const TOOLS = { northbound: 'ovn-nbctl', southbound: 'ovn-sbctl' } as const
const GLOBALS = { northbound: 'NB_Global', southbound: 'SB_Global' } as const

/** external_ids of a Connection that ovsd has made: `ovn teardown` takes those away, and no others. */
export const OUR_LISTENER = { ovsd: '1' } as const

/** Has a database of this host listen for other hosts, too. */
export function localCentralListen(host: Host, side: Side, listen: Listen, tls: TlsFiles | undefined): ReversibleStep {
  const target = listenTarget(side, listen)
  const global = GLOBALS[side]
  const command = (...args: readonly string[]): Command => ({
    tool: TOOLS[side],
    args: [`--db=${localRemotes(side).text}`, '--timeout=8', ...args],
  })
  const files =
    tls === undefined || !listen.isSecure ? [] : ['--', 'set-ssl', tls.privateKey, tls.certificate, tls.caCert]
  const create = command(
    ...['--', '--id=@c', 'create', 'Connection', `target=${JSON.stringify(target)}`, 'external_ids:ovsd=1'],
    ...['--', 'add', global, '.', 'connections', '@c', ...files],
  )
  let hadFiles = true
  const look = async () => {
    using database = new OvnDatabase(side, localRemotes(side))
    const [rows = [], [row] = []] = await database.select([
      { table: 'Connection', where: [['target', '==', target]], columns: ['_uuid'] },
      { table: global, where: [], columns: ['connections', 'ssl'] },
    ])
    const used = setOf(row?.['connections']).map(uuidOf)
    return {
      uuid: rows.map((one) => uuidOf(one['_uuid'])).find((uuid) => used.includes(uuid)),
      hasFiles: optional(row?.['ssl']) !== undefined,
    }
  }
  return {
    id: `local-central.listen-${side}`,
    title: `Have the ${side} database listen at ${target}`,
    leaves: `the ${side} database, listening at ${target}`,
    commands: () => [create],
    isDone: async () => (await look()).uuid !== undefined,
    async apply(signal) {
      hadFiles = (await look()).hasFiles
      await host.run(create, signal)
    },
    async undo(signal) {
      const { uuid } = await look()
      if (uuid === undefined) return
      await host.run(
        command(
          ...['--', 'remove', global, '.', 'connections', uuid],
          ...(files.length === 0 || hadFiles ? [] : ['--', 'del-ssl']),
        ),
        signal,
      )
    },
  }
}
