import { BRIDGE_ALIAS } from '../attach/marks.ts'
import { BadInput, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { IfName } from '../net/ifname.ts'
import { aliasOf, linkExists } from '../net/links.ts'
import { describeVlan, type Vlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { AttachRequest } from './request.ts'

/**
 * A request for a VLAN bridge becomes one for its parent in that VLAN; any other stays as it is. `exists` is asked first,
 * because that is what nearly always is the case. Error: BadInput, when another VLAN is asked for as well.
 */
export async function onRealBridge(host: Host, request: AttachRequest, exists: boolean): Promise<AttachRequest> {
  const fake = exists ? undefined : await host.ovs.fakeBridge(request.bridge)
  if (fake === undefined) return request
  const vlan: Vlan = { kind: 'access', tag: fake.tag }
  if (request.vlan.kind !== 'none' && describeVlan(request.vlan) !== describeVlan(vlan))
    throw new BadInput('--vlan', `${request.bridge} is VLAN ${String(fake.tag)} of ${fake.parent}.`, String(fake.tag))
  return { ...request, bridge: fake.parent as IfName, vlan }
}

/** Those of the ports that are on the bridge of that name, be it a VLAN bridge. */
export async function portsOn(
  host: Host,
  name: string,
  ports: readonly PortOnBridge[],
): Promise<readonly PortOnBridge[]> {
  const here = ports.filter(({ bridge }) => bridge.name === name)
  if (here.length > 0 || ports.length === 0) return here
  const fake = await host.ovs.fakeBridge(name)
  return ports.filter(
    ({ bridge, port }) => bridge.name === fake?.parent && port.vlan.kind === 'access' && port.vlan.tag === fake.tag,
  )
}

/**
 * ovs-vsctl would fail half-way, or make a bridge that never works, with a name that something else has. The link of a
 * bridge that ovsd created outlives a database that was emptied and an ovs-vswitchd that was killed, and is taken up again.
 * Error: BridgeNameTaken.
 */
export async function refuseBridgeName(host: Host, bridge: string): Promise<void> {
  if (!linkExists(bridge)) return
  // It may go at this moment, when ovs-vswitchd has only just heard that its bridge went.
  const alias = await aliasOf(host.run, bridge).catch(() => '')
  if (alias !== BRIDGE_ALIAS && linkExists(bridge))
    throw new Refused(
      'BridgeNameTaken',
      `${bridge} is not a bridge of Open vSwitch, and the host has a link of that name.`,
      {
        next: 'See which bridges there are: ovs-vsctl list-br',
      },
    )
}
