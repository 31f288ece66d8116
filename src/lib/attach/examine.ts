import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { interfacesIn } from '../net/ip-json.ts'
import { linkExists } from '../net/links.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { Netns } from '../system/netns.ts'
import type { Target } from './attachment.ts'
import { differences } from './inside.ts'
import { readMarks, type Marks } from './marks.ts'
import { namespaceAlive } from './target.ts'

/** What is known of the ports that an interface already has. */
export interface Examined {
  /** The port that is attached and complete, if there is one. */
  readonly whole: { readonly where: PortOnBridge; readonly marks: Marks } | undefined
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
  if (found.length === 0) return { whole: undefined, stale: [] }
  const inside = await interfacesIn(host.run, netns)
  const rated = found.map((where) => {
    const marks = readMarks(where.interface.externalIds)
    refuseOtherNamespace(marks, target)
    const state = inside.get(marks.iface)
    const alive = linkExists(where.interface.name) && state !== undefined && where.interface.error === ''
    const sameLife = !marks.ours || (marks.id === target.id && marks.generation === target.generation)
    const complete = marks.spec === undefined || (state !== undefined && differences(marks.spec, state).length === 0)
    return { where, marks, whole: alive && sameLife && complete }
  })
  return {
    whole: rated.find(({ whole }) => whole),
    stale: rated.filter(({ whole }) => !whole).map(({ where }) => where),
  }
}
