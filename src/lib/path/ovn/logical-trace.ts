// What the logical network does with a packet: ovn-trace(8), which computes it from the southbound database.
import { CommandFailed, ToolMissing } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { Central } from '../../ovn/central.ts'
import { tlsArguments } from '../../ovn/tls.ts'
import type { Traffic } from '../question.ts'

/** The packet that is asked about. */
export interface LogicalPacket {
  /** The logical port that it comes in by. */
  readonly port: string
  readonly mac: string
  readonly toMac: string
  readonly from: string
  readonly to: string
  readonly traffic: Traffic
  /** Whether it is the answer to it. */
  readonly isAnswer?: boolean
}

/** A logical flow that had a say. */
export interface LogicalFlow {
  /** Name of the logical switch or router. */
  readonly datapath: string
  readonly table: number
  /** "ls_in_acl", "lr_in_ip_routing" … (ovn-northd(8)). */
  readonly stage: string
  readonly match: string
  readonly priority: number | undefined
  /** The first eight digits; '' where no flow matched. */
  readonly uuid: string
  readonly actions: readonly string[]
}

/**
 * What became of it. `delivered` to a logical port of that type ("" is a container, "localnet" the physical network); `dropped`;
 * `answered` by OVN itself with another packet, whose kind `what` is: tcp_reset, icmp4 …; `asked`: a router asks who has the next address.
 */
export type LogicalOutcome =
  | { readonly kind: 'delivered'; readonly port: string; readonly type: string }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'answered' | 'asked'; readonly what: string }

export interface LogicalTrace {
  /** The whole answer, for --verbose. */
  readonly text: string
  readonly flows: readonly LogicalFlow[]
  readonly outcome: LogicalOutcome
  /** Ports on the way that one host has for all: of gateway routers, and gateway ports of others. */
  readonly gateways: readonly string[]
}

/** As many as there may be: in and out of each switch and router on the way. */
const PASSES = 12

/** Asks about a packet. Undefined when ovn-trace is missing, or does not say. */
export async function traceLogical(
  { run }: Host,
  central: Central,
  packet: LogicalPacket,
): Promise<LogicalTrace | undefined> {
  // Without it every packet is taken for one of a connection that was let through already.
  const state = packet.isAnswer === true ? 'est,rpl' : 'new'
  const tracked = Array.from({ length: PASSES }, () => `--ct=${state}`)
  const args = [
    ...[`--db=${central.southbound.text}`, ...(central.tls === undefined ? [] : tlsArguments(central.tls))],
    ...['--detailed', ...tracked, expressionOf(packet)],
  ]
  try {
    const { stdout } = await run({ tool: 'ovn-trace', args })
    return parseLogicalTrace(stdout)
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof ToolMissing) return undefined
    throw error
  }
}

/** The packet in OVN's language (ovn-sb(5), Logical_Flow, match). */
function expressionOf({ port, mac, toMac, from, to, traffic, isAnswer = false }: LogicalPacket): string {
  const six = from.includes(':')
  const ip = six ? 'ip6' : 'ip4'
  return [
    ...[`inport == ${JSON.stringify(port)}`, `eth.src == ${mac}`, `eth.dst == ${toMac}`],
    ...[`${ip}.src == ${from}`, `${ip}.dst == ${to}`, 'ip.ttl == 64'],
    ...layer4(traffic, six, isAnswer),
  ].join(' && ')
}

function layer4(traffic: Traffic, six: boolean, isAnswer: boolean): readonly string[] {
  if (traffic.kind === 'icmp') {
    const [icmp, request, reply] = six ? ['icmp6', 128, 129] : ['icmp4', 8, 0]
    return [`${icmp}.type == ${String(isAnswer ? reply : request)}`, `${icmp}.code == 0`]
  }
  const { kind, port } = traffic
  const [mine, its] = isAnswer ? ['dst', 'src'] : ['src', 'dst']
  // SYN, and SYN with ACK.
  const flags = kind === 'tcp' ? [`tcp.flags == ${isAnswer ? '0x12' : '2'}`] : []
  return [`${kind}.${mine} == 40000`, `${kind}.${its} == ${String(port)}`, ...flags]
}

const UNDERLINE = /^\s*-+$/
const FLOW = /^ *(\d+)\. (\S+?)(?: \([^)]*\))?: (?:(no match.*)|(.*), priority (\d+)(?:, uuid ([0-9a-f]+))?|(.*))$/
/** Packets that OVN makes itself, by the heading of what becomes of them. */
const ASKING = /^(arp|nd_ns)\b/
const ANSWERING = /^(tcp_reset|sctp_abort|icmp[46](_error)?)\b/

/** Reads what `ovn-trace --detailed` prints. */
export function parseLogicalTrace(text: string): LogicalTrace {
  const lines = text.split('\n')
  const flows: (LogicalFlow & { readonly actions: string[] })[] = []
  let datapath = ''
  for (const [i, line] of lines.entries()) {
    if (UNDERLINE.test(lines[i + 1] ?? '')) {
      const what = line.trim()
      if (ASKING.test(what)) return traced(text, flows, { kind: 'asked', what })
      if (ANSWERING.test(what)) return traced(text, flows, { kind: 'answered', what })
      datapath = /^\s*(?:in|e)gress\(dp="([^"]*)"/.exec(line)?.[1] ?? datapath
      continue
    }
    const [, table, stage = '', none, match, priority, uuid = '', other] = FLOW.exec(line) ?? []
    if (table === undefined) {
      // Copies of a packet, to each port of a group, are indented once more.
      if (/^ {4,}\S/.test(line) && !UNDERLINE.test(line)) flows.at(-1)?.actions.push(line.trim())
      continue
    }
    flows.push({
      ...{ datapath, table: Number(table), stage, match: match ?? other ?? none ?? '', uuid },
      ...{ priority: priority === undefined ? undefined : Number(priority), actions: [] },
    })
  }
  return traced(text, flows)
}

function traced(text: string, flows: readonly LogicalFlow[], generated?: LogicalOutcome): LogicalTrace {
  const outputs = flows.flatMap(({ actions }) =>
    actions.flatMap((one) => {
      const [, port, type] = DELIVERY.exec(one) ?? []
      return port === undefined || type === undefined ? [] : [{ port, type }]
    }),
  )
  const last = outputs.find(({ type }) => !ON_THE_WAY.includes(type))
  return {
    ...{ text, flows },
    outcome: generated ?? (last === undefined ? { kind: 'dropped' } : { kind: 'delivered', ...last }),
    gateways: outputs.filter(({ type }) => ON_ONE_HOST.includes(type)).map(({ port }) => port),
  }
}

const DELIVERY = /\/\* output to "([^"]*)", type "([^"]*)" \*\//
const ON_ONE_HOST: readonly string[] = ['chassisredirect', 'l3gateway']
/** Ports between a switch and a router: there it goes on. */
const ON_THE_WAY: readonly string[] = ['patch', ...ON_ONE_HOST]
