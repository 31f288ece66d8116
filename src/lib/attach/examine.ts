import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { hostEnds, type InterfaceState } from '../net/ip-json.ts'
import { linkExists } from '../net/links.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { Netns } from '../system/netns.ts'
import type { Target } from './attachment.ts'
import { hostEndFaults } from './host-end.ts'
import { differences, lookInside } from './inside.ts'
import { readMarks, type Marks } from './marks.ts'
import { namespaceAlive } from './target.ts'

/** A port that serves the interface now. */
export interface Living {
  readonly where: PortOnBridge
  readonly marks: Marks
  readonly state: InterfaceState
  /** What is not as it was declared, in words. */
  readonly wrong: readonly string[]
}

/** What is known of the ports that an interface already has. */
export interface Examined {
  readonly living: Living | undefined
  /** Ports to be replaced: of an earlier life of the container, without their link, or never finished. */
  readonly stale: readonly PortOnBridge[]
}

/** Two living namespaces under one name: the second must not take the port of the first. Error: NameTaken. */
function refuseOtherNamespace(marks: Marks, { typed, generation }: Target): void {
  if (marks.netns === '' || marks.generation === generation || !namespaceAlive(marks.netns, marks.generation)) return
  throw new Refused(
    'NameTaken',
    `${marks.iface} of ${typed} is attached already, in another namespace: ${marks.netns}.`,
    {
      next: 'Give this one another name in place of CONTAINER.',
    },
  )
}

/** Tells a working port from what a restart or a killed run left behind. Looks inside only when there is a port. */
export async function examine(
  host: Host,
  found: readonly PortOnBridge[],
  target: Target,
  netns: Netns,
): Promise<Examined> {
  if (found.length === 0) return { living: undefined, stale: [] }
  const allMarks = found.map((where) => readMarks(where.interface.externalIds))
  for (const marks of allMarks) refuseOtherNamespace(marks, target)
  const inside = await lookInside(
    host.run,
    netns,
    allMarks.map(({ spec }) => spec),
  )
  const ends = await hostEnds(host.run)
  const living = found.map((where, i): Living | undefined => {
    const marks = allMarks[i]
    const state = marks === undefined ? undefined : inside.interfaces.get(marks.iface)
    if (marks === undefined || state === undefined || isDead(where, marks, target)) return undefined
    const { name } = where.interface
    const declared = marks.spec === undefined ? [] : differences(marks.spec, state, inside.routes, { routes: true })
    // An interface of ours that is down was never finished: going up is the last thing that happens to it but routes.
    if (marks.ours && !state.up) return undefined
    return { where, marks, state, wrong: [...declared, ...hostEndFaults(name, ends.get(name), marks.spec)] }
  })
  return { living: living.find((one) => one !== undefined), stale: found.filter((_, i) => living[i] === undefined) }
}

/** Without its link, refused by ovs-vswitchd, or made for another life of the container. */
function isDead({ interface: row }: PortOnBridge, marks: Marks, { id, generation }: Target): boolean {
  const otherLife = marks.ours && (marks.id !== id || marks.generation !== generation)
  return otherLife || row.error !== '' || !linkExists(row.name)
}
