import type { Host } from '../../host.ts'
import { readMirrors, type MirrorRow, type MirrorTable } from '../../ovs/mirror-rows.ts'
import { readNetworks } from '../record.ts'
import type { NetworkSpec } from '../spec.ts'
import type { Mirror } from './mirror.ts'
import { hostAddressesOn } from './host-addresses.ts'
import { mirrorPort, type MirrorPort } from './ports.ts'
import { readMirror } from './record.ts'
import type { HostAddresses } from './use.ts'

/** Everything of a host that mirrors are about. */
export interface MirrorsAround {
  readonly table: MirrorTable
  readonly ports: readonly MirrorPort[]
  readonly networks: readonly NetworkSpec[]
  /** Those on devices that networks want to send copies to. */
  readonly hostAddresses: HostAddresses
}

/**
 * Looks at mirrors, ports and networks; three questions to the database, and one to the kernel for each device of the host
 * that a network wants to send copies to. `coming`: a port that is about to be made, in the place of one of its name if there
 * is such a port.
 */
export async function lookAtMirrors(host: Host, coming?: MirrorPort): Promise<MirrorsAround> {
  const [table, everything, bridges] = await Promise.all([
    readMirrors(host.database),
    host.ovs.everything(),
    host.ovs.bridges(),
  ])
  const others = everything.map(mirrorPort).filter(({ name }) => name !== coming?.name)
  const ports = coming === undefined ? others : [...others, coming]
  const networks = bridges.flatMap(readNetworks).flatMap((one) => ('spec' in one ? [one.spec] : []))
  return { table, ports, networks, hostAddresses: await onDestinations(host, ports, networks) }
}

/** The same, with a network that is only being made. */
export async function withNetwork(host: Host, around: MirrorsAround, spec: NetworkSpec): Promise<MirrorsAround> {
  const networks = [...around.networks.filter(({ name }) => name !== spec.name), spec]
  return { ...around, networks, hostAddresses: await onDestinations(host, around.ports, networks) }
}

const onDestinations = (
  host: Host,
  ports: readonly MirrorPort[],
  networks: readonly NetworkSpec[],
): Promise<HostAddresses> =>
  hostAddressesOn(
    host,
    ports.filter((port) =>
      networks.some(({ bridge, mirroring }) => bridge === port.bridge && mirroring?.dest === port.name),
    ),
  )

/** The mirrors of ovsd whose record can be read, with their rows. */
export const ownMirrors = ({ rows }: MirrorTable): readonly { readonly row: MirrorRow; readonly mirror: Mirror }[] =>
  rows.flatMap((row) => {
    const mirror = readMirror(row)
    return mirror === undefined ? [] : [{ row, mirror }]
  })
