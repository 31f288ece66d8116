// Everything of a network, out of the northbound database in one transaction. `ovn-nbctl ls-del` takes the ports, and nothing else.
import { OvsdError } from '../../errors.ts'
import { map, uuidOf } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { NETWORK_MARK, type LogicalSwitch } from './logical-switch.ts'
import { readRouter, selectRouters } from './logical-router.ts'
import { leaveRouters } from './network-router.ts'
import {
  erase,
  expectRow,
  hasIds,
  isRow,
  mutate,
  references,
  type Change,
  type Condition,
} from '../../ovsdb/operations.ts'
import { leaveTransits } from './transit-leave.ts'
import { EXTERNAL_MARK } from './transit-net.ts'

/** Tables whose rows live by themselves (`isRoot` of the schema), and may have a mark. */
const ROOTS = ['DHCP_Options', 'Logical_Router', 'Port_Group', 'Address_Set', 'Load_Balancer', 'DNS', 'BFD'] as const
/** Those that older versions lack (ovn-nb.ovsschema 6.4 has it, OVN 22.12). */
const NEWER_ROOTS = ['Mirror'] as const

/** Tables whose rows live as long as rows of others refer to them, and where. */
const PARTS = [
  ['Logical_Router_Static_Route', [['Logical_Router', 'static_routes']]],
  ['Logical_Router_Policy', [['Logical_Router', 'policies']]],
  ['NAT', [['Logical_Router', 'nat']]],
  ['QoS', [['Logical_Switch', 'qos_rules']]],
  [
    'ACL',
    [
      ['Logical_Switch', 'acls'],
      ['Port_Group', 'acls'],
    ],
  ],
  ['Logical_Switch_Port', [['Logical_Switch', 'ports']]],
] as const

/**
 * Changes that take away the switch of a network and all that has its mark, on routers and switches of others, too, and its router
 * with the last network of it. They fail, as a Conflict, when the external_ids of the switch (its hosts, its used addresses), those
 * of its transit network, or the ports of its router have changed since they were read.
 * Errors: DatabaseUnreachable, DatabaseRefused.
 */
export async function removeNetwork(nb: Northbound, ls: LogicalSwitch): Promise<readonly Change[]> {
  const id = ls.externalIds[NETWORK_MARK] ?? ''
  const marked: readonly Condition[] = [hasIds({ [NETWORK_MARK]: id })]
  const parts = await nb.database.select(
    PARTS.map(([table]) => ({
      table,
      // Its own ports go with the switch, and may be thousands; what a network has on the switch of another has a type.
      where: table === 'Logical_Switch_Port' ? [['type', '!=', ''], ...marked] : marked,
      columns: ['_uuid'],
    })),
  )
  const [routers = [], ports = []] = await nb.database.select([
    selectRouters([]),
    { table: 'Logical_Router_Port', where: marked, columns: ['_uuid'] },
  ])
  const leaving = await leaveTransits(nb, id)
  const lost = new Set([...ports.map((row) => uuidOf(row['_uuid'])), ...leaving.ports])
  const newer = await presentTables(nb, NEWER_ROOTS)
  const taken = PARTS.flatMap(([, parents], i) => {
    const ids = (parts[i] ?? []).map((row) => uuidOf(row['_uuid']))
    return ids.length === 0
      ? []
      : parents.map(([table, column]) => mutate(table, [], [column, 'delete', references(ids)]))
  })
  return [
    expectRow('Logical_Switch', isRow(ls.uuid), { external_ids: map(ls.externalIds) }),
    ...leaving.changes,
    ...leaveRouters(routers.map(readRouter), lost),
    ...taken,
    ...[...ROOTS, ...newer].map((table) => erase(table, marked)),
    erase('Logical_Switch', [hasIds({ [EXTERNAL_MARK]: id })]),
    erase('Logical_Switch', isRow(ls.uuid)),
  ]
}

/** Those of the tables that the database has. */
async function presentTables({ database }: Northbound, tables: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    tables.map(async (table) => {
      try {
        await database.select([{ table, where: [['_uuid', '==', ['uuid', NO_ROW]]], columns: ['_uuid'] }])
        return [table]
      } catch (error) {
        if (error instanceof OvsdError && error.code === 'DatabaseRefused') return []
        throw error
      }
    }),
  )
  return found.flat()
}

const NO_ROW = '00000000-0000-0000-0000-000000000000'
