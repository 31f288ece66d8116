// What the external_ids of an Interface row say about DHCP: that a client was asked for, which process it is, and what
// the server gave. The latter two are written by the client's own side (supervisor.ts, event.ts).
import { parseHostCidr, type Cidr } from '../net/cidr.ts'
import { parseIp, type IpAddress } from '../net/ip-address.ts'

type Ids = Readonly<Record<string, string>>

/** The pair of every attachment whose address comes from a server in its network. */
export const DHCP_MARK: Ids = { ovsd_dhcp: '1' }

/** Whether a client was asked for. */
export const asksForDhcp = (ids: Ids): boolean => ids['ovsd_dhcp'] !== undefined

/** A process, so that another one with its number is not taken for it. */
export interface Client {
  readonly pid: number
  /** Clock ticks since the boot: field 22 of /proc/PID/stat (proc(5)). */
  readonly start: string
}

/** What a server gave, and until when. */
export interface Lease {
  readonly address: Cidr
  readonly gateway: IpAddress | undefined
  readonly server: IpAddress | undefined
  /** Seconds since 1970; undefined for ever. */
  readonly expires: number | undefined
}

/** The process that looks after an interface's client, by the marks of its row; undefined without one. */
export function readClient(ids: Ids): Client | undefined {
  const [, pid, start] = /^([1-9]\d{0,9}):(\d{1,20})$/.exec(ids['ovsd_dhcp_client'] ?? '') ?? []
  return pid === undefined || start === undefined ? undefined : { pid: Number(pid), start }
}

/** The lease in the marks of a row; undefined without one, and for a damaged one. */
export function readLease(ids: Ids): Lease | undefined {
  const [address, gateway, server, expires, ...more] = (ids['ovsd_lease'] ?? '').split(' ')
  if (address === undefined || expires === undefined || more.length > 0 || !/^(-|\d{1,12})$/.test(expires))
    return undefined
  try {
    return {
      address: parseHostCidr(address, 'lease'),
      gateway: parsed(gateway),
      server: parsed(server),
      expires: expires === '-' ? undefined : Number(expires),
    }
  } catch {
    return undefined
  }
}

const parsed = (text = '-'): IpAddress | undefined => (text === '-' ? undefined : parseIp(text, 'lease'))

/** The keys that a client has written into a row, besides what was asked for. */
export const clientKeys = (ids: Ids): readonly string[] => {
  const ip = /^[0-9.]+/.exec(ids['ovsd_lease'] ?? '')?.[0]
  return ['ovsd_dhcp_client', 'ovsd_lease', ...(ip === undefined ? [] : [`ovsd_ip.${ip}`])].filter((key) => key in ids)
}
