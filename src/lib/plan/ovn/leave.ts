import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { networksOf } from '../../network/networks.ts'
import { centralOf } from '../../ovn/central.ts'
import { INTEGRATION_BRIDGE, readChassisRecord } from '../../ovn/chassis.ts'
import { askController } from '../../ovn/controller.ts'
import { readLocal } from '../../ovn/local.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { Prepared } from '../prepared.ts'
import { untilFailure } from '../until-failure.ts'
import { bridgeRemove } from '../steps/bridge-remove.ts'
import { chassisRemove } from '../steps/chassis-remove.ts'
import { chassisForget, chassisUnset } from '../steps/chassis-unset.ts'
import { controllerPortsRemove, isOfController } from '../steps/controller-ports-remove.ts'
import { controllerBack, controllerStop } from '../steps/controller-stop.ts'
import { isMadeForOvn } from './chassis-stages.ts'

/** What ovn leave answers. */
export interface LeftCloud {
  readonly status: 'left' | 'unchanged'
  readonly systemId: string
  /** Where central is that was left; null when the host was no chassis. */
  readonly southbound: string | null
  readonly bridgeRemoved: boolean
  readonly controllerStopped: boolean
}

/**
 * Looks at this host and plans its way out of OVN: what `joinCloud` did, and nothing else. `force`: although something of this
 * host is attached. Errors: ChassisInUse, NotOurChassis, DatabaseUnreachable.
 */
export async function leaveCloud(host: Host, force: boolean): Promise<Prepared<LeftCloud>> {
  const local = await readLocal(host)
  const record = readChassisRecord(local)
  const { systemId, externalIds } = local
  const southbound = externalIds['ovn-remote']
  if (record === undefined) {
    if (southbound !== undefined) throw notOurs(southbound)
    return removeBridge(host, systemId)
  }
  const all = await host.ovs.everything()
  const attached = await attachedHere(host, all)
  if (attached.length > 0 && !force) throw inUse(attached)
  const [bridge, controller] = await Promise.all([host.ovs.bridge(INTEGRATION_BRIDGE), askController(host)])
  const central = centralOf(local, {})
  const isOurs = bridge !== undefined && (record.bridge || isMadeForOvn(bridge))
  const bridgeRemoved = isOurs && attached.length === 0 && !hasOthers(all)
  const stops = controller.state === 'running'
  // One that runs takes its tunnels along.
  const ports = all.filter(isOfController).filter(({ interface: { type } }) => !stops || type === 'patch')
  const here = untilFailure([
    ...(stops ? [controllerStop(host)] : []),
    ...(stops || ports.length > 0 ? [controllerPortsRemove(host, ports)] : []),
    ...(bridgeRemoved ? [bridgeRemove(host, INTEGRATION_BRIDGE)] : []),
    chassisUnset(host, local, record),
    ...(record.started ? [] : [controllerBack(host)]),
    // With it the same command knows what this one could not do.
    chassisForget(host),
  ])
  // A central that is away keeps nothing here: what stays there is named.
  const there = central === undefined ? [] : [[chassisRemove(host, { central, tls: central.tls, systemId })]]
  const stages = stops ? [...here.slice(0, 1), ...there, ...here.slice(1)] : [...there, ...here]
  return {
    plan: {
      onFailure: 'continue',
      title: `Leave the central at ${southbound ?? 'a place that was forgotten'}`,
      stages,
    },
    result: {
      ...{ status: 'left', systemId, southbound: southbound ?? null, bridgeRemoved },
      controllerStopped: stops && record.started,
    },
  }
}

/** Of a host that is no chassis: the integration bridge that a run made which was killed right after. */
async function removeBridge(host: Host, systemId: string): Promise<Prepared<LeftCloud>> {
  const [bridge, networks, all] = await Promise.all([
    host.ovs.bridge(INTEGRATION_BRIDGE),
    networksOf(host),
    host.ovs.everything(),
  ])
  const isUsed = networks.some((one) => one.bridge === INTEGRATION_BRIDGE) || hasOthers(all)
  const bridgeRemoved = isMadeForOvn(bridge) && !isUsed
  const stages = [[bridgeRemove(host, INTEGRATION_BRIDGE)]]
  return {
    plan: bridgeRemoved ? { onFailure: 'continue', title: `Remove ${INTEGRATION_BRIDGE}`, stages } : undefined,
    result: {
      ...{ status: bridgeRemoved ? 'left' : 'unchanged', systemId, southbound: null, bridgeRemoved },
      controllerStopped: false,
    },
  }
}

/** Whether somebody else has a port on the integration bridge. */
const hasOthers = (all: readonly PortOnBridge[]): boolean =>
  all.some(
    (where) =>
      where.bridge.name === INTEGRATION_BRIDGE && where.port.name !== INTEGRATION_BRIDGE && !isOfController(where),
  )

/** What would be without OVN: networks of ours, and ports of anybody that logical ports are bound to. */
async function attachedHere(host: Host, all: readonly PortOnBridge[]): Promise<readonly string[]> {
  const networks = (await networksOf(host)).filter((one) => one.bridge === INTEGRATION_BRIDGE)
  const ports = all.filter(
    ({ bridge, interface: row }) => bridge.name === INTEGRATION_BRIDGE && row.externalIds['iface-id'] !== undefined,
  )
  return [...networks.map(({ name }) => `the network ${name}`), ...ports.map(({ port }) => `the port ${port.name}`)]
}

const SHOWN = 5

const inUse = (attached: readonly string[]): Refused =>
  new Refused(
    'ChassisInUse',
    `This host still uses OVN: ${attached.slice(0, SHOWN).join(', ')}${attached.length > SHOWN ? ` and ${String(attached.length - SHOWN)} more` : ''}.`,
    { next: 'Remove them first: ovsd net rm NETWORK; or leave them without a network: ovsd ovn leave --force' },
  )

const notOurs = (southbound: string): Refused =>
  new Refused('NotOurChassis', `This host is a chassis of ${southbound}, but not by ovsd.`, {
    next: 'If nothing needs it any more: systemctl stop ovn-controller; ovs-vsctl remove Open_vSwitch . external_ids ovn-remote ovn-encap-ip ovn-encap-type',
  })
