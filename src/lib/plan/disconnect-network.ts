import { askedByLabels } from '../attach/asked-by-labels.ts'
import { thoseMeantBy } from '../attach/lookup.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { networkNamed } from '../network/networks.ts'
import { logicalPortName } from '../ovn/nb/logical-port.ts'
import { usersOf } from '../network/users.ts'
import { removal } from './detach-port.ts'
import { refuseOfDocker } from './of-docker.ts'
import type { Prepared } from './prepared.ts'

/** What net disconnect answers. */
export interface DisconnectResult {
  readonly network: string
  readonly container: string
  readonly removed: readonly string[]
  /** Interfaces that labels of the container ask for: ovsd watch would attach them again. */
  readonly askedByLabels: readonly string[]
}

/**
 * Plans the removal of what a container has in a network, whether or not it runs or even exists. Errors: NetworkMissing,
 * NotConnected, EndpointOfDocker.
 */
export async function disconnectNetwork(
  host: Host,
  networkName: string,
  typed: string,
): Promise<Prepared<DisconnectResult>> {
  const network = await networkNamed(host, networkName)
  const users = await usersOf(host, network)
  const attached = users.ports.map((where) => ({ where, id: where.marks.id, name: where.marks.name }))
  const [meant, records] = await Promise.all([
    thoseMeantBy(host, typed, attached, 4),
    thoseMeantBy(host, typed, users.records, 4),
  ])
  const ports = meant.map(({ where }) => where)
  refuseOfDocker(ports, typed)
  const ids = new Set([...ports.map(({ marks }) => marks.id), ...records.map(({ id }) => id)])
  if (ids.size > 1)
    throw new Refused('AmbiguousContainer', `"${typed}" means several containers of the network ${networkName}.`, {
      next: `Type more of the id: ovsd net inspect ${networkName}`,
    })
  if (ids.size === 0)
    throw new Refused('NotConnected', `${typed} is not in the network ${networkName}.`, {
      next: `See who is: ovsd net inspect ${networkName}; of an id at least 4 characters count.`,
    })
  const plan = await removal(host, ports, {
    forget: true,
    records: records.map(({ key }) => ({ bridge: network.bridge, key })),
    // Of a container that does not run.
    logical: network.spec.overlay === undefined ? [] : records.map(({ id, iface }) => logicalPortName(id, iface)),
  })
  const removed = ports.map(({ port }) => port.name)
  return {
    plan,
    result: { network: networkName, container: typed, removed, askedByLabels: await askedByLabels(host, ports) },
  }
}
