import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { BadInput } from '../errors.ts'

/** Where a database listens. `text` is what the *ctl tools call it (--db=…). */
export interface Endpoint {
  readonly text: string
  readonly connect: NetConnectOpts
  /** Opens a connection in another way than a plain one. */
  readonly dial?: () => Socket
}

/** Opens a connection; whether it comes about, its events say. */
export const dial = (endpoint: Endpoint): Socket => endpoint.dial?.() ?? connect(endpoint.connect)

const GOOD = 'unix:/run/openvswitch/db.sock'

/** Parses `unix:PATH` or `tcp:HOST:PORT` (ovsdb(7), "Connection Methods"). */
export function parseEndpoint(text: string, field = '--db'): Endpoint {
  if (text.startsWith('unix:/')) return { text, connect: { path: text.slice('unix:'.length) } }
  const tcp = /^tcp:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([1-9][0-9]{0,4})$/.exec(text)
  if (tcp?.[1] !== undefined && Number(tcp[2]) <= 65_535) {
    const host = tcp[1].replace(/^\[(.*)\]$/, '$1')
    return { text, connect: { host, port: Number(tcp[2]) } }
  }
  throw new BadInput(field, `"${text}" is not a database connection that ovsd can use.`, GOOD)
}

/** The database that the *ctl tools would use: OVS_RUNDIR is theirs (ovs-vsctl(8)), the default Debian's. */
export function defaultEndpoint(env: NodeJS.ProcessEnv): Endpoint {
  return parseEndpoint(`unix:${env['OVS_RUNDIR'] ?? '/run/openvswitch'}/db.sock`, 'OVS_RUNDIR')
}
