// What goes when a network is a member of a transit network no more. It is found by its marks: the settings of the transit network,
// and what else it is to have, need not be known.
import { map, mapOf, uuidOf } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { readPort, selectPorts } from './logical-port.ts'
import { NETWORK_MARK, readSwitch, type LogicalSwitch } from './logical-switch.ts'
import { expectRow, hasIds, isRow, keys, mutate, references, textOf, type Change } from '../../ovsdb/operations.ts'
import { isUsed, noteUses } from './pools.ts'
import { memberKey, readMembers, selectTransits } from './transit-members.ts'
import { FOR_MARK, forMark } from './transit-net.ts'
import { joiningRows } from './transit-rows.ts'
import { dropRows } from './wanted-rows.ts'

/** Changes, and ports that routers lose besides. */
export interface Leaving {
  readonly changes: readonly Change[]
  /** UUIDs of rows of Logical_Router_Port. */
  readonly ports: readonly string[]
}

/**
 * What takes a network, by its id, out of the transit networks that it is a member of: the routes to it on all routers, its
 * translations, and, with the last network of its router, what joins that. It fails, as a Conflict, when a transit network
 * has got other members, hosts or addresses since. Errors: DatabaseUnreachable, DatabaseRefused.
 */
export async function leaveTransits(nb: Northbound, id: string): Promise<Leaving> {
  const [rows = []] = await nb.database.select([selectTransits()])
  const transits = rows.map(readSwitch).filter(({ externalIds }) => externalIds[memberKey(id)] !== undefined)
  const all = await Promise.all(transits.map((ls) => leave(nb, ls, id)))
  return { changes: all.flatMap(({ changes }) => changes), ports: all.flatMap(({ ports }) => ports) }
}

async function leave({ database }: Northbound, ls: LogicalSwitch, id: string): Promise<Leaving> {
  const net = { id: ls.externalIds[NETWORK_MARK] ?? '', ls: ls.uuid }
  const members = readMembers(ls.externalIds)
  const router = members.find((one) => one.id === id)?.router
  const isLast = router !== undefined && !members.some((one) => one.id !== id && one.router === router)
  const [onRouter, onSwitch] = isLast ? joiningRows(net, router, []) : []
  const marked = [hasIds({ [NETWORK_MARK]: net.id })]
  const columns = ['_uuid', 'external_ids']
  const [routes = [], nats = [], ports = []] = await database.select([
    { table: 'Logical_Router_Static_Route', where: marked, columns: [...columns, 'output_port'] },
    { table: 'NAT', where: marked, columns },
    ...(onSwitch === undefined ? [] : [selectPorts(isRow(onSwitch.uuid))]),
  ])
  const isFor = (row: (typeof routes)[number]): boolean =>
    mapOf(row['external_ids'])[FOR_MARK] === forMark(id) || onRouter?.row['name'] === textOf(row['output_port'])
  const uuids = (found: typeof routes): readonly string[] => found.filter(isFor).map((row) => uuidOf(row['_uuid']))
  const gone = ports.map(readPort)
  const release = gone.flatMap(({ ips }) => ips).filter((ip) => isUsed(ls.externalIds, ip))
  return {
    changes: [
      expectRow('Logical_Switch', isRow(ls.uuid), { external_ids: map(ls.externalIds) }),
      ...noteUses(ls.uuid, ls.externalIds, { release }),
      mutate(
        'Logical_Switch',
        isRow(ls.uuid),
        ['external_ids', 'delete', keys([memberKey(id)])],
        ['ports', 'delete', references(gone.map(({ uuid }) => uuid))],
      ),
      ...dropRows('Logical_Router', 'static_routes', uuids(routes)),
      ...dropRows('Logical_Router', 'nat', uuids(nats)),
    ],
    ports: onRouter === undefined ? [] : [onRouter.uuid],
  }
}
