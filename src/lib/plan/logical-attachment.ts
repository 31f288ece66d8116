import type { Attachment } from '../attach/attachment.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { switchOf } from '../network/logical.ts'
import type { Network } from '../network/networks.ts'
import { readNetworks } from '../network/record.ts'
import { dhcpRows } from '../ovn/nb/dhcp-options.ts'
import { isOfLife, logicalPortName, portNamed, type DhcpOfPort } from '../ovn/nb/logical-port.ts'
import { NETWORK_MARK } from '../ovn/nb/logical-switch.ts'
import { newUuid } from '../ovn/nb/operations.ts'
import { ovnOf, type OvnOfHost } from '../ovn/of-host.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import type { ReversibleStep } from './step.ts'
import { logicalPortAdd } from './steps/logical-port-add.ts'
import { logicalPortRenew } from './steps/logical-port-renew.ts'
import { logicalPortWait } from './steps/logical-port-wait.ts'

/** The logical part of an attachment: what comes before its port on the bridge, and what at last. */
export interface LogicalPart {
  readonly before: readonly ReversibleStep[]
  readonly after: readonly ReversibleStep[]
}

/** The network on OVN of that name which a bridge records; undefined for others. */
export function overlayOn(bridge: BridgeRow | undefined, name: string | undefined): Network | undefined {
  if (bridge === undefined || name === undefined) return undefined
  const found = readNetworks(bridge).find((one) => one.name === name)
  return found !== undefined && 'spec' in found && found.spec.overlay !== undefined ? found : undefined
}

/** The attachment as one to a logical port. */
export const withLogicalPort = (attachment: Attachment): Attachment => ({
  ...attachment,
  logical: logicalPortName(attachment.target.id, attachment.iface),
})

/**
 * Looks at the northbound database, and plans the logical port of an attachment: a new one, or that of an earlier life of the
 * container. Errors: LogicalSwitchGone, LogicalPortExists, AddressInUse, CentralUnreachable.
 */
export async function prepareLogical(host: Host, network: Network, attachment: Attachment): Promise<LogicalPart> {
  const ovn = await ovnOf(host)
  const { northbound, systemId } = ovn
  const { ls, id } = await switchOf(northbound, network)
  const { target, iface, mac, addresses, logical: name = '' } = attachment
  const life = { chassis: systemId, generation: target.generation }
  const port = await portNamed(northbound, name)
  const after = [logicalPortWait(ovn.southbound, { ...life, name }, host.ovs)]
  if (port === undefined) {
    const ips = addresses.map(({ ip }) => ip)
    const marks = { ovsd_container: target.id, ovsd_name: target.name, ovsd_iface: iface }
    const made = { ...life, uuid: newUuid(), name, mac, addresses: ips, marks, dhcp: await dhcpOf(ovn, network, id) }
    return { before: [logicalPortAdd(northbound, { ls, port: made, given: ips })], after }
  }
  if (port.externalIds[NETWORK_MARK] !== id)
    throw new Refused('LogicalPortExists', `There is a logical port ${name} already, of another network.`, {
      next: `See where: ovn-nbctl lsp-get-ls ${name}; if nothing needs it: ovn-nbctl lsp-del ${name}`,
    })
  return { before: isOfLife(port, life) ? [] : [logicalPortRenew(northbound, port, life)], after }
}

/** The rows that answer DHCP requests of a network's ports. */
async function dhcpOf({ northbound }: OvnOfHost, { spec }: Network, id: string): Promise<DhcpOfPort> {
  if (spec.overlay?.dhcp !== true) return {}
  const rows = await dhcpRows(northbound, id)
  const uuidOf = (family: 4 | 6): string | undefined => {
    const cidr = spec.subnets.find((one) => one.cidr.ip.family === family)?.cidr.text
    return rows.find((row) => row.cidr === cidr)?.uuid
  }
  return { v4: uuidOf(4), v6: uuidOf(6) }
}
