// Which networks a transit network joins: pairs of its switch's external_ids, so that every change of them is one of one row.
import type { Operation, RawRow } from '../../ovsdb/client.ts'
import { mapOf } from '../../ovsdb/values.ts'
import { SWITCH_COLUMNS } from './logical-switch.ts'
import { hasIds, type Ids } from '../../ovsdb/operations.ts'

/** The name of a transit network, which the others are joined to it by; a mark of its switch. */
export const TRANSIT_MARK = 'ovsd_transit'
export const TRANSIT_ROLE = 'transit'
const MEMBER_MARK = 'ovsd_vpc.'

/** A network whose router is joined to a transit network. */
export interface Member {
  /** Id of the network, 64 hex digits. */
  readonly id: string
  /** What it was called where it was made. */
  readonly name: string
  /** Name of its router. */
  readonly router: string
  /** Its subnets: 10.0.0.0/24. */
  readonly subnets: readonly string[]
}

export const memberKey = (id: string): string => `${MEMBER_MARK}${id}`

/** The pair that makes a network a member. */
export const memberPair = ({ id, name, router, subnets }: Member): Ids => ({
  [memberKey(id)]: JSON.stringify({ name, router, subnets }),
})

/** The switches that are transit networks. */
export const selectTransits = (): Operation => ({
  ...{ table: 'Logical_Switch', where: [hasIds({ role: TRANSIT_ROLE })], columns: SWITCH_COLUMNS },
})

/** The members of a transit network, by the row of its switch. */
export const membersOf = (row: RawRow): readonly Member[] => readMembers(mapOf(row['external_ids']))

/** The same by the external_ids; what cannot be read is none. */
export function readMembers(ids: Ids): readonly Member[] {
  return Object.entries(ids)
    .filter(([key]) => key.startsWith(MEMBER_MARK))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, text]): readonly Member[] => {
      try {
        const { name, router, subnets } = JSON.parse(text) as Partial<Member>
        if (typeof name !== 'string' || typeof router !== 'string' || !Array.isArray(subnets)) return []
        return [{ id: key.slice(MEMBER_MARK.length), name, router, subnets }]
      } catch {
        return []
      }
    })
}
