import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import { NETWORK_MARK } from '../ovn/nb/logical-switch.ts'
import { isKept } from '../ovn/nb/kept-address.ts'
import type { OvnOfHost } from '../ovn/of-host.ts'
import type { LocalPort } from '../plan/logical-local.ts'
import { bindingOf, whyDown } from '../ovn/nb/port-binding.ts'
import { keepLogicalPorts } from '../plan/keep-logical-ports.ts'
import { inWords, lookAtLogicalPorts, type LogicalDifference, type LogicalLook } from '../plan/logical-upkeep.ts'
import type { PersistRecords } from './persist-records.ts'
import { SeenSince } from './seen-since.ts'
import type { Chore, Due } from './upkeep.ts'

/** How long something has to be so before it counts, in milliseconds: what is being attached, or removed, looks the same. */
const SETTLED_MS = 1000
/** How long OVN may take to make a port work: with ten thousand others it takes up a change in some 200 ms. */
const DOWN_MS = 10_000

/**
 * Keeps the northbound database true for this host: what an outage of central, a command that was stopped, or a database that was begun
 * anew has left of its logical ports; and tells of those that OVN does not make work. `records` remember who comes back though his
 * bridge is gone; `once`: there will be no other look. Errors: CentralUnreachable, DatabaseUnreachable, PortNotUp.
 */
export function logicalPorts(
  records: Pick<PersistRecords, 'all'>,
  once: boolean,
  only: Only = (all) => all,
): readonly Chore[] {
  let last: LogicalLook | undefined
  const seenGone = new SeenSince()
  const seenDown = new SeenSince()
  const settled = (each: LogicalDifference): LogicalDifference => {
    const all = only(each)
    return { ...all, gone: all.gone.filter(({ name }) => once || seenGone.isFor(name, SETTLED_MS)) }
  }

  const keep: Chore = async (host) => {
    last = undefined
    // They are those of the host's own Open vSwitch.
    if (!host.isDefaultDatabase) return []
    last = await lookAtLogicalPorts(host, records.all(), { needsNetwork: true })
    const { differences = [], down = [] } = last ?? {}
    seenGone.look(differences.flatMap(({ gone }) => gone.map(({ name }) => name)))
    seenDown.look(down.map(({ name }) => name))
    return differences.flatMap((one): readonly Due[] => {
      const [all, now] = [only(one), settled(one)]
      const why = inWords(now)
      const isSettling = all.gone.length > now.gone.length
      return [
        ...(why.length === 0 ? [] : [due(host, now, why)]),
        ...(isSettling ? [{ ...due(host, all, []), isSettling }] : []),
      ]
    })
  }
  const due = (host: Host, { ls, network }: LogicalDifference, why: readonly string[]): Due => ({
    ...{ about: `network ${network}`, why },
    async plan() {
      const step = await keepLogicalPorts(host, ls.externalIds[NETWORK_MARK] ?? '', records.all(), settled)
      return step && { onFailure: 'unwind', title: step.title, stages: [[step]] }
    },
  })
  const tell: Chore = async () => {
    const down = last?.down.find(({ name }) => seenDown.isFor(name, DOWN_MS))
    if (last !== undefined && down !== undefined) throw await notUp(last.ovn, down)
    return []
  }
  return [keep, tell]
}

/** Narrows down what is looked after. */
export type Only = (all: LogicalDifference) => LogicalDifference

/** What Docker has on this host: for the driver, beside which another daemon may look after what labels and commands asked for. */
export const ofEndpoints: Only = ({ missing, old, gone, ...all }) => ({
  ...all,
  missing: missing.filter(({ endpoint }) => endpoint !== ''),
  old: old.filter(({ local }) => local.endpoint !== ''),
  gone: gone.filter((port) => port.externalIds['ovsd_endpoint'] !== undefined || isKept(port)),
})

async function notUp({ southbound, systemId }: OvnOfHost, { name, generation }: LocalPort): Promise<OvsdError> {
  const life = { chassis: systemId, generation }
  const why = await whyDown(southbound, await bindingOf(southbound, name, life), life)
  return new OvsdError('PortNotUp', `OVN does not make logical ports of this host work: ${why}.`, {
    next: 'See what is the matter: ovsd ovn status',
  })
}
