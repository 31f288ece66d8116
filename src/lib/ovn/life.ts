// Whether central is there: whose northbound database it is, and whether everything of it answers.
import { messageOf } from '../errors.ts'
import { uuidOf } from '../ovsdb/values.ts'
import { OvnDatabase } from './database.ts'
import { takesChanges, type Member } from './member.ts'
import { northdWorks } from './northd.ts'
import { SIDES, parseRemotes, type Remotes, type Side } from './remotes.ts'

export type CentralRemotes = Readonly<Record<Side, Remotes>>

/** The connections to both databases at an address. */
export const remotesAt = (address: string): CentralRemotes => ({
  northbound: parseRemotes(`tcp:${address}`, 'address', SIDES.northbound.port),
  southbound: parseRemotes(`tcp:${address}`, 'address', SIDES.southbound.port),
})

/**
 * The id of a northbound database, by which one that was made anew is told from the one that was lost: the UUID of its one
 * row of NB_Global, which stays for as long as the database does. Undefined while it has none: ovn-northd makes it.
 * Errors: DatabaseUnreachable, DatabaseRefused.
 */
export async function northboundId(remotes: Remotes): Promise<string | undefined> {
  using database = new OvnDatabase('northbound', remotes)
  const [[row] = []] = await database.select([{ table: 'NB_Global', where: [], columns: ['_uuid'] }])
  return uuidOf(row?.['_uuid']) || undefined
}

/** Central as it is at one moment: what is missing of it, or the id of its northbound database. Never fails. */
export type Life = { readonly id: string } | { readonly missing: string }

/** Asks both databases whether they take changes, and whether an ovn-northd is at work on them. */
export async function lifeOf({ northbound, southbound }: CentralRemotes): Promise<Life> {
  using south = new OvnDatabase('southbound', southbound)
  using north = new OvnDatabase('northbound', northbound)
  const [northMembers, southMembers] = await Promise.all([north.members(), south.members()])
  // Of a cluster a member may be away.
  for (const members of [northMembers, southMembers])
    if (!members.some(takesChanges)) return { missing: silence(members) }
  const [leader] = southMembers.filter(takesChanges)
  try {
    if (leader === undefined || !(await northdWorks(leader.endpoint))) return { missing: 'no ovn-northd is at work' }
    const id = await northboundId(northbound)
    return id === undefined ? { missing: 'ovn-northd has not begun' } : { id }
  } catch (error) {
    return { missing: messageOf(error) }
  }
}

/** Why nobody of these takes changes. */
const silence = (members: readonly Member[]): string =>
  members
    .map(({ endpoint, state, why }) =>
      state === 'unreachable'
        ? `${endpoint.text} does not answer (${why})`
        : `${endpoint.text} takes no changes (${state})`,
    )
    .join('; ')
