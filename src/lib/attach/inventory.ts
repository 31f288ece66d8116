// All attachments of this host with their state: what list, show and gc look at.
import { clientFaults } from '../dhcp/client.ts'
import type { Host } from '../host.ts'
import { hostEnds, type HostEnd } from '../net/ip-json.ts'
import { describeVlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { sideBySide } from '../system/side-by-side.ts'
import { calledIn } from './endpoint.ts'
import { hostEndFaults } from './host-end.ts'
import type { Inside } from './inside.ts'
import { engineAnswers, livesOf, type Life } from './life.ts'
import { visit } from './visit.ts'
import { readMarks, type Spec } from './marks.ts'
import type { PublishedPort } from './published-ports.ts'
import { ownerOf } from './owners.ts'
import { rate, type State } from './rating.ts'

/** One attachment, as `list --json` shows it. */
export interface Inventoried {
  readonly bridge: string
  readonly port: string
  readonly container: string
  readonly containerId: string
  readonly interface: string
  readonly addresses: readonly string[]
  readonly mac: string
  readonly vlan: string
  readonly mtu: number | null
  readonly network: string
  readonly tenant: string
  readonly owner: string
  /** Ports of it that the host answers for (`docker run --publish`). */
  readonly publishedPorts: readonly PublishedPort[]
  readonly state: State
  /** Why it is not ok; '' when it is. */
  readonly reason: string
}

/** What is the same for all ports of one look. */
interface Around {
  readonly insides: ReadonlyMap<string, Inside | 'hidden'>
  readonly ends: ReadonlyMap<string, HostEnd>
}

/** Every port that is an attachment of some tool, in the order of bridge, container, interface. */
export async function inventory(host: Host): Promise<readonly Inventoried[]> {
  const [ports, engine] = await Promise.all([host.ovs.everything(), engineAnswers(host)])
  const attached = ports.filter(({ interface: row }) => ownerOf(row) !== undefined)
  if (attached.length === 0) return []
  const [lives, ends] = await Promise.all([livesOf(host, attached, engine), hostEnds(host.run)])
  const specs = new Map<string, (Spec | undefined)[]>()
  for (const { interface: row } of attached) {
    const path = lives.get(row.uuid)?.path
    if (path !== undefined) specs.set(path, [...(specs.get(path) ?? []), readMarks(row.externalIds).spec])
  }
  const insides = new Map<string, Inside | 'hidden'>()
  await sideBySide([...specs], async ([path, declared]) => {
    const found = await visit(host, path, declared)
    if (found !== undefined) insides.set(path, found)
  })
  return attached
    .map((where) => describe(where, lives.get(where.interface.uuid) ?? {}, { insides, ends }))
    .sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }))
}

const key = ({ bridge, container, interface: name }: Inventoried): string => [bridge, container, name].join('\0')

function describe({ bridge, port, interface: row }: PortOnBridge, life: Life, around: Around): Inventoried {
  const marks = readMarks(row.externalIds)
  const visited = life.path === undefined ? undefined : around.insides.get(life.path)
  const inside = visited === 'hidden' ? undefined : visited
  const state = inside?.interfaces.get(marks.iface)
  const unknown = visited === 'hidden' ? 'ovsd may not look inside (run it as root)' : life.unknown
  const outside = [
    ...hostEndFaults(row.name, around.ends.get(row.name), marks.spec),
    ...clientFaults(row.name, row.externalIds),
  ]
  return {
    bridge: bridge.name,
    port: port.name,
    container: life.name ?? calledIn(marks),
    containerId: life.id ?? marks.id,
    interface: marks.iface,
    addresses: state?.addresses ?? marks.spec?.addresses ?? [],
    mac: state?.mac ?? marks.spec?.mac ?? '',
    vlan: describeVlan(port.vlan),
    mtu: state?.mtu ?? marks.spec?.mtu ?? null,
    network: marks.network,
    tenant: marks.tenant,
    owner: ownerOf(row) ?? '',
    publishedPorts: marks.ports,
    ...rate({ marks, link: row.name, error: row.error, ended: life.reason, unknown, inside, outside }),
  }
}
