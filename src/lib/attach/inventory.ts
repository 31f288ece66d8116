// All attachments of this host with their state: what list, show and gc look at.
import { DockerUnreachable } from '../docker/http.ts'
import type { Listed } from '../docker/client.ts'
import type { Host } from '../host.ts'
import { interfacesIn, type InterfaceState } from '../net/ip-json.ts'
import { linkExists } from '../net/links.ts'
import { describeVlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { sideBySide } from '../system/side-by-side.ts'
import { netnsInode, openNetns } from '../system/netns.ts'
import { differences } from './inside.ts'
import { readMarks, type Marks } from './marks.ts'
import { ownerOf } from './owners.ts'

/**
 * ok: as declared. incomplete: something inside is missing or different. stale: the container, its life or its link that
 * the port was made for is gone. foreign: not made by ovsd and not in ovs-docker's way. unknown: no engine to ask.
 */
export type State = 'ok' | 'incomplete' | 'stale' | 'foreign' | 'unknown'

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
  readonly state: State
  /** Why it is not ok; '' when it is. */
  readonly reason: string
}

/** What is known of a container at the moment of looking. `undefined` as a whole: no engine answers. */
type Engine = ReadonlyMap<string, Listed> | undefined

/** Every port that is an attachment of some tool, in the order of bridge, container, interface. */
export async function inventory(host: Host): Promise<readonly Inventoried[]> {
  const [ports, engine] = await Promise.all([host.ovs.everything(), engineOf(host)])
  const attached = ports.filter(({ interface: row }) => ownerOf(row) !== undefined)
  const lives = await livesOf(host, attached, engine)
  const insides = new Map<string, ReadonlyMap<string, InterfaceState>>()
  await sideBySide([...new Set([...lives.values()].flatMap(({ path }) => path ?? []))], async (path) => {
    const found = await lookInside(host, path)
    if (found !== undefined) insides.set(path, found)
  })
  return attached
    .map((where) => describe(where, lives.get(where.interface.uuid) ?? {}, insides, engine))
    .sort((a, b) => key(a).localeCompare(key(b)))
}

const key = ({ bridge, container, interface: name }: Inventoried): string => [bridge, container, name].join('\0')

/** The engine's containers by id, and by name where that is not somebody's id. */
async function engineOf(host: Host): Promise<Engine> {
  try {
    return new Map((await host.docker.list()).map((container) => [container.id, container]))
  } catch (error) {
    if (error instanceof DockerUnreachable) return undefined
    throw error
  }
}

/** The namespace in which an attachment should be, if its container lives, and whether it is the same life. */
interface Life {
  readonly path?: string
  readonly id?: string
  readonly name?: string
  readonly reason?: string
}

async function livesOf(host: Host, ports: readonly PortOnBridge[], engine: Engine): Promise<Map<string, Life>> {
  const lives = new Map<string, Life>()
  await sideBySide(ports, async ({ interface: row }) => {
    lives.set(row.uuid, await lifeOf(host, readMarks(row.externalIds), engine))
  })
  return lives
}

async function lifeOf(host: Host, marks: Marks, engine: Engine): Promise<Life> {
  if (marks.netns !== '') {
    const same = String(netnsInode(marks.netns) ?? '') === marks.generation
    return same ? { path: marks.netns } : { reason: 'its network namespace is gone' }
  }
  if (engine === undefined || (marks.id === '' && marks.container === '')) return {}
  const container = await host.docker.find(marks.id === '' ? marks.container : marks.id)
  if (container === undefined) return { reason: 'its container is gone' }
  const { id, name } = container
  if (!container.running) return { id, name, reason: 'its container is not running' }
  if (marks.generation !== '' && marks.generation !== container.generation)
    return { id, name, reason: 'its container was restarted' }
  return { id, name, path: `/proc/${String(container.pid)}/ns/net` }
}

/** Undefined when the namespace has gone meanwhile. */
async function lookInside(host: Host, path: string): Promise<ReadonlyMap<string, InterfaceState> | undefined> {
  try {
    using netns = openNetns(path, path)
    return await interfacesIn(host.run, netns)
  } catch {
    return undefined
  }
}

function describe(
  { bridge, port, interface: row }: PortOnBridge,
  life: Life,
  insides: ReadonlyMap<string, ReadonlyMap<string, InterfaceState>>,
  engine: Engine,
): Inventoried {
  const marks = readMarks(row.externalIds)
  const state = life.path === undefined ? undefined : insides.get(life.path)?.get(marks.iface)
  const reason = whyNotOk(row.name, row.error, marks, life, state)
  return {
    bridge: bridge.name,
    port: port.name,
    container: life.name ?? (marks.name || marks.container),
    containerId: life.id ?? marks.id,
    interface: marks.iface,
    addresses: state?.addresses ?? marks.spec?.addresses ?? [],
    mac: state?.mac ?? marks.spec?.mac ?? '',
    vlan: describeVlan(port.vlan),
    mtu: state?.mtu ?? marks.spec?.mtu ?? null,
    network: marks.network,
    tenant: marks.tenant,
    owner: ownerOf(row) ?? '',
    ...rate(marks, engine, reason),
  }
}

function rate(
  marks: Marks,
  engine: Engine,
  reason: { stale: boolean; text: string } | undefined,
): Pick<Inventoried, 'state' | 'reason'> {
  if (marks.container === '' && !marks.ours) return { state: 'foreign', reason: '' }
  if (reason !== undefined) return { state: reason.stale ? 'stale' : 'incomplete', reason: reason.text }
  if (engine === undefined && marks.netns === '')
    return { state: 'unknown', reason: 'the Docker engine does not answer' }
  return { state: 'ok', reason: '' }
}

function whyNotOk(
  link: string,
  error: string,
  marks: Marks,
  life: Life,
  state: InterfaceState | undefined,
): { stale: boolean; text: string } | undefined {
  if (life.reason !== undefined) return { stale: true, text: life.reason }
  if (!linkExists(link)) return { stale: true, text: 'its link is gone' }
  if (error !== '') return { stale: false, text: error }
  // ovs-port-manager does not record the interface.
  if (life.path === undefined || marks.iface === '') return undefined
  if (state === undefined) return { stale: false, text: `there is no ${marks.iface} inside` }
  const [first] = marks.spec === undefined ? [] : differences(marks.spec, state)
  return first === undefined ? undefined : { stale: false, text: first }
}
