import { BadInput } from '../errors.ts'
import type { Host } from '../host.ts'
import type { IfName } from '../net/ifname.ts'
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
