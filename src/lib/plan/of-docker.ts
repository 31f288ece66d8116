import { isIdle } from '../attach/endpoint.ts'
import { readMarks } from '../attach/marks.ts'
import { Refused } from '../errors.ts'
import type { PortOnBridge } from '../ovs/reader.ts'

/** Whether a port is what a container has by Docker, which goes on believing that it is there. */
export function isOfDocker({ interface: row }: Pick<PortOnBridge, 'interface'>): boolean {
  const { endpoint } = readMarks(row.externalIds)
  return endpoint !== '' && !isIdle(endpoint)
}

/** What to type instead of detaching such a port. */
export const byDocker = (container: string): string =>
  `docker network disconnect NETWORK ${container}, with the name that the network has for Docker`

/** Refuses to touch what Docker has given a container. Error: EndpointOfDocker. */
export function refuseOfDocker(ports: readonly PortOnBridge[], container: string): void {
  const found = ports.find(isOfDocker)
  if (found === undefined) return
  const { iface, network } = readMarks(found.interface.externalIds)
  throw new Refused('EndpointOfDocker', `${iface} of ${container} was put into the network ${network} by Docker.`, {
    next: byDocker(container),
  })
}
