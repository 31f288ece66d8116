import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { listenTarget, OURS, TABLES, type Listen } from '../../ovn/listen.ts'
import { hasIds, textOf } from '../../ovsdb/operations.ts'
import type { Side } from '../../ovn/remotes.ts'
import type { TlsFiles } from '../../ovn/tls.ts'
import { uuidOf } from '../../ovsdb/values.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'
import { localRemotes } from './local-central-start.ts'

/** What there is of a listener. */
interface Listener {
  /** UUID of its row; undefined for none. */
  readonly uuid: string | undefined
  /** Whether it has the certificates that it needs. */
  readonly hasFiles: boolean
}

/** Has a database of this host listen for other hosts, too. Errors: ListenTaken, TlsDiffers. */
export function localCentralListen(host: Host, side: Side, listen: Listen, tls: TlsFiles | undefined): ReversibleStep {
  const target = listenTarget(side, listen)
  const { tool, global } = TABLES[side]
  const command = (...args: readonly string[]): Command => ({
    tool,
    args: [`--db=${localRemotes(side).text}`, '--timeout=8', ...args],
  })
  const marked = Object.entries(OURS).map(([key, value]) => `external_ids:${key}=${value}`)
  const row = (id: string, table: string, column: string, values: Readonly<Record<string, string>>) => [
    ...['--', `--id=${id}`, 'create', table],
    ...[...Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`), ...marked],
    // Where somebody has been faster, a second SSL is refused.
    ...['--', 'add', global, '.', column, id],
  ]
  const add = ({ uuid, hasFiles }: Listener): Command =>
    command(
      ...(uuid === undefined ? row('@c', 'Connection', 'connections', { target }) : []),
      ...(hasFiles || tls === undefined
        ? []
        : row('@s', 'SSL', 'ssl', {
            ...{ private_key: tls.privateKey, certificate: tls.certificate, ca_cert: tls.caCert },
          })),
    )
  let before: Listener | undefined
  return {
    id: `local-central.listen-${side}`,
    title: `Have the ${side} database listen at ${target}`,
    leaves: `the ${side} database, listening at ${target}`,
    commands: () => [add({ uuid: undefined, hasFiles: !listen.isSecure })],
    isDone: async () => listens(await listenerOf(side, listen, tls)),
    async apply(signal) {
      before = await listenerOf(side, listen, tls)
      await host.run(add(before), signal)
    },
    async undo(signal) {
      if (before === undefined) return
      const { uuid, isOurSsl } = await rowsOf(side, target)
      const args = [
        ...(before.uuid !== undefined || uuid === undefined ? [] : ['--', 'remove', global, '.', 'connections', uuid]),
        ...(before.hasFiles || !isOurSsl ? [] : ['--', 'clear', global, '.', 'ssl']),
      ]
      if (args.length > 0) await host.run(command(...args), signal)
    },
  }
}

/** Whether nothing is missing of it. */
export const listens = ({ uuid, hasFiles }: Listener): boolean => uuid !== undefined && hasFiles

async function rowsOf(side: Side, target: string) {
  using database = new OvnDatabase(side, localRemotes(side))
  const [rows = [], [ssl] = [], ours = []] = await database.select([
    { table: 'Connection', where: [['target', '==', target]], columns: ['_uuid'] },
    { table: 'SSL', where: [], columns: ['private_key', 'certificate', 'ca_cert'] },
    { table: 'SSL', where: [hasIds(OURS)], columns: ['_uuid'] },
  ])
  const files: TlsFiles | undefined =
    ssl === undefined
      ? undefined
      : {
          privateKey: textOf(ssl['private_key']),
          certificate: textOf(ssl['certificate']),
          caCert: textOf(ssl['ca_cert']),
        }
  return { uuid: rows.map((one) => uuidOf(one['_uuid']))[0], files, isOurSsl: ours.length > 0 }
}

/**
 * What there is of a listener of a database of this host that runs. Errors: ListenTaken; TlsDiffers, when the database has other
 * files than these: whoever uses those would be locked out.
 */
export async function listenerOf(side: Side, listen: Listen, tls: TlsFiles | undefined): Promise<Listener> {
  const other = listenTarget(side, { ...listen, isSecure: !listen.isSecure })
  const { uuid: taken } = await rowsOf(side, other)
  const { tool, global } = TABLES[side]
  // ovsdb-server would try for ever to listen twice at one port, and go on with the one that it has.
  if (taken !== undefined)
    throw new Refused('ListenTaken', `The ${side} database listens at ${other} already.`, {
      next: `To have it otherwise, take that away first: ${tool} remove ${global} . connections ${taken}`,
    })
  const { uuid, files } = await rowsOf(side, listenTarget(side, listen))
  if (!listen.isSecure) return { uuid, hasFiles: true }
  if (files !== undefined && tls !== undefined) refuseOtherFiles(side, files, tls)
  return { uuid, hasFiles: files !== undefined }
}

function refuseOtherFiles(side: Side, files: TlsFiles, tls: TlsFiles): void {
  const others = (['privateKey', 'certificate', 'caCert'] as const).filter((one) => files[one] !== tls[one])
  if (others.length > 0)
    throw new Refused(
      'TlsDiffers',
      `The ${side} database of this host uses other files for ssl already: ${others.map((one) => files[one]).join(', ')}.`,
      {
        next: 'Give the files that it has (ovn-nbctl get-ssl), or change those: ovn-nbctl set-ssl and ovn-sbctl set-ssl',
      },
    )
}
