import { calledFor, portName, type Attachment, type Target } from '../attach/attachment.ts'
import { examine } from '../attach/examine.ts'
import { portsOfInterface } from '../attach/lookup.ts'
import { readMarks } from '../attach/marks.ts'
import { persistKey } from '../attach/persist.ts'
import { refuseTaken } from '../attach/taken.ts'
import { openTarget } from '../attach/target.ts'
import type { Host } from '../host.ts'
import type { Lease } from '../dhcp/marks.ts'
import { linkExists, linkExistsFor } from '../net/links.ts'
import { defaultRoutes } from '../net/ip-json.ts'
import { derivedMac } from '../net/mac.ts'
import { refuseGateways } from '../network/host-addresses.ts'
import { MADE_FOR_NETWORKS } from '../network/record.ts'
import { defaultRouteFamilies } from '../net/proc-net.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import { externalRemoval, externalSteps, prepareExternal, type PreparedLeg } from './external.ts'
import type { Prepared } from './prepared.ts'
import { netnsInode, type Netns } from '../system/netns.ts'
import type { AttachRequest } from './request.ts'
import { networkGone, overlayOn, prepareLogical, withLogicalPort, type LogicalPart } from './logical-attachment.ts'
import type { ReversibleStep, SetUp } from './step.ts'
import { addressProbe } from './steps/address-probe.ts'
import { bridgeCreate, detectDatapath } from './steps/bridge-create.ts'
import { dhcpStart } from './steps/dhcp-start.ts'
import { dhcpStop } from './steps/dhcp-stop.ts'
import { linkAutoconf } from './steps/link-autoconf.ts'
import { linkConfigure, type ReplacedRoutes } from './steps/link-configure.ts'
import { linkOffload } from './steps/link-offload.ts'
import { linkRemove } from './steps/link-remove.ts'
import { linkTune } from './steps/link-tune.ts'
import { portRemove } from './steps/port-remove.ts'
import { portAdd } from './steps/port-add.ts'
import { targetConfirm } from './steps/target-confirm.ts'
import { interfaceExists, vethCreate } from './steps/veth-create.ts'
import { describeLeased, type AttachResult } from './attach-result.ts'
import { leftoverLinks } from './leftover-links.ts'
import { keepLiving } from './keep-living.ts'
import { meetLiving } from './meet-living.ts'
import { onRealBridge, refuseBridgeName } from './real-bridge.ts'

/**
 * Looks at the host and plans one attachment. Errors: those of openTarget, AlreadyAttached, AttachedDifferently,
 * AddressInUse, LinkNameTaken, DatabaseUnreachable.
 */
export async function attachPort(host: Host, asked: AttachRequest): Promise<Prepared<AttachResult>> {
  const opened = await openTarget(host, asked.container, asked.where)
  const { target, netns } = opened
  try {
    const existsInside = mayExistInside(target, asked.iface)
    const [named, found] = await Promise.all([
      host.ovs.bridge(asked.bridge),
      portsOfInterface(host, target, asked.iface, existsInside),
      opened.confirm(),
    ])
    const request = await onRealBridge(host, asked, named !== undefined)
    const bridge = named ?? (request === asked ? undefined : await host.ovs.bridge(request.bridge))
    if (bridge === undefined) await refuseBridgeName(host, request.bridge)
    const overlay = overlayOn(bridge, request.network)
    if (request.onOvn === true && overlay === undefined) throw networkGone(request)
    const attachment = attachmentFor({ ...request, onOvn: overlay !== undefined }, target)
    let examined = await examine(host, found, target, netns)
    if (examined.living !== undefined) {
      const met = request.keep === true ? keepLiving : meetLiving
      const prepared = await met(host, request, attachment, examined.living, netns)
      if (prepared !== 'replace') return prepared
      examined = { living: undefined, stale: found }
    }
    const port = portName(target.id, request.iface)
    // Unless it is the other end of a link that a killed run left, or of a stale port.
    if (existsInside && examined.stale.length === 0 && !linkExists(port)) throw interfaceExists(attachment)
    const replaced = examined.stale.map((where) => where.port.name)
    const addresses = attachment.addresses.map(({ ip }) => ip.text)
    // On OVN the northbound database knows who has which address, and two networks may have the same.
    if (overlay === undefined) await refuseTaken(host, { ...attachment, addresses }, [port, ...replaced])
    await refuseGateways(host, { ...attachment, addresses })
    const staleLegs = await externalRemoval(
      host,
      examined.stale.map((where) => readMarks(where.interface.externalIds)),
    )
    const { external } = attachment
    const leg = external && (await prepareExternal(host, attachment, external, [port, ...replaced]))
    const links = await leftoverLinks(host, attachment, examined.stale)
    const replacedRoutes = await routesToReplace(host, attachment, netns)
    const wish = describeLeased(attachment)
    const logical = overlay && (await prepareLogical(host, overlay, attachment, request))
    const plan = setUp(host, {
      attachment,
      netns,
      bridge,
      request,
      stale: examined.stale,
      links,
      staleLegs,
      leg,
      replacedRoutes,
      bound: wish.bound,
      logical,
    })
    return {
      plan,
      result: { ...wish.result, status: 'attached', replaced },
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

/** What a request comes to for a target: with a MAC of its own, if none was asked for. */
export function attachmentFor(request: AttachRequest, target: Target): Attachment {
  const {
    bridge,
    iface,
    addresses,
    gateways,
    routes,
    mtu,
    vlan,
    owner,
    rate,
    tenant,
    network,
    persist,
    external,
    dhcp,
    onOvn,
  } = request
  const mac = request.mac ?? derivedMac(target.id, iface)
  const plain: Attachment = {
    ...{ bridge, iface, target, addresses, gateways, routes, mac, mtu, vlan, owner },
    ...(rate === undefined ? {} : { rate }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(network === undefined ? {} : { network }),
    ...(persist === undefined ? {} : { persist }),
    ...(external === undefined ? {} : { external }),
    ...(dhcp === true ? { dhcp } : {}),
  }
  return onOvn === true ? withLogicalPort(plain) : plain
}

interface Parts {
  readonly attachment: Attachment
  readonly netns: Netns
  readonly bridge: BridgeRow | undefined
  readonly request: AttachRequest
  readonly stale: readonly PortOnBridge[]
  readonly links: readonly string[]
  readonly staleLegs: readonly ReversibleStep[]
  readonly leg: PreparedLeg | undefined
  readonly replacedRoutes: readonly ReplacedRoutes[]
  readonly bound: (lease: Lease) => void
  readonly logical: LogicalPart | undefined
}

function setUp(host: Host, parts: Parts): SetUp {
  const { attachment, netns, bridge, request, stale, links, staleLegs, leg, replacedRoutes, bound, logical } = parts
  const datapath = bridge === undefined ? (request.datapath ?? detectDatapath()) : bridge.datapathType
  const stage = (...steps: (ReversibleStep | undefined)[]): readonly ReversibleStep[] =>
    steps.filter((step) => step !== undefined)
  const stages = [
    stage(...staleLegs, dhcpStop(stale, false)),
    // In a transaction of its own and before the new device is there: a port that is removed and added again in one
    // transaction under the same name stays bound to the old device, and what the new one sends is never received.
    stage(stale.length === 0 ? undefined : portRemove(host, stale, { forget: attachment.persist !== true })),
    stage(
      bridge === undefined
        ? bridgeCreate(
            host,
            attachment.bridge,
            datapath === 'netdev' ? 'netdev' : 'system',
            // Somebody deleted that of its network: the new one goes with the network, too.
            attachment.network === undefined ? {} : MADE_FOR_NETWORKS,
          )
        : undefined,
      links.length === 0 ? undefined : linkRemove(host, links),
    ),
    stage(vethCreate(host, attachment, netns), ...(logical?.before ?? [])),
    stage(
      portAdd(
        host,
        attachment,
        bridge !== undefined && persistKey(attachment.target.id, attachment.iface) in bridge.externalIds,
      ),
      attachment.addresses.some(({ ip }) => ip.family === 6) ? linkTune(host, attachment, netns) : undefined,
      datapath === 'netdev' ? linkOffload(host, attachment.iface, netns) : undefined,
      attachment.dhcp === true ? linkAutoconf(host, attachment, netns) : undefined,
    ),
    stage(request.probe && attachment.addresses.length > 0 ? addressProbe(host, attachment, netns) : undefined),
    stage(linkConfigure(host, attachment, netns, replacedRoutes)),
    stage(attachment.dhcp === true ? dhcpStart(host, attachment, netns, { bound }) : undefined),
    ...(leg === undefined ? [] : externalSteps(host, attachment, netns, leg)),
    stage(...(logical?.after ?? [])),
    stage(targetConfirm(attachment, netns)),
  ]
  const title = `Attach ${attachment.iface} of ${calledFor(attachment.target)} to ${attachment.bridge}`
  return { onFailure: 'unwind', title, stages: stages.filter((steps) => steps.length > 0) }
}

/** Default routes that gateways replace. Most containers have none, which shows without a process. */
async function routesToReplace(host: Host, { gateways }: Attachment, netns: Netns): Promise<readonly ReplacedRoutes[]> {
  const seen = gateways.length === 0 ? undefined : defaultRouteFamilies(netns.path)
  // Asked afterwards, so that what was seen is of this namespace: the process may be gone, and its number another's.
  const present = netnsInode(netns.path) === netns.inode ? seen : undefined
  const families = gateways.map(({ family }) => family).filter((family) => present?.has(family) !== false)
  return Promise.all(families.map(async (family) => ({ family, routes: await defaultRoutes(host.run, netns, family) })))
}
