// Endpoints of Docker: what a container has in a network of the driver. Which container that is, Docker does not tell a driver.
import { setTimeout as pause } from 'node:timers/promises'
import { shortId } from '../docker/container.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { IfName } from '../net/ifname.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { farName, portName, type Target } from './attachment.ts'
import { readMarks, type Marks } from './marks.ts'

/** What stands for the name of the interface, which Docker chooses: this and a number. */
export const ENDPOINT_LINK = 'eth' as IfName

/** An endpoint as its port's marks tell it. */
export interface Endpoint {
  readonly id: string
  readonly where: PortOnBridge
  readonly marks: Marks
}

/** An endpoint in the place of a container. Docker makes a new one for each life of its container. */
export const endpointTarget = (id: string): Target => ({
  ...{ typed: shortId(id), id, name: shortId(id), generation: shortId(id), netnsPath: '' },
  kind: 'endpoint',
})

/** The name of the host's end of an endpoint's pair, and that of the end that Docker takes. */
export const linksOf = (id: string): { readonly port: string; readonly far: string } => ({
  port: portName(id, ENDPOINT_LINK),
  far: farName(id, ENDPOINT_LINK),
})

/** The endpoint with this id. */
export async function findEndpoint(host: Host, id: string): Promise<Endpoint | undefined> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_endpoint: id } }])).flat()
  // By the name too: external_ids can be copied from row to row.
  const [where] = await host.ovs.locate(rows.filter(({ name }) => name === linksOf(id).port))
  return where === undefined ? undefined : { id, where, marks: readMarks(where.interface.externalIds) }
}

/** Whether a link is named like the host's end of a pair. */
export const isNearEnd = (link: string): boolean => /^[0-9a-f]{13}_l$/.test(link)

/** Whether a container has the other end of a pair of Docker's, by the name of the host's end. */
export const isPairInUse = (link: string): boolean => linkExists(link) && !linkExists(link.replace(/_l$/, '_c'))

/** Whether an endpoint serves nobody: its pair is gone, or Docker has given the other end back. */
export function isIdle(id: string): boolean {
  const { port, far } = linksOf(id)
  return !linkExists(port) || linkExists(far)
}

/** How long the links of a network namespace that is no more may go on to be there, in ms: some 40, more when many go at once. */
const DYING_MS = 3_000

/** The same of an endpoint whose container ends right now: the kernel takes its pair away only some time after the last process. */
export async function becomesIdle(id: string): Promise<boolean> {
  const end = performance.now() + DYING_MS
  while (!isIdle(id) && performance.now() < end) await pause(10)
  return isIdle(id)
}

/** The name that only ovsd derives for the port with these marks. */
export const derivedName = ({ id, iface, endpoint }: Marks): string =>
  endpoint === '' ? portName(id, iface) : linksOf(endpoint).port

/** What a port's container is called: until it is known, that it is an endpoint. */
export const calledIn = ({ name, container, endpoint }: Marks): string =>
  name || container || (endpoint === '' ? '' : `endpoint ${shortId(endpoint)}`)
