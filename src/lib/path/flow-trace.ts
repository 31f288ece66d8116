// What a bridge does with a frame: ofproto/trace of ovs-vswitchd (ovs-vswitchd(8)).
import { CommandFailed } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Traffic } from './question.ts'

/** The frame that is asked about. */
export interface Frame {
  readonly ofport: number
  readonly mac: string
  readonly toMac: string
  readonly from: string
  readonly to: string
  readonly traffic: Traffic
  /** Whether it is the answer to it. */
  readonly isAnswer?: boolean
}

export interface FlowTrace {
  /** The whole answer, for --verbose. */
  readonly text: string
  /** "drop", or what is done: "3", "push_vlan(vid=20,pcp=0),4". */
  readonly actions: string
  /** Number of the last table that had a say, and what its flow said; undefined when nothing matched. */
  readonly last: { readonly table: number; readonly flow: string } | undefined
}

const flowOf = ({ ofport, mac, toMac, from, to, traffic, isAnswer = false }: Frame): string => {
  const six = from.includes(':')
  const kind = traffic.kind === 'icmp' ? (six ? 'icmp6' : 'icmp') : `${traffic.kind}${six ? '6' : ''}`
  const addresses = six ? `ipv6_src=${from},ipv6_dst=${to}` : `nw_src=${from},nw_dst=${to}`
  return [
    ...[`in_port=${String(ofport)}`, kind, `dl_src=${mac}`, `dl_dst=${toMac}`, addresses, 'nw_ttl=64'],
    ...layer4(traffic, six, isAnswer),
  ].join(',')
}

/** Echo request and reply, SYN and SYN with ACK: flows may let the one through, and not the other. */
function layer4(traffic: Traffic, six: boolean, isAnswer: boolean): readonly string[] {
  if (traffic.kind === 'icmp') {
    const [request, reply] = six ? [128, 129] : [8, 0]
    return [`icmp_type=${String(isAnswer ? reply : request)}`, 'icmp_code=0']
  }
  const [mine, its] = isAnswer ? ['tp_dst', 'tp_src'] : ['tp_src', 'tp_dst']
  const flags = traffic.kind === 'tcp' ? [`tcp_flags=${isAnswer ? '0x012' : '0x002'}`] : []
  return [`${its}=${String(traffic.port)}`, `${mine}=40000`, ...flags]
}

/** As often as a packet may go through conntrack on one bridge. */
const PASSES = 8

/** Asks a bridge. Undefined when ovs-vswitchd does not say. */
export async function traceFlow({ run }: Host, bridge: string, frame: Frame): Promise<FlowTrace | undefined> {
  try {
    // Every packet is taken for the first of a connection, unless it is said that it is an answer (ovs-vswitchd(8)).
    const states = frame.isAnswer === true ? Array.from({ length: PASSES }, () => ['--ct-next', 'trk,est,rpl']) : []
    const args = ['ofproto/trace', ...states.flat(), bridge, flowOf(frame)]
    const { stdout } = await run({ tool: 'ovs-appctl', args })
    return parseTrace(stdout)
  } catch (error) {
    if (error instanceof CommandFailed) return undefined
    throw error
  }
}

/** Reads what ofproto/trace prints. */
export function parseTrace(text: string): FlowTrace {
  const flows = [...text.matchAll(/^\s*(\d+)\. (.+)$/gm)].map(([, table = '', flow = '']) => ({
    table: Number(table),
    flow,
  }))
  // After a recirculation there is another one, which has the last word.
  const actions = [...text.matchAll(/^Datapath actions: (.*)$/gm)].at(-1)?.[1] ?? ''
  return { text, actions, last: flows.at(-1) }
}
