// Endpoints of Docker in networks on OVN.
import { OvsdError, Refused } from '../errors.ts'
import type { Attachment } from '../attach/attachment.ts'
import type { Host } from '../host.ts'
import { switchOf } from '../network/logical.ts'
import type { Network } from '../network/networks.ts'
import { keptName } from '../ovn/nb/kept-address.ts'
import { portNamed, type LogicalPort } from '../ovn/nb/logical-port.ts'
import { NETWORK_MARK } from '../ovn/nb/logical-switch.ts'
import { ovnOf } from '../ovn/of-host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { newPort, prepareLogical, waitFor, type LogicalPart } from './logical-attachment.ts'
import { logicalPortsOf } from './logical-removal.ts'
import { logicalPortTake } from './steps/logical-port-take.ts'

/** What is told of a network whose central is still being made, or that central does not know yet. */
const TOO_EARLY: readonly string[] = ['CentralUnknown', 'ChassisMissing', 'LogicalSwitchGone']

/** Whether a network that brings its central is asked about before that is made. */
export const isTooEarly = ({ spec }: Network, { code }: OvsdError): boolean =>
  spec.central !== undefined && TOO_EARLY.includes(code)

const NOTHING: LogicalPart = { before: [], after: [] }

/**
 * Plans the logical port of an endpoint: that which keeps its addresses since they were given to Docker, that of an endpoint whose
 * addresses Docker has given away again (`stale`), or a new one. Docker waits for nothing that is not on this host: while central is away there
 * is nothing to do, and who keeps networks makes the port later. Errors: AddressInUse, LogicalPortExists, LogicalSwitchGone.
 */
export async function logicalEndpoint(
  host: Host,
  network: Network,
  attachment: Attachment,
  stale: readonly PortOnBridge[],
): Promise<LogicalPart> {
  if (attachment.logical === undefined) return NOTHING
  try {
    return (
      (await takeKept(host, network, attachment, stale)) ??
      (await prepareLogical(host, network, attachment, { keep: true }))
    )
  } catch (error) {
    if (!(error instanceof OvsdError)) throw error
    if (error.code === 'CentralUnreachable') return NOTHING
    if (isTooEarly(network, error)) return NOTHING
    throw error.code === 'AddressInUse' ? givenTwice(error) : error
  }
}

async function takeKept(
  host: Host,
  network: Network,
  attachment: Attachment,
  stale: readonly PortOnBridge[],
): Promise<LogicalPart | undefined> {
  const ovn = await ovnOf(host)
  const nb = ovn.northbound
  const { logical = '', addresses } = attachment
  const names = [...addresses.map(({ ip }) => keptName(network.spec.id ?? '', ip)), ...logicalPortsOf(stale)]
  const [own, ...found] = await Promise.all([logical, ...names].map((name) => portNamed(nb, name)))
  if (own !== undefined) return undefined
  const isOurs = ({ externalIds, options, ips }: LogicalPort): boolean =>
    externalIds[NETWORK_MARK] === network.spec.id &&
    options['requested-chassis'] === ovn.systemId &&
    ips.some(({ text }) => addresses.some(({ ip }) => ip.text === text))
  const kept = found.filter((one) => one !== undefined).filter(isOurs)
  if (kept.length === 0) return undefined
  const { ls, id } = await switchOf(nb, network)
  const port = await newPort(ovn, network, attachment, id)
  return { before: [logicalPortTake(nb, ls, kept, port)], after: [waitFor(host, ovn, attachment, true)] }
}

/** Each engine gives out the addresses of a subnet by itself. */
const givenTwice = (cause: OvsdError): Refused =>
  new Refused('AddressInUse', cause.message, {
    cause,
    next: 'Let ovsd give the addresses, which all hosts share then: docker network create --ipam-driver ovsd; or a range of its own on each host: --ip-range',
  })
