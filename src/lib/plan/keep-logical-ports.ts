import type { Host } from '../host.ts'
import { dhcpOf } from './logical-attachment.ts'
import type { Remembered } from './logical-local.ts'
import { lookAtLogicalPorts, type LogicalDifference } from './logical-upkeep.ts'
import type { ReversibleStep } from './step.ts'
import { logicalPortsKeep } from './steps/logical-ports-keep.ts'

/**
 * Looks again, and plans what puts the logical ports of this host in one switch right, given by the id of its network; undefined when
 * nothing is to be done any more. `only` narrows it down to what is said. Errors: those of lookAtLogicalPorts.
 */
export async function keepLogicalPorts(
  host: Host,
  uuid: string,
  remembered: readonly Remembered[] = [],
  only: (all: LogicalDifference) => LogicalDifference = (all) => all,
): Promise<ReversibleStep | undefined> {
  const first = await lookAtLogicalPorts(host, remembered)
  if (first === undefined) return undefined
  const { ovn } = first
  const find = (differences: readonly LogicalDifference[]): LogicalDifference | undefined => {
    const found = differences.find(({ ls }) => ls.uuid === uuid)
    const left = found && only(found)
    return left === undefined || left.missing.length + left.old.length + left.gone.length === 0 ? undefined : left
  }
  const difference = find(first.differences)
  if (difference === undefined) return undefined
  return logicalPortsKeep(ovn.northbound, {
    ...{ chassis: ovn.systemId, difference },
    look: async () => find((await lookAtLogicalPorts(host, remembered))?.differences ?? []),
    dhcpOf: ({ network }) => dhcpOf(ovn, network, network.spec.id ?? ''),
  })
}
