import type { Attachment } from '../attach/attachment.ts'
import { becomesIdle, ENDPOINT_LINK, endpointTarget, findEndpoint, linksOf, type Endpoint } from '../attach/endpoint.ts'
import { addressMark, macMark, readMarks, specOf } from '../attach/marks.ts'
import { refuseTaken } from '../attach/taken.ts'
import { shortId } from '../docker/container.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Cidr } from '../net/cidr.ts'
import { linkExists } from '../net/links.ts'
import { derivedMac, type Mac } from '../net/mac.ts'
import { refuseGateways } from '../network/host-addresses.ts'
import type { Network } from '../network/networks.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { withLogicalPort } from './logical-attachment.ts'
import { logicalEndpoint } from './logical-endpoint.ts'
import { forgetPorts } from './forget-ports.ts'
import { leftoverLinks } from './leftover-links.ts'
import type { Prepared } from './prepared.ts'
import type { ReversibleStep } from './step.ts'
import { linkOffload } from './steps/link-offload.ts'
import { linkRemove } from './steps/link-remove.ts'
import { portAdd } from './steps/port-add.ts'
import { portRemove } from './steps/port-remove.ts'
import { vethCreate } from './steps/veth-create.ts'

/** What Docker asks of an endpoint, checked. */
export interface EndpointWish {
  readonly network: Network
  readonly id: string
  readonly addresses: readonly Cidr[]
  /** undefined: the driver chooses. */
  readonly mac: Mac | undefined
}

/** An endpoint that is there now. */
export interface MadeEndpoint {
  readonly port: string
  /** The link that Docker is to take. */
  readonly far: string
  readonly mac: string
  readonly status: 'made' | 'unchanged'
  /** Ports that had to go: an earlier state of it, and endpoints whose address Docker has given away again. */
  readonly replaced: readonly string[]
}

/**
 * Looks at the host and plans an endpoint: the pair of links, both ends on the host, and the port with its VLAN and marks, which are the
 * record of the endpoint. One that is there as it is asked for stays. Errors: EndpointDiffers, AddressInUse, LinkNameTaken,
 * DatabaseUnreachable.
 */
export async function createEndpoint(host: Host, wish: EndpointWish): Promise<Prepared<MadeEndpoint>> {
  const attachment = attachmentOf(wish)
  const { port, far } = linksOf(wish.id)
  const result = { port, far, mac: attachment.mac }
  const found = await findEndpoint(host, wish.id)
  if (found !== undefined) {
    refuseOther(found, attachment, wish)
    if (linkExists(port) && found.where.interface.error === '')
      return { plan: undefined, result: { ...result, status: 'unchanged', replaced: [] } }
  }
  const stale = [...(found === undefined ? [] : [found.where]), ...(await givenBack(host, attachment))]
  const replaced = stale.map((where) => where.port.name)
  const addresses = attachment.addresses.map(({ ip }) => ip.text)
  const [bridge, links, logical] = await Promise.all([
    host.ovs.bridge(attachment.bridge),
    leftoverLinks(host, attachment, stale),
    logicalEndpoint(host, wish.network, attachment, stale),
    refuseTaken(host, { ...attachment, addresses }, [port, ...replaced]),
    refuseGateways(host, { ...attachment, addresses }),
  ])
  const stages: readonly (readonly ReversibleStep[])[] = [
    stale.length === 0 ? [] : [portRemove(host, stale)],
    // What was published of an address leads to whoever gets it.
    await forgetPorts(host, stale),
    links.length === 0 ? [] : [linkRemove(host, links)],
    logical.before,
    [vethCreate(host, attachment, undefined)],
    [portAdd(host, attachment), ...(bridge?.datapathType === 'netdev' ? [linkOffload(host, far, undefined)] : [])],
    logical.after,
  ]
  const title = `Make the endpoint ${shortId(wish.id)} in ${wish.network.name}`
  return {
    plan: { onFailure: 'unwind', title, stages: stages.filter((steps) => steps.length > 0) },
    result: { ...result, status: 'made', replaced },
  }
}

/** An endpoint as what `add-port` would attach: Docker itself gives the link its addresses and routes. */
export function attachmentOf(wish: EndpointWish): Attachment {
  const attachment = plainAttachment(wish)
  return wish.network.spec.overlay === undefined ? attachment : withLogicalPort(attachment)
}

function plainAttachment({ network: { name, bridge, spec }, id, addresses, mac }: EndpointWish): Attachment {
  const [first] = addresses
  return {
    ...{ bridge: spec.bridge, iface: ENDPOINT_LINK, target: endpointTarget(id), addresses, gateways: [], routes: [] },
    // A container that is started again with its address has its MAC again, for its neighbours.
    mac: mac ?? derivedMac(spec.id ?? bridge, first?.ip.text ?? id),
    mtu: spec.mtu,
    // To Open vSwitch a port without a VLAN is a trunk of all VLANs.
    vlan: { kind: 'access', tag: spec.vlan ?? 0 },
    ...{ owner: 'plugin', network: name },
    ...(spec.tenant === undefined ? {} : { tenant: spec.tenant }),
    ...(spec.source === 'dhcp' ? { dhcp: true } : {}),
  }
}

/** Error: EndpointDiffers. */
function refuseOther({ marks, where }: Endpoint, attachment: Attachment, { id, mac }: EndpointWish): void {
  const [is, wanted] = [marks.spec, specOf(attachment)]
  const has = is === undefined || is.addresses.length === 0 ? 'no address' : is.addresses.join(' and ')
  const wrong = [
    ...(marks.network === attachment.network ? [] : [`in the network ${marks.network}`]),
    ...(is?.addresses.join() === wanted.addresses.join() ? [] : [`with ${has}`]),
    ...(mac === undefined || is?.mac === mac ? [] : [`with the MAC ${is?.mac ?? ''}`]),
  ]
  if (wrong.length === 0) return
  const words = `There is an endpoint ${shortId(id)} already, ${wrong.join(', ')} (port ${where.port.name}).`
  throw new Refused('EndpointDiffers', words, {
    next: `When Docker has no such endpoint (docker network inspect --verbose): ovs-vsctl del-port ${where.port.name}; ip link del dev ${where.port.name}`,
  })
}

/**
 * Ports of other endpoints of the network that have these addresses, or this MAC, and whose pair is in no container. Docker gives an
 * address away again only when it was given back: that these were not removed it has only written into its log. Docker 26.1, started
 * after a SIGKILL, does not even try, and starts containers 10 ms after it has ended their network namespaces: so those are waited for.
 */
async function givenBack(
  host: Host,
  { network, bridge, addresses, mac, target }: Attachment,
): Promise<readonly PortOnBridge[]> {
  const asked = [...addresses.map(({ ip }) => addressMark(ip.text, bridge)), macMark(mac, bridge)]
  const rows = (await host.ovs.interfaces(asked.map((has) => ({ has })))).flat()
  const others = rows.filter(({ name, externalIds }) => {
    const marks = readMarks(externalIds)
    const isOther = marks.endpoint !== '' && marks.endpoint !== target.id && marks.network === network
    return isOther && name === linksOf(marks.endpoint).port
  })
  const distinct = [...new Map(others.map((row) => [row.uuid, row])).values()]
  const idle = await Promise.all(distinct.map(({ externalIds }) => becomesIdle(readMarks(externalIds).endpoint)))
  return host.ovs.locate(distinct.filter((_, i) => idle[i]))
}
