import { ENDPOINT_LINK, isIdle, linksOf } from '../attach/endpoint.ts'
import { linkAlias } from '../attach/marks.ts'
import { PORTS_MARK } from '../attach/published-ports.ts'
import { refuseTaken } from '../attach/taken.ts'
import type { Host } from '../host.ts'
import { aliasOf } from '../net/links.ts'
import { attachmentOf, type EndpointWish } from './create-endpoint.ts'
import type { Plan } from './step.ts'
import { portAdd } from './steps/port-add.ts'

type Ids = Readonly<Record<string, string>>

/** What the port of an endpoint had besides what Docker asked for. */
export interface EarlierPort {
  /** All external_ids of its Interface row. */
  readonly externalIds: Ids
  /** In kbit/s; 0 is without limit. */
  readonly rate: number
}

/**
 * Looks again, and plans that the port of an endpoint whose link a container has is added again as it was; undefined when it has one, or
 * when no container has the link any more. What was published of it is for who knows whether it still can be
 * (`publishPorts`). Errors: AddressInUse, DatabaseUnreachable.
 */
export async function restoreEndpoint(
  host: Host,
  wish: EndpointWish,
  earlier: EarlierPort = { externalIds: {}, rate: 0 },
): Promise<Plan | undefined> {
  if (!(await hasLostPort(host, wish.id))) return undefined
  const { port } = linksOf(wish.id)
  const attachment = attachmentOf(wish)
  // Its address counted as free meanwhile.
  await refuseTaken(host, { ...attachment, addresses: attachment.addresses.map(({ ip }) => ip.text) }, [port])
  const limited = earlier.rate === 0 ? attachment : { ...attachment, rate: earlier.rate }
  const step = portAdd(host, limited, false, keptOf(earlier.externalIds))
  return { onFailure: 'unwind', title: `Put ${port} back on ${attachment.bridge}`, stages: [[step]] }
}

async function hasLostPort(host: Host, id: string): Promise<boolean> {
  const { port } = linksOf(id)
  if (isIdle(id) || (await host.ovs.interfaces([{ name: port }])).flat().length > 0) return false
  return (await aliasOf(host.run, port)) === linkAlias(id, ENDPOINT_LINK)
}

/** Not what ovn-controller notes there itself, of the row that it has bound (ovn-installed and its time). */
const keptOf = (ids: Ids): Ids =>
  Object.fromEntries(Object.entries(ids).filter(([key]) => key !== PORTS_MARK && !key.startsWith('ovn-')))
