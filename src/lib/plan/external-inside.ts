import { PROTOCOL, routingTable, RULE_TABLE, type Leg } from '../attach/external-leg.ts'
import { openTarget } from '../attach/target.ts'
import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { MarksOfLeg } from './external.ts'

/**
 * Takes a leg's rule out of a container that lives on; everything else inside goes with the link. A rule that stays leads
 * into an empty table, and so nowhere: what cannot be done here is no failure.
 */
export async function forgetInside(host: Host, marks: MarksOfLeg, { ip }: Leg, signal: AbortSignal): Promise<void> {
  const { id, netns: path, generation } = marks
  try {
    const opened = await openTarget(host, id, path === '' ? { kind: 'docker' } : { kind: 'path', path })
    using netns = opened.netns
    await opened.confirm()
    if (opened.target.generation !== generation) return
    const rule = ['from', ip, 'lookup', routingTable(ip), 'pref', RULE_TABLE, 'protocol', PROTOCOL]
    await host.run({ tool: 'ip', args: ['rule', 'del', ...rule], inside: netns, okStatuses: [2] }, signal)
  } catch (error) {
    if (!(error instanceof OvsdError)) throw error
  }
}
