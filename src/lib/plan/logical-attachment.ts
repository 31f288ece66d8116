import type { Attachment } from '../attach/attachment.ts'
import { OvsdError, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { switchOf } from '../network/logical.ts'
import type { Network } from '../network/networks.ts'
import { readNetworks } from '../network/record.ts'
import { dhcpRows } from '../ovn/nb/dhcp-options.ts'
import {
  hasMac,
  isOfLife,
  logicalPortName,
  portMarks,
  portNamed,
  type DhcpOfPort,
  type PortToMake,
} from '../ovn/nb/logical-port.ts'
import { NETWORK_MARK } from '../ovn/nb/logical-switch.ts'
import { recount } from '../ovn/nb/addresses.ts'
import { newUuid } from '../ovsdb/operations.ts'
import { ovnOf, type OvnOfHost } from '../ovn/of-host.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import type { AttachRequest } from './request.ts'
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

/** The refusal of a place in a network on OVN that this host does not know any more. */
export const networkGone = ({ bridge, network = '' }: Pick<AttachRequest, 'bridge' | 'network'>): Refused =>
  new Refused('NetworkMissing', `There is no network ${network} on ${bridge} any more.`, {
    next: 'See which there are: ovsd net ls; one that the database has lost comes back with: ovsd state import',
  })

/**
 * Looks at the northbound database, and plans the logical port of an attachment: a new one, or that of an earlier life of the
 * container. For who keeps interfaces (`keep`), and will look after the port, a central that is away is nothing to wait for: what the
 * interface needs on this host is known; unless its addresses were chosen a moment ago (`isChosen`), and another host would choose them, too. Errors: LogicalSwitchGone,
 * LogicalPortExists, AddressInUse, CentralUnreachable.
 */
export async function prepareLogical(
  host: Host,
  network: Network,
  attachment: Attachment,
  { keep = false, isChosen = false }: Pick<AttachRequest, 'keep' | 'isChosen'> = {},
): Promise<LogicalPart> {
  try {
    return await prepare(host, network, attachment, keep)
  } catch (error) {
    if (keep && !isChosen && isCode(error, 'CentralUnreachable')) return { before: [], after: [] }
    throw error
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof OvsdError && error.code === code

async function prepare(host: Host, network: Network, attachment: Attachment, keeps: boolean): Promise<LogicalPart> {
  const ovn = await ovnOf(host)
  const { northbound, systemId } = ovn
  const { ls, id } = await switchOf(northbound, network)
  const { target, mac, logical: name = '' } = attachment
  const life = { chassis: systemId, generation: target.generation }
  const port = await portNamed(northbound, name)
  const after = [waitFor(host, ovn, attachment, keeps)]
  if (port === undefined) {
    const made = await newPort(ovn, network, attachment, id)
    const add = (now: typeof ls) => logicalPortAdd(northbound, { ls: now, port: made, given: made.addresses })
    try {
      return { before: [add(ls)], after }
    } catch (error) {
      if (!isCode(error, 'AddressInUse')) throw error
      // A port that was removed by hand left its note behind.
      return { before: [add(await recount(northbound, ls.uuid))], after }
    }
  }
  if (port.externalIds[NETWORK_MARK] !== id)
    throw new Refused('LogicalPortExists', `There is a logical port ${name} already, of another network.`, {
      next: `See where: ovn-nbctl lsp-get-ls ${name}; if nothing needs it: ovn-nbctl lsp-del ${name}`,
    })
  // The MAC may have been asked for in one life, and not in the next: port security would drop all that it sends.
  const isRight = isOfLife(port, life) && hasMac(port, mac)
  return { before: isRight ? [] : [logicalPortRenew(northbound, port, life, mac)], after }
}

/** The logical port of an attachment to a network with this id, as it is made. Error: CentralUnreachable. */
export async function newPort(
  ovn: OvnOfHost,
  network: Network,
  { target, iface, mac, addresses, logical: name = '' }: Attachment,
  id: string,
): Promise<PortToMake> {
  const marks = portMarks(target, iface, target.kind === 'endpoint' ? target.id : '')
  return {
    ...{ uuid: newUuid(), name, mac, marks, chassis: ovn.systemId, generation: target.generation },
    ...{ addresses: addresses.map(({ ip }) => ip), dhcp: await dhcpOf(ovn, network, id) },
  }
}

/** Waits until the logical port of an attachment works; for who keeps interfaces it may be late. */
export function waitFor(
  host: Host,
  { southbound, systemId, lateness }: OvnOfHost,
  { target: { generation }, logical: name = '' }: Attachment,
  keeps: boolean,
): ReversibleStep {
  const mayBeLate = keeps ? { lateness } : {}
  return logicalPortWait(southbound, { chassis: systemId, generation, name, ...mayBeLate }, host.ovs)
}

/** The rows that answer DHCP requests of a network's ports. Error: CentralUnreachable. */
export async function dhcpOf(
  { northbound }: Pick<OvnOfHost, 'northbound'>,
  { spec }: Network,
  id: string,
): Promise<DhcpOfPort> {
  if (spec.overlay?.dhcp !== true) return {}
  const rows = await dhcpRows(northbound, id)
  const uuidOf = (family: 4 | 6): string | undefined => {
    const cidr = spec.subnets.find((one) => one.cidr.ip.family === family)?.cidr.text
    return rows.find((row) => row.cidr === cidr)?.uuid
  }
  return { v4: uuidOf(4), v6: uuidOf(6) }
}
