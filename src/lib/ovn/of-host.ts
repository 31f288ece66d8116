import { OvsdError, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { centralOf, noCentral, type Central } from './central.ts'
import type { Northbound } from './change.ts'
import { OvnDatabase } from './database.ts'
import { Lateness } from './lateness.ts'
import { readLocal, type LocalOvn } from './local.ts'

/** OVN as a host that is a chassis reaches it. Its connections end with the host. */
export interface OvnOfHost {
  readonly central: Central
  readonly local: LocalOvn
  /** Name of this host as a chassis. */
  readonly systemId: string
  readonly northbound: Northbound
  readonly southbound: OvnDatabase
  /** Of the ports that a daemon waits for. */
  readonly lateness: Lateness
}

interface Opened extends Disposable {
  readonly northbound: OvnDatabase
  readonly southbound: OvnDatabase
  readonly lateness: Lateness
}

/** OVN of this host; nothing of it is contacted yet. Errors: CentralUnknown, ChassisMissing, DatabaseUnreachable (of Open vSwitch). */
export async function ovnOf(host: Host): Promise<OvnOfHost> {
  const local = await readLocal(host)
  const central = centralOf(local)
  if (central === undefined) throw noCentral()
  if (local.systemId === '' || local.externalIds['ovn-encap-ip'] === undefined)
    throw new Refused(
      'ChassisMissing',
      'This host is no chassis of OVN, so that nothing on it could be attached to a logical switch.',
      {
        next: 'Make it one: ovsd ovn join',
      },
    )
  const { northbound, southbound, lateness } = opened(host, central)
  return {
    ...{ central, local, systemId: local.systemId, southbound, lateness },
    northbound: { run: host.run, database: northbound, tls: central.tls },
  }
}

/** The same; undefined on a host that is in no OVN. Error: DatabaseUnreachable (of Open vSwitch). */
export async function ovnOrNone(host: Host): Promise<OvnOfHost | undefined> {
  try {
    return await ovnOf(host)
  } catch (error) {
    if (error instanceof OvsdError && (error.code === 'CentralUnknown' || error.code === 'ChassisMissing'))
      return undefined
    throw error
  }
}

/** Connections that stay open as long as the host does, and central is where it was. */
function opened(host: Host, { northbound, southbound }: Central): Opened {
  const key = `ovn ${northbound.text} ${southbound.text}`
  const found = host.opened.get(key) as Opened | undefined
  if (found !== undefined) return found
  for (const [other, one] of host.opened)
    if (other.startsWith('ovn ')) {
      one[Symbol.dispose]()
      host.opened.delete(other)
    }
  const made: Opened = {
    northbound: new OvnDatabase('northbound', northbound, host.patience?.northbound),
    southbound: new OvnDatabase('southbound', southbound, host.patience?.southbound),
    lateness: new Lateness(),
    [Symbol.dispose]() {
      this.northbound[Symbol.dispose]()
      this.southbound[Symbol.dispose]()
    },
  }
  host.opened.set(key, made)
  return made
}
