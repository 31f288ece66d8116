import { askedByLabels } from '../attach/asked-by-labels.ts'
import { portsMeantBy, thoseMeantBy } from '../attach/lookup.ts'
import { readMarks } from '../attach/marks.ts'
import { readPersistRecords } from '../attach/persist.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { isOfDocker, refuseOfDocker } from './of-docker.ts'
import type { Prepared } from './prepared.ts'
import { externalRemoval } from './external.ts'
import { forgetPorts } from './forget-ports.ts'
import { logicalPortsOf, logicalRemoval } from './logical-removal.ts'
import type { ReversibleStep, TearDown } from './step.ts'
import { portsOn } from './real-bridge.ts'
import { dhcpStop } from './steps/dhcp-stop.ts'
import { linkRemove } from './steps/link-remove.ts'
import { portRemove } from './steps/port-remove.ts'
import { recordForget } from './steps/record-forget.ts'

/** What del-port and del-ports answer. */
export interface DetachResult {
  readonly bridge: string
  readonly container: string
  /** Names of the ports that were removed. */
  readonly removed: readonly string[]
  /** Interfaces among them that labels ask for: a running watch attaches them again, as far as its policy allows. */
  readonly askedByLabels: readonly string[]
}

/** What del-ports answers. */
export interface DetachedPorts extends DetachResult {
  /** Names of ports that stay, because Docker has put them there and takes them away. */
  readonly leftToDocker: readonly string[]
}

/**
 * Plans the removal of one interface, whether or not its container or link still exists.
 * Errors: PortMissing, PortElsewhere, AmbiguousContainer.
 */
export async function detachPort(
  host: Host,
  bridge: string,
  iface: string,
  container: string,
): Promise<Prepared<DetachResult>> {
  const records = await recordsMeantBy(host, bridge, container, iface)
  const found = await findPort(host, bridge, iface, container).catch((error: unknown) => {
    // Nothing is attached at the moment; but it would be again as soon as the container starts.
    if (error instanceof Refused && error.code === 'PortMissing' && records.length > 0) return []
    throw error
  })
  const plan = await removal(host, found, { forget: true, records })
  return { plan, result: { bridge, container, removed: names(found), askedByLabels: await askedByLabels(host, found) } }
}

/** Plans the removal of all ports that a container has on the bridge, but for those of Docker's networks; none is fine. */
export async function detachPorts(host: Host, bridge: string, container: string): Promise<Prepared<DetachedPorts>> {
  const [all, records] = await Promise.all([
    portsMeantBy(host, container).then((ports) => portsOn(host, bridge, ports)),
    recordsMeantBy(host, bridge, container),
  ])
  const found = all.filter((one) => !isOfDocker(one))
  return {
    plan: found.length + records.length === 0 ? undefined : await removal(host, found, { forget: true, records }),
    result: {
      ...{ bridge, container, removed: names(found), askedByLabels: await askedByLabels(host, found) },
      leftToDocker: names(all.filter(isOfDocker)),
    },
  }
}

/** The ports of an interface on this bridge. Errors: PortMissing, PortElsewhere, EndpointOfDocker, AmbiguousContainer. */
export async function findPort(
  host: Host,
  bridge: string,
  iface: string,
  container: string,
): Promise<readonly PortOnBridge[]> {
  const found = await portsMeantBy(host, container, iface)
  const here = await portsOn(host, bridge, found)
  refuseOfDocker(here, container)
  if (here.length > 0) return here
  const [elsewhere] = found
  const missing = `Failed to find any attached port for CONTAINER=${container} and INTERFACE=${iface}`
  if (elsewhere === undefined)
    throw new Refused('PortMissing', `${missing}.`, { next: 'See what is attached: ovsd list' })
  throw new Refused('PortElsewhere', `${missing} on bridge ${bridge}: its port is on ${elsewhere.bridge.name}.`, {
    next: `Name that bridge: BRIDGE INTERFACE CONTAINER is ${elsewhere.bridge.name} ${iface} ${container}`,
  })
}

const names = (ports: readonly PortOnBridge[]): readonly string[] => ports.map(({ port }) => port.name)

/** The records of persistent attachments (attach/persist.ts) of a container that has perhaps no port at the moment. */
async function recordsMeantBy(host: Host, bridge: string, typed: string, iface?: string): Promise<Records> {
  const row = await host.ovs.bridge(bridge)
  const all = readPersistRecords(row?.externalIds ?? {}).filter(
    (record) => iface === undefined || record.iface === iface,
  )
  if (all.length === 0) return []
  return (await thoseMeantBy(host, typed, all, 12)).map(({ key }) => ({ bridge, key }))
}

type Records = readonly { readonly bridge: string; readonly key: string }[]

/** What goes besides the ports. */
export interface Besides {
  /** Removals of external addresses that no port tells of. */
  readonly legs?: readonly ReversibleStep[]
  /** Links without a port. */
  readonly links?: readonly string[]
  /** The ports' own links stay where they are. */
  readonly linksStay?: boolean
  /** The ports' records of being persistent, and `records` of other ports. */
  readonly forget?: boolean
  readonly records?: Records
  /** Names of logical ports of OVN that go also when `forget` is not said: nothing will have them again. */
  readonly logical?: readonly string[]
  /** How long to wait for ovs-vswitchd; 0: not at all. */
  readonly waitSeconds?: number
}

/**
 * External addresses and DHCP clients first, because the marks of the ports tell of them, and a lease is given back through
 * the port; then ports, so that ovs-vswitchd never meets one
 * without its device; then the links that are still there.
 */
export async function removal(host: Host, ports: readonly PortOnBridge[], besides: Besides = {}): Promise<TearDown> {
  const { links = [], linksStay = false, forget = false, records = [], waitSeconds } = besides
  const wait = waitSeconds === undefined ? {} : { waitSeconds }
  const legs = await externalRemoval(
    host,
    ports.map((where) => readMarks(where.interface.externalIds)),
  )
  const clients = dhcpStop(ports, forget)
  const logical = await logicalRemoval(host, [...(forget ? logicalPortsOf(ports) : []), ...(besides.logical ?? [])])
  const bridges = [...new Set(records.map(({ bridge }) => bridge))]
  const own = linksStay ? [] : ports.map((where) => where.interface.name)
  const gone = [...own, ...links].filter((name) => linkExists(name))
  return {
    onFailure: 'continue',
    title: `Detach ${ports.length === 1 ? (ports[0]?.port.name ?? '') : `${String(ports.length)} ports`}`,
    stages: [
      [...legs, ...(besides.legs ?? []), ...(clients === undefined ? [] : [clients])],
      [
        ...(ports.length === 0 ? [] : [portRemove(host, ports, { forget, ...wait })]),
        ...logical,
        ...bridges.map((bridge) =>
          recordForget(
            host,
            bridge,
            records.filter((record) => record.bridge === bridge).map(({ key }) => key),
          ),
        ),
      ],
      gone.length === 0 ? [] : [linkRemove(host, gone)],
      await forgetPorts(host, ports),
    ].filter((stage) => stage.length > 0),
  }
}
