import { messageOf } from '../errors.ts'
import { DatabaseUnreachable, OvsdbClient } from '../ovsdb/client.ts'
import type { Endpoint } from '../ovsdb/endpoint.ts'
import { optional, uuidOf } from '../ovsdb/values.ts'

/** What one server says about its copy of a database (ovsdb-server(7), "Database Schema for _Server"). */
export interface Member {
  readonly endpoint: Endpoint
  /** `alone` is a database that is no cluster's; only `alone` and `leader` take changes. */
  readonly state: 'alone' | 'leader' | 'follower' | 'cut-off' | 'unreachable'
  /** Why it is unreachable, or cut off from the others. */
  readonly why: string
  /** Of the cluster, and of the server in it; '' for what is alone. */
  readonly cluster: string
  readonly server: string
}

/** Asks the server behind an endpoint what it is to a database. Never fails: who does not answer is unreachable. */
export async function askMember(endpoint: Endpoint, database: string): Promise<Member> {
  const member = (state: Member['state'], why = '', cluster = '', server = ''): Member => ({
    ...{ endpoint, state, why, cluster, server },
  })
  try {
    using client = new OvsdbClient(endpoint, '_Server')
    const columns = ['model', 'connected', 'leader', 'cid', 'sid']
    const [[row] = []] = await client.select([{ table: 'Database', where: [['name', '==', database]], columns }])
    if (row === undefined) return member('unreachable', `it has no database ${database}`)
    if (row['model'] === 'standalone') return member('alone')
    const [cluster, server] = [uuidOf(optional(row['cid'])), uuidOf(optional(row['sid']))]
    if (row['connected'] !== true) return member('cut-off', 'it has lost the other members', cluster, server)
    return member(row['leader'] === true ? 'leader' : 'follower', '', cluster, server)
  } catch (error) {
    return member('unreachable', error instanceof DatabaseUnreachable ? error.why : messageOf(error))
  }
}

/** Whether changes can be made by this member. */
export const takesChanges = ({ state }: Member): boolean => state === 'alone' || state === 'leader'
