import type { Host } from '../host.ts'
import type { NetworkSpec } from '../network/spec.ts'
import { NETWORK_MARK } from '../ovn/nb/logical-switch.ts'
import { dhcpOf } from './logical-attachment.ts'
import { localPorts, type Remembered } from './logical-local.ts'
import { lookAtLogicalPorts, type LogicalDifference, type LogicalLook } from './logical-upkeep.ts'
import type { ReversibleStep } from './step.ts'
import { logicalPortsKeep } from './steps/logical-ports-keep.ts'

/**
 * Looks again, and plans what puts the logical ports of this host in the switch of a network right, given by its id; undefined when
 * nothing is to be done any more. `only` narrows it down to what is said. Errors: those of lookAtLogicalPorts.
 */
export async function keepLogicalPorts(
  host: Host,
  id: string,
  remembered: readonly Remembered[] = [],
  only: (all: LogicalDifference) => LogicalDifference = (all) => all,
): Promise<ReversibleStep | undefined> {
  const first = await lookAtLogicalPorts(host, remembered)
  const difference = first && find(first, id, only)
  return first && difference && stepFor(host, first, { id, difference, remembered, only })
}

/**
 * Plans that the logical ports which this host has in a network are put back, with those that keep addresses for stopped containers;
 * its switch may be missing now, and is there when the step runs. Undefined when none is missing. Errors: as of keepLogicalPorts.
 */
export async function restoreLogicalPorts(
  host: Host,
  { id = '', name, overlay }: NetworkSpec,
): Promise<{ readonly step: ReversibleStep; readonly missing: string } | undefined> {
  const first = await lookAtLogicalPorts(host)
  const local = await localPorts(host, [])
  if (first === undefined || local === undefined) return undefined
  const only = (all: LogicalDifference): LogicalDifference => ({ ...all, gone: [] })
  const difference = find(first, id, only)
  const hasSwitch = first.switches.has(id)
  const here = [...local.living.values(), ...local.kept.values()].filter(({ network }) => network.name === name)
  if (hasSwitch ? difference === undefined : here.length === 0) return undefined
  const count = hasSwitch ? (difference?.missing.length ?? 0) + (difference?.old.length ?? 0) : here.length
  const logicalSwitch = overlay?.logicalSwitch ?? name
  return {
    step: stepFor(host, first, { id, difference, logicalSwitch, only }),
    missing: count === 1 ? 'a logical port' : `${String(count)} logical ports`,
  }
}

interface Keeping {
  /** Of the network. */
  readonly id: string
  readonly difference: LogicalDifference | undefined
  readonly logicalSwitch?: string
  readonly remembered?: readonly Remembered[]
  readonly only: (all: LogicalDifference) => LogicalDifference
}

function stepFor(host: Host, { ovn }: LogicalLook, keeping: Keeping): ReversibleStep {
  const { id, difference, logicalSwitch = difference?.ls.name ?? '', remembered = [], only } = keeping
  return logicalPortsKeep(ovn.northbound, {
    ...{ chassis: ovn.systemId, logicalSwitch, difference },
    async look() {
      const now = await lookAtLogicalPorts(host, remembered)
      return now && find(now, id, only)
    },
    dhcpOf: ({ network }) => dhcpOf(ovn, network, network.spec.id ?? ''),
  })
}

function find({ differences }: LogicalLook, id: string, only: Keeping['only']): LogicalDifference | undefined {
  const found = differences.find(({ ls }) => ls.externalIds[NETWORK_MARK] === id)
  const left = found && only(found)
  return left === undefined || left.missing.length + left.old.length + left.gone.length === 0 ? undefined : left
}
