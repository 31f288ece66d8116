import { readMarks, type Marks } from '../attach/marks.ts'
import { readPersistRecords, type PersistRecord } from '../attach/persist.ts'
import type { Host } from '../host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { portsOfNetwork, type Network } from './networks.ts'

/** Who is in a network: ports, and records of containers that are attached again when they start. */
export interface Users {
  readonly ports: readonly (PortOnBridge & { readonly marks: Marks })[]
  /** Those without a port. */
  readonly records: readonly PersistRecord[]
}

export async function usersOf(host: Host, network: Network): Promise<Users> {
  const [found, row] = await Promise.all([portsOfNetwork(host, network), host.ovs.bridge(network.bridge)])
  const ports = found.map((where) => ({ ...where, marks: readMarks(where.interface.externalIds) }))
  const records = readPersistRecords(row?.externalIds ?? {}).filter(
    (record) =>
      record.network === network.name &&
      !ports.some(({ marks }) => marks.id === record.id && marks.iface === record.iface),
  )
  return { ports, records }
}
