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
  const port =
    traffic.kind === 'icmp'
      ? []
      : isAnswer
        ? [`tp_src=${String(traffic.port)}`, 'tp_dst=40000']
        : [`tp_dst=${String(traffic.port)}`, 'tp_src=40000']
  return [`in_port=${String(ofport)}`, kind, `dl_src=${mac}`, `dl_dst=${toMac}`, addresses, 'nw_ttl=64', ...port].join(
    ',',
  )
}

/** Asks a bridge. Undefined when ovs-vswitchd does not say. */
export async function traceFlow({ run }: Host, bridge: string, frame: Frame): Promise<FlowTrace | undefined> {
  try {
    const { stdout } = await run({ tool: 'ovs-appctl', args: ['ofproto/trace', bridge, flowOf(frame)] })
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
