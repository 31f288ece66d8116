// A packet, and the answer to it, as they are put to OVN.
import { insideOf, type AttachmentSeen } from '../../doctor/attachments-seen.ts'
import { CommandFailed, ToolMissing } from '../../errors.ts'
import { SIDES, type Side } from '../../ovn/remotes.ts'
import { quote } from '../../system/command.ts'
import { tlsArguments } from '../../ovn/tls.ts'
import type { Case, Obstacle } from '../case.ts'
import { isLogical } from '../obstacles/segment.ts'
import { neighbourOf } from '../way.ts'
import { cloudOf, type Cloud, type LogicalPortSeen } from './bindings.ts'
import { dropOf, type Drop } from './drops.ts'
import { traceLogical, type LogicalPacket, type LogicalTrace } from './logical-trace.ts'

/** What OVN was asked, and said. */
export interface Asked {
  readonly cloud: Cloud
  readonly trace: LogicalTrace
  readonly drop: Drop | undefined
}

/** Name of the logical port that a port on the integration bridge is; ''. */
export const logicalNameOf = (port: AttachmentSeen | undefined): string =>
  port?.where.interface.externalIds['iface-id'] ?? ''

export const portCalled = ({ ports }: Cloud, name: string): LogicalPortSeen | undefined =>
  ports.find((one) => one.name === name)

async function ask(all: Case, cloud: Cloud, packet: LogicalPacket, what: string): Promise<Asked | undefined> {
  const trace = await traceLogical(all.patient.host, cloud.ovn.central, packet)
  return trace === undefined ? undefined : { cloud, trace, drop: dropOf(trace, { ...packet, what }) }
}

const questions = new WeakMap<Case, Promise<Asked | undefined>>()

/**
 * The packet on its way there, asked once for each case. Undefined where central does not answer, or nobody knows the MAC that it would be
 * sent to.
 */
export function askThere(all: Case): Promise<Asked | undefined> {
  const made = questions.get(all) ?? askOnce(all)
  questions.set(all, made)
  return made
}

async function askOnce(all: Case): Promise<Asked | undefined> {
  const { patient, pair, way, traffic } = all
  const { source, destination } = pair
  if (source === undefined || !isLogical(source) || way === undefined) return undefined
  const cloud = await cloudOf(patient)
  const mac = insideOf(source)?.mac
  if ('why' in cloud || mac === undefined) return undefined
  const toMac = await nextMac(all, cloud)
  if (toMac === undefined) return undefined
  const port = logicalNameOf(source)
  return await ask(all, cloud, { port, mac, toMac, from: way.from, to: destination.address, traffic }, 'it')
}

/** The answer, from the logical port that the packet was delivered to. */
export async function askBack(all: Case, { cloud, trace }: Asked, target: LogicalPortSeen): Promise<Asked | undefined> {
  const { b, pair, way, traffic } = all
  // ovn-trace does not remember what was translated on the way there.
  const isTranslated = trace.flows.some(({ actions }) => actions.some((one) => /\bct_(snat|dnat|lb)\w*\(/.test(one)))
  if (way === undefined || pair.source === undefined || isTranslated) return undefined
  const mac = (pair.destination.port === undefined ? undefined : insideOf(pair.destination.port)?.mac) ?? target.mac
  const toMac =
    way.via === undefined
      ? insideOf(pair.source)?.mac
      : cloud.ports.find(({ peer }) => portCalled(cloud, peer)?.datapath === target.datapath && peer !== '')?.mac
  if (toMac === undefined) return undefined
  const ends = { from: pair.destination.address, to: way.from }
  const packet = { port: target.name, mac, toMac, ...ends, traffic, isAnswer: true }
  return await ask(all, cloud, packet, `the answer of ${b.name}`)
}

/** The MAC that A sends to: what its kernel knows, else what OVN would tell it. */
export async function nextMac({ patient, a, pair, way }: Case, cloud: Cloud): Promise<string | undefined> {
  if (way === undefined) return undefined
  const next = way.via ?? pair.destination.address
  const known = await neighbourOf(patient.host, a.netns, a.name, way, next)
  if (typeof known === 'object') return known.mac
  const here = portCalled(cloud, logicalNameOf(pair.source))?.datapath
  // A router's own port has the address; the switch has the other end of it.
  return cloud.ports.find(
    ({ addresses, datapath, peer }) =>
      addresses.includes(next) && [datapath, portCalled(cloud, peer)?.datapath].includes(here),
  )?.mac
}

/** A command line for a database of OVN, as it can be typed on this host. */
const typedFor = (tool: 'ovn-nbctl' | 'ovn-sbctl', side: Side, { ovn }: Cloud, words: readonly string[]): string =>
  [tool, ...connection(side, ovn.central[side].text, ovn.central.tls), ...words.map(quote)].join(' ')

const connection = (side: Side, remotes: string, tls: Parameters<typeof tlsArguments>[0] | undefined): string[] =>
  remotes === `unix:${SIDES[side].socket}`
    ? []
    : [`--db=${remotes}`, ...(tls !== undefined && remotes.includes('ssl:') ? tlsArguments(tls) : [])]

/** A packet that OVN does not deliver, in a sentence with its stage, and lines that show what somebody wrote. */
export async function asObstacle(
  all: Case,
  { cloud, trace, drop }: Asked & { readonly drop: Drop },
): Promise<Obstacle> {
  const { cause, said, detail = '', flow, show } = drop
  const stage = flow === undefined ? '' : `table ${String(flow.table)}, ${flow.stage}`
  const aclLine = cause === 'acl' && flow !== undefined ? await rowBehind(all, cloud, flow.uuid) : undefined
  return {
    ...{ cause, said: `${said} (${[detail, stage].filter((one) => one !== '').join('; ')})`, traces: [trace.text] },
    fix: [...(aclLine === undefined ? [] : [aclLine]), typedFor('ovn-nbctl', 'northbound', cloud, show)],
  }
}

/** Shows the row of the northbound database that ovn-northd made a flow of: its UUID begins with the flow's stage-hint. */
async function rowBehind({ patient }: Case, cloud: Cloud, uuid: string): Promise<string | undefined> {
  const { central } = cloud.ovn
  const options = connection('southbound', central.southbound.text, central.tls)
  try {
    const { stdout } = await patient.host.run({
      tool: 'ovn-sbctl',
      args: ['--timeout=5', ...options, '--bare', '--columns=external_ids', 'list', 'Logical_Flow', uuid],
    })
    const hint = /stage-hint="?([0-9a-f]{8})/.exec(stdout)?.[1]
    return hint === undefined ? undefined : typedFor('ovn-nbctl', 'northbound', cloud, ['list', 'ACL', hint])
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof ToolMissing) return undefined
    throw error
  }
}
