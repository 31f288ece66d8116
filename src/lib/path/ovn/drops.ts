// Why a logical flow drops a packet, in plain words: by the stage of the pipeline that it is in (ovn-northd(8)).
import type { Cause } from '../verdict.ts'
import type { LogicalFlow, LogicalOutcome, LogicalTrace } from './logical-trace.ts'

/** What is said of a packet that does not come through. */
export interface Drop {
  readonly cause: Cause
  /** "an ACL of the logical switch ls-a drops it". */
  readonly said: string
  /** Of the flow, for who knows OVN: "icmp4, priority 1000"; ''. */
  readonly detail?: string
  /** The flow whose author decides. */
  readonly flow: LogicalFlow | undefined
  /** Words for ovn-nbctl that show what was written. */
  readonly show: readonly string[]
}

/** The packet that it is about: "it", or "the answer of db". */
interface Asked {
  readonly what: string
  readonly from: string
  readonly mac: string
  readonly to: string
}

/** Why a packet is not delivered; undefined for one that is. */
export function dropOf({ flows, outcome }: LogicalTrace, asked: Asked): Drop | undefined {
  if (outcome.kind === 'delivered') return undefined
  const last = flows.at(-1)
  if (last === undefined)
    return { cause: 'logical-flow', said: `OVN has no flow for ${asked.what}`, flow: last, show: ['show'] }
  return byStage(flows, last, outcome, asked)
}

function byStage(flows: readonly LogicalFlow[], last: LogicalFlow, outcome: LogicalOutcome, asked: Asked): Drop {
  const { stage, datapath } = last
  const { what } = asked
  const place = `${stage.startsWith('lr_') ? 'the router' : 'the logical switch'} ${datapath}`
  const flow = last
  if (/^l[sr]_(in|out)_acl/.test(stage)) return byAcl(flows, outcome, asked)
  if (stage.includes('_port_sec')) return byPortSecurity(flows, last, asked)
  if (outcome.kind === 'asked')
    return {
      ...{ cause: 'neighbour', flow, show: ['show', datapath] },
      said: `the router ${datapath} asks in vain who has ${nextHop(flows) ?? asked.to}: nothing that it reaches answers for that address`,
    }
  if (outcome.kind === 'answered' && last.match.includes('ip.ttl'))
    return {
      ...{ cause: 'ttl', flow, show: ['lr-route-list', datapath] },
      said: `${place} throws ${what} away after too many hops: routers send it round in a circle`,
    }
  if (stage.startsWith('lr_in_ip_routing') || stage === 'lr_in_ip_routing_ecmp')
    return {
      ...{ cause: 'router-no-route', flow, show: ['lr-route-list', datapath] },
      said: `${place} has no route to ${asked.to}`,
    }
  if (stage.startsWith('lr_in_policy'))
    return {
      ...{ cause: 'router-policy', flow, show: ['lr-policy-list', datapath] },
      ...{ said: `a policy of ${place} drops ${what}`, detail: last.match },
    }
  if (stage === 'ls_in_l2_unknown')
    return {
      ...{ cause: 'neighbour', flow, show: ['show', datapath] },
      said: `no logical port of ${place} has the MAC that ${what} is sent to`,
    }
  if (stage === 'ls_in_l2_lkup')
    return {
      ...{ cause: 'logical-port', flow, show: ['show', datapath] },
      said: `the logical port that ${what} is for is disabled on ${place}`,
    }
  if (stage === 'lr_in_admission')
    return {
      ...{ cause: 'neighbour', flow, show: ['show', datapath] },
      said: `${what} is sent to a MAC that ${place} does not have`,
    }
  return {
    ...{ cause: 'logical-flow', flow, show: ['show', datapath] },
    ...{ said: `${place} drops ${what}`, detail: last.match },
  }
}

/** The address that a router sends to next, in its register for that (ovn-northd(8), "IP Routing"); undefined for the packet's own. */
const nextHop = (flows: readonly LogicalFlow[]): string | undefined =>
  flows
    .flatMap(({ actions }) =>
      actions.flatMap((one) => /^(?:xx)?reg0 = ([0-9a-f]*[.:][0-9a-f.:]+);/.exec(one)?.[1] ?? []),
    )
    .at(-1)

/** Since OVN 23.06 one stage judges, and a later one drops: who judged is what counts. */
function byAcl(flows: readonly LogicalFlow[], outcome: LogicalOutcome, { what }: Asked): Drop {
  const judged = flows.filter(({ stage }) => /_acl(_after_lb)?(_eval)?$/.test(stage)).at(-1)
  const flow = judged ?? flows.at(-1)
  const verb = outcome.kind === 'answered' ? 'refuses' : 'drops'
  return {
    ...{ cause: 'acl', flow, show: ['acl-list', flow?.datapath ?? ''] },
    ...{ said: `an ACL of the logical switch ${flow?.datapath ?? ''} ${verb} ${what}`, detail: aclOf(flow) },
  }
}

/** As it was written: ovn-northd adds 1000 to priorities of ACLs, and looks at connections first. */
function aclOf(flow: LogicalFlow | undefined): string {
  const { match = '', priority = 0 } = flow ?? {}
  const written = /^(?:reg\d+\[\d+\] == 1(?: \|\| reg\d+\[\d+\] == 1)?|\(.*?\)) && \((.*)\)$/.exec(match)?.[1] ?? match
  return `${withoutBrackets(written)}, priority ${String(priority >= 1000 ? priority - 1000 : priority)}`
}

/** "icmp4" of "((icmp4))"; not of "(ip4) || (ip6)". */
function withoutBrackets(text: string): string {
  const inner = /^\((.*)\)$/.exec(text)?.[1]
  if (inner === undefined) return text
  let depth = 0
  for (const sign of inner) {
    depth += sign === '(' ? 1 : sign === ')' ? -1 : 0
    if (depth < 0) return text
  }
  return withoutBrackets(inner)
}

function byPortSecurity(flows: readonly LogicalFlow[], last: LogicalFlow, { what, mac, from, to }: Asked): Drop {
  const checked = flows.filter(({ stage }) => stage.endsWith('check_port_sec')).at(-1) ?? last
  const show = ['show', last.datapath]
  if (checked.match.startsWith('inport == "') && checked.stage.startsWith('ls_in'))
    return {
      ...{ cause: 'logical-port', flow: checked, show },
      said: `the logical port that ${what} comes in by is disabled on the logical switch ${last.datapath}`,
    }
  return {
    ...{ cause: 'port-security', flow: last, show },
    said: last.stage.startsWith('ls_out')
      ? `port security of the logical switch ${last.datapath} drops ${what} before its last port, which may not have ${to}`
      : `port security of the logical switch ${last.datapath} drops ${what}: the logical port that it comes in by may not send as ${from} with the MAC ${mac}`,
  }
}
