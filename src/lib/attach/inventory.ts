// All attachments of this host with their state: what list, show and gc look at.
import { isContainerName } from '../docker/container-name.ts'
import { clientFaults } from '../dhcp/client.ts'
import { isForbidden, OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import { hostEnds, type HostEnd } from '../net/ip-json.ts'
import { describeVlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { netnsInode, openNetns } from '../system/netns.ts'
import { sideBySide } from '../system/side-by-side.ts'
import { calledIn } from './endpoint.ts'
import { hostEndFaults } from './host-end.ts'
import { lookInside, type Inside } from './inside.ts'
import { readMarks, type Marks, type Spec } from './marks.ts'
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

async function engineAnswers(host: Host): Promise<boolean> {
  try {
    await host.docker.ping()
    return true
  } catch (error) {
    if (error instanceof OvsdError) return false
    throw error
  }
}

/** The namespace in which an attachment should be, if its container lives, and whether it is the same life. */
interface Life {
  readonly path?: string
  readonly id?: string
  readonly name?: string
  readonly reason?: string
  /** Why nothing can be said about it. */
  readonly unknown?: string
}

async function livesOf(host: Host, ports: readonly PortOnBridge[], engine: boolean): Promise<Map<string, Life>> {
  const lives = new Map<string, Life>()
  await sideBySide(ports, async ({ interface: row }) => {
    lives.set(row.uuid, await lifeOf(host, readMarks(row.externalIds), engine))
  })
  return lives
}

/** One container that the engine cannot describe must not hide all others. */
function orUnknown(error: unknown): 'unknown' {
  if (error instanceof OvsdError) return 'unknown'
  throw error
}

async function lifeOf(host: Host, marks: Marks, engine: boolean): Promise<Life> {
  if (marks.netns !== '') {
    const same = String(netnsInode(marks.netns) ?? '') === marks.generation
    return same ? { path: marks.netns } : { reason: 'its network namespace is gone' }
  }
  const text = marks.id === '' ? marks.container : marks.id
  if (text === '') return {}
  if (!engine) return { unknown: 'the Docker engine does not answer' }
  if (!isContainerName(text)) return { reason: 'its container is gone' }
  const container = await host.docker.find(text).catch(orUnknown)
  if (container === 'unknown') return { unknown: 'the Docker engine does not say what became of its container' }
  if (container === undefined) return { reason: 'its container is gone' }
  const { id, name } = container
  if (!container.running) return { id, name, reason: 'its container is not running' }
  if (marks.generation !== '' && marks.generation !== container.generation)
    return { id, name, reason: 'its container was restarted' }
  return { id, name, path: `/proc/${String(container.pid)}/ns/net` }
}

/** Undefined when the namespace has gone meanwhile, 'hidden' when ovsd may not look. */
async function visit(
  host: Host,
  path: string,
  specs: readonly (Spec | undefined)[],
): Promise<Inside | 'hidden' | undefined> {
  try {
    using netns = openNetns(path, path)
    return await lookInside(host.run, netns, specs)
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    return isForbidden(cause) || /not permitted|denied/.test(String(error)) ? 'hidden' : undefined
  }
}

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
