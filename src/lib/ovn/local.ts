import type { Host } from '../host.ts'
import { OvsdbClient, type RawRow } from '../ovsdb/client.ts'
import { mapOf, optional } from '../ovsdb/values.ts'
import type { TlsFiles } from './tls.ts'

type Ids = Readonly<Record<string, string>>

/** What the Open vSwitch database of this host says about OVN: ovn-controller(8), "CONFIGURATION". */
export interface LocalOvn {
  /** All external_ids of the row Open_vSwitch. */
  readonly externalIds: Ids
  /** Name of the chassis; '' when the host has none yet. */
  readonly systemId: string
  /** The files of `ovs-vsctl set-ssl`, which ovn-controller uses too. */
  readonly tls: TlsFiles | undefined
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Reads it. Error: DatabaseUnreachable. */
export async function readLocal(host: Host): Promise<LocalOvn> {
  using client = new OvsdbClient(host.database)
  const [[row] = [], [ssl] = []] = await client.select([
    { table: 'Open_vSwitch', where: [], columns: ['external_ids', 'ssl'] },
    { table: 'SSL', where: [], columns: ['private_key', 'certificate', 'ca_cert'] },
  ])
  const externalIds = mapOf(row?.['external_ids'])
  return {
    externalIds,
    systemId: externalIds['system-id'] ?? '',
    tls: optional(row?.['ssl']) === undefined || ssl === undefined ? undefined : filesOf(ssl),
  }
}

const filesOf = (row: RawRow): TlsFiles => ({
  privateKey: text(row['private_key']),
  certificate: text(row['certificate']),
  caCert: text(row['ca_cert']),
})
