import { portName, type Attachment, type Target } from '../attach/attachment.ts'
import { examine, type Examined } from '../attach/examine.ts'
import { portsOfInterface } from '../attach/lookup.ts'
import { linkAlias, specOf } from '../attach/marks.ts'
import { refuseTakenAddresses } from '../attach/taken.ts'
import { openTarget } from '../attach/target.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { aliasOf, linkExists, linkExistsFor } from '../net/links.ts'
import { defaultRoutes } from '../net/ip-json.ts'
import { derivedMac } from '../net/mac.ts'
import { describeVlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import type { Prepared } from './prepared.ts'
import type { Netns } from '../system/netns.ts'
import type { AttachRequest } from './request.ts'
import type { ReversibleStep, SetUp } from './step.ts'
import { addressProbe } from './steps/address-probe.ts'
import { bridgeCreate, detectDatapath } from './steps/bridge-create.ts'
import { linkConfigure, type ReplacedRoutes } from './steps/link-configure.ts'
import { linkOffload } from './steps/link-offload.ts'
import { linkRemove } from './steps/link-remove.ts'
import { linkTune } from './steps/link-tune.ts'
import { portRemove } from './steps/port-remove.ts'
import { portAdd } from './steps/port-add.ts'
import { vethCreate } from './steps/veth-create.ts'

/** What add-port answers (the keys of --json). */
export interface AttachResult {
  readonly bridge: string
  readonly port: string
  readonly container: string
  readonly containerId: string
  readonly interface: string
  readonly addresses: readonly string[]
  readonly mac: string
  readonly mtu: number | null
  readonly vlan: string
  /** "attached", or "unchanged" when --may-exist found it done. */
  readonly status: 'attached' | 'unchanged'
  /** Stale ports of the same interface that were removed on the way. */
  readonly replaced: readonly string[]
}

/**
 * Looks at the host and plans one attachment. Errors: those of openTarget, AlreadyAttached, AttachedDifferently,
 * AddressInUse, LinkNameTaken, DatabaseUnreachable.
 */
export async function attachPort(host: Host, request: AttachRequest): Promise<Prepared<AttachResult>> {
  const opened = await openTarget(host, request.container, request.where)
  const { target, netns } = opened
  try {
    const attachment = complete(request, target)
    const [bridge, found] = await Promise.all([
      host.ovs.bridge(request.bridge),
      portsOfInterface(host, target, request.iface, mayExistInside(target, request.iface)),
      opened.confirm(),
    ])
    const examined = await examine(host, found, target, netns)
    if (examined.whole !== undefined)
      return { plan: undefined, result: existing(attachment, examined.whole, request.mayExist) }
    const port = portName(target.id, request.iface)
    const replaced = examined.stale.map((where) => where.port.name)
    await refuseTakenAddresses(host, attachment, [port, ...replaced])
    const links = await leftoverLinks(host, attachment, examined)
    const replacedRoutes = await routesToReplace(host, attachment, netns)
    const plan = setUp(host, { attachment, netns, bridge, request, stale: examined.stale, links, replacedRoutes })
    return {
      plan,
      result: { ...describe(attachment), status: 'attached', replaced },
      [Symbol.dispose]: () => netns[Symbol.dispose](),
    }
  } catch (error) {
    netns[Symbol.dispose]()
    throw error
  }
}

/** Asked of /proc, which costs nothing; a bare namespace cannot be asked that way, and its name is no container's id. */
const mayExistInside = (target: Target, iface: string): boolean =>
  target.kind === 'container' && linkExistsFor(target.netnsPath, iface)

function complete(request: AttachRequest, target: Target): Attachment {
  const { bridge, iface, addresses, gateways, routes, mtu, vlan, owner } = request
  const mac = request.mac ?? derivedMac(target.id, iface)
  return { bridge, iface, target, addresses, gateways, routes, mac, mtu, vlan, owner }
}

interface Parts {
  readonly attachment: Attachment
  readonly netns: Netns
  readonly bridge: BridgeRow | undefined
  readonly request: AttachRequest
  readonly stale: readonly PortOnBridge[]
  readonly links: readonly string[]
  readonly replacedRoutes: readonly ReplacedRoutes[]
}

function setUp(host: Host, parts: Parts): SetUp {
  const { attachment, netns, bridge, request, stale, links, replacedRoutes } = parts
  const datapath = bridge === undefined ? (request.datapath ?? detectDatapath()) : bridge.datapathType
  const stage = (...steps: (ReversibleStep | undefined)[]): readonly ReversibleStep[] =>
    steps.filter((step) => step !== undefined)
  const stages = [
    // In a transaction of its own and before the new device is there: a port that is removed and added again in one
    // transaction under the same name stays bound to the old device, and what the new one sends is never received.
    stage(stale.length === 0 ? undefined : portRemove(host, stale)),
    stage(
      bridge === undefined
        ? bridgeCreate(host, attachment.bridge, datapath === 'netdev' ? 'netdev' : 'system')
        : undefined,
      links.length === 0 ? undefined : linkRemove(host, links),
    ),
    stage(vethCreate(host, attachment, netns)),
    stage(
      portAdd(host, attachment),
      linkTune(host, attachment, netns),
      datapath === 'netdev' ? linkOffload(host, attachment, netns) : undefined,
    ),
    stage(request.probe && attachment.addresses.length > 0 ? addressProbe(host, attachment, netns) : undefined),
    stage(linkConfigure(host, attachment, netns, replacedRoutes)),
  ]
  const title = `Attach ${attachment.iface} of ${attachment.target.typed} to ${attachment.bridge}`
  return { onFailure: 'unwind', title, stages: stages.filter((steps) => steps.length > 0) }
}

/** Links that stand in the way: of stale ports, or of a run that was killed before its port was added. */
async function leftoverLinks(
  host: Host,
  { target, iface }: Attachment,
  examined: Examined,
): Promise<readonly string[]> {
  const port = portName(target.id, iface)
  const links = examined.stale.map((where) => where.port.name).filter((name) => linkExists(name))
  if (links.includes(port) || !linkExists(port)) return links
  if ((await aliasOf(host.run, port)) !== linkAlias(target.id, iface))
    throw new Refused('LinkNameTaken', `The host has a link ${port} whose name is needed.`, {
      next: `Look at it: ip -details link show dev ${port}`,
    })
  return [...links, port]
}

async function routesToReplace(host: Host, { gateways }: Attachment, netns: Netns): Promise<readonly ReplacedRoutes[]> {
  return Promise.all(
    gateways.map(async ({ family }) => ({ family, routes: await defaultRoutes(host.run, netns, family) })),
  )
}

function describe({
  bridge,
  target,
  iface,
  addresses,
  mac,
  mtu,
  vlan,
}: Attachment): Omit<AttachResult, 'status' | 'replaced'> {
  return {
    bridge,
    port: portName(target.id, iface),
    container: target.name,
    containerId: target.id,
    interface: iface,
    addresses: addresses.map(({ text }) => text),
    mac,
    mtu: mtu ?? null,
    vlan: describeVlan(vlan),
  }
}

/** The interface is attached and whole: fine with --may-exist if it is just what was asked for. */
function existing(
  attachment: Attachment,
  { where, marks }: NonNullable<Examined['whole']>,
  mayExist: boolean,
): AttachResult {
  const { target, iface, bridge } = attachment
  const already = `Port already attached for CONTAINER=${target.typed} and INTERFACE=${iface}`
  const port = where.port.name
  if (!mayExist)
    throw new Refused('AlreadyAttached', `${already} (port ${port} on ${where.bridge.name}).`, {
      next: `Accept that with --may-exist, or detach it first: ovsd del-port ${where.bridge.name} ${iface} ${target.typed}`,
    })
  const wanted = specOf(attachment)
  const spec = marks.spec
  const changed = [
    where.bridge.name === bridge ? '' : `bridge ${where.bridge.name}`,
    describeVlan(where.port.vlan) === describeVlan(attachment.vlan) ? '' : `VLAN ${describeVlan(where.port.vlan)}`,
    ...(['addresses', 'gateways', 'routes', 'mac', 'mtu'] as const).map((key) =>
      spec === undefined || JSON.stringify(spec[key]) === JSON.stringify(wanted[key])
        ? ''
        : `${key} ${JSON.stringify(spec[key])}`,
    ),
  ].filter((text) => text !== '')
  if (changed.length > 0)
    throw new Refused('AttachedDifferently', `${already}, but with other settings: ${changed.join('; ')}.`, {
      next: `Detach it first: ovsd del-port ${where.bridge.name} ${iface} ${target.typed}`,
    })
  return { ...describe(attachment), port, status: 'unchanged', replaced: [] }
}
