import { clientFaults } from '../dhcp/client.ts'
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
  /** What is wrong with its DHCP client, in words. */
  readonly client: readonly string[]
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

/** Tells a working port from what a restart or a killed run left behind. Looks inside only when a port may work. */
export async function examine(
  host: Host,
  found: readonly PortOnBridge[],
  target: Target,
  netns: Netns,
): Promise<Examined> {
  const all = found.map((where) => ({ where, marks: readMarks(where.interface.externalIds) }))
  for (const { marks } of all) refuseOtherNamespace(marks, target)
  const possible = all.filter(({ where, marks }) => !isDead(where, marks, target))
  if (possible.length === 0) return { living: undefined, stale: found }
  const specs = possible.map(({ marks }) => marks.spec)
  const [inside, ends] = await Promise.all([lookInside(host.run, netns, specs), hostEnds(host.run)])
  const living = possible.flatMap(({ where, marks }): readonly Living[] => {
    const state = inside.interfaces.get(marks.iface)
    // An interface of ours that is down was never finished: going up is the last thing that happens to it but routes.
    if (state === undefined || (marks.ours && !state.up)) return []
    const { name, externalIds } = where.interface
    const client = clientFaults(name, externalIds)
    const declared = marks.spec === undefined ? [] : differences(marks.spec, state, inside.routes, { routes: true })
    return [{ where, marks, state, wrong: [...declared, ...hostEndFaults(name, ends.get(name), marks.spec)], client }]
  })
  return { living: living[0], stale: found.filter((where) => !living.some((one) => one.where === where)) }
}

/** Without its link, refused by ovs-vswitchd, or made for another life of the container. */
function isDead({ interface: row }: PortOnBridge, marks: Marks, { id, generation }: Target): boolean {
  const otherLife = marks.ours && (marks.id !== id || marks.generation !== generation)
  return otherLife || row.error !== '' || !linkExists(row.name)
}
