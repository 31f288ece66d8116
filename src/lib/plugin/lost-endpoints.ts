import {
  calledIn,
  derivedName,
  ENDPOINT_LINK,
  findEndpoint,
  isIdle,
  isNearEnd,
  isPairInUse,
  linksOf,
} from '../attach/endpoint.ts'
import { readMarks } from '../attach/marks.ts'
import { describePort } from '../attach/published-ports.ts'
import type { Host } from '../host.ts'
import { parseHostCidr } from '../net/cidr.ts'
import { linkNames, linksWithAlias } from '../net/links.ts'
import { parseMac } from '../net/mac.ts'
import { networksOfDocker } from '../network/dockers.ts'
import type { Network } from '../network/networks.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import type { EndpointWish } from '../plan/create-endpoint.ts'
import type { PortWish } from '../plan/host-ports.ts'
import { publishPorts } from '../plan/publish-ports.ts'
import { restoreEndpoint, type EarlierPort } from '../plan/restore-endpoint.ts'
import type { SetUp } from '../plan/step.ts'
import type { Chore, Due } from '../reconcile/upkeep.ts'
import { endpointsByEngine } from './engine-endpoints.ts'
import type { Pairs } from './pairs.ts'

/** An endpoint that a container has, and that no bridge has a port for any more. */
interface Lost {
  readonly wish: EndpointWish
  readonly container: string
  readonly why: readonly string[]
  readonly ports: readonly PortWish[]
  readonly earlier?: EarlierPort
}

/** How long one that could not be put back is left alone, in milliseconds: each attempt is a change of the database. */
const AGAIN_MS = 5000
/** How long the engine is not asked again about links that it knows nothing of. */
const ASKED_MS = 10_000

/**
 * Puts ports of endpoints back that somebody deleted, or that were lost with the database: as they were last seen here, or else as
 * the engine tells of them. What Docker deletes itself is none: it has taken the other end of the pair out of the container before.
 */
export class LostEndpoints {
  readonly #pairs: Pick<Pairs, 'isDoomed'>
  /** Ports as they were before they went, by their names. */
  readonly #seen = new Map<string, PortOnBridge>()
  /** Endpoints whose port is back, and of which something is to be published again. */
  readonly #owed = new Map<string, Lost>()
  /** When one was last tried. */
  readonly #tried = new Map<string, number>()
  #asked = { about: '', at: -Infinity }

  constructor(pairs: Pick<Pairs, 'isDoomed'>) {
    this.#pairs = pairs
  }

  /** Hears of a change in the database. */
  changed({ interfaces }: Pick<Changes, 'interfaces'>): void {
    for (const { before, after } of interfaces) {
      if (after !== undefined) this.#here(after)
      else if (before !== undefined && isUsedEndpoint(before)) this.#seen.set(before.interface.name, before)
    }
  }

  #here({ interface: { name, ofport = 0, externalIds } }: PortOnBridge): void {
    this.#seen.delete(name)
    // Whatever Docker ends from now on was seen to be there.
    if (readMarks(externalIds).ports.length > 0) this.#owed.delete(name)
    // It works: should somebody delete it again, nothing is to be waited for.
    if (ofport > 0) this.#tried.delete(name)
  }

  readonly chore: Chore = async (host) => {
    // Links of this host belong to its own database.
    if (!host.isDefaultDatabase) return []
    for (const map of [this.#seen, this.#owed, this.#tried])
      for (const name of map.keys()) if (!isPairInUse(name)) map.delete(name)
    const links = (await lostLinks(host)).filter((link) => !this.#pairs.isDoomed(link))
    const lost = links.length === 0 ? [] : await this.#known(host, links)
    for (const one of lost) if (one.ports.length > 0) this.#owed.set(linksOf(one.wish.id).port, one)
    return [
      ...lost.map((one) => this.#back(host, one)),
      ...[...this.#owed.values()].map((one) => this.#open(host, one)),
    ]
  }

  async #known(host: Host, links: readonly string[]): Promise<readonly Lost[]> {
    const networks = await networksOfDocker(host)
    const bridges = await host.ovs.bridges()
    const remembered = links.flatMap((link) => {
      const seen = this.#seen.get(link)
      const network = networks.find(({ name }) => name === networkIn(seen))
      if (seen === undefined || network === undefined) return []
      const isSame = bridges.some(({ uuid }) => uuid === seen.bridge.uuid)
      return rememberedAs(seen, network, isSame ? 'somebody deleted it' : 'the database had lost it')
    })
    const unknown = links.filter((link) => !remembered.some(({ wish }) => linksOf(wish.id).port === link))
    return [...remembered, ...(await this.#byEngine(host, networks, unknown))]
  }

  async #byEngine(host: Host, networks: readonly Network[], links: readonly string[]): Promise<readonly Lost[]> {
    const about = [...links, ...networks.map(({ name }) => name)].join()
    const isNew = about !== this.#asked.about || performance.now() - this.#asked.at >= ASKED_MS
    if (links.length === 0 || networks.length === 0 || !isNew) return []
    const told = await endpointsByEngine(host, networks, links)
    if (told?.length === 0) this.#asked = { about, at: performance.now() }
    const why = 'put back as Docker knows it: it was deleted, or the database lost, while ovsd did not run'
    return (told ?? []).map(({ doubts, ...one }) => ({ ...one, why: [why, ...doubts] }))
  }

  #back(host: Host, { wish, container, why, earlier }: Lost): Due {
    const { port } = linksOf(wish.id)
    const { name, title = name } = wish.network
    return {
      about: `port ${port} of ${container} in ${title}`,
      why,
      isSettling: performance.now() - (this.#tried.get(port) ?? -Infinity) < AGAIN_MS,
      plan: async () => {
        // Docker may have deleted the endpoint, or the network, since it was looked at.
        const network = (await networksOfDocker(host)).find((one) => one.name === name)
        if (network === undefined || network.spec.docker !== wish.network.spec.docker) return undefined
        if (this.#pairs.isDoomed(port)) return undefined
        this.#tried.set(port, performance.now())
        return await restoreEndpoint(host, { ...wish, network }, earlier)
      },
    }
  }

  #open(host: Host, { wish, container, ports }: Lost): Due {
    const { id } = wish
    const { name, title = name } = wish.network
    return {
      about: `published ports of ${container} in ${title}`,
      why: [`published again: ${ports.map(inWords).join(', ')}`],
      plan: async () => {
        const endpoint = await findEndpoint(host, id)
        const network = (await networksOfDocker(host)).find((one) => one.name === name)
        if (endpoint === undefined || network === undefined) return undefined
        // Docker may have said what else is to be published.
        const hasSome = endpoint.marks.ports.length > 0
        const { plan } = hasSome ? { plan: undefined } : await publishPorts(host, network, endpoint, ports)
        // One that is carried out may fail.
        if (plan === undefined) this.#owed.delete(linksOf(id).port)
        return plan?.onFailure === 'unwind' ? lasting(plan) : plan
      },
    }
  }
}

/** The mark of what is published stays: rules that could not be made follow from it at the next look at networks. */
const lasting = (plan: SetUp): SetUp => ({
  ...plan,
  stages: plan.stages.map((steps) =>
    steps.map((step) => ({ ...step, keeps: 'what was published again stays so', undo: () => Promise.resolve() })),
  ),
})

const inWords = (wish: PortWish): string =>
  wish.hostPort === 0 ? `${String(wish.port)}/${wish.protocol} at a free port` : describePort(wish)

const networkIn = (where: PortOnBridge | undefined): string =>
  where === undefined ? '' : readMarks(where.interface.externalIds).network

function isUsedEndpoint({ interface: { name, externalIds } }: PortOnBridge): boolean {
  const marks = readMarks(externalIds)
  return marks.ours && marks.endpoint !== '' && name === derivedName(marks) && !isIdle(marks.endpoint)
}

function rememberedAs({ interface: row }: PortOnBridge, network: Network, why: string): readonly Lost[] {
  const marks = readMarks(row.externalIds)
  const { spec } = marks
  // Somebody took its marks away before: the engine knows better.
  if (spec === undefined) return []
  const wish = {
    ...{ network, id: marks.endpoint },
    addresses: spec.addresses.map((text) => parseHostCidr(text, 'ovsd_spec')),
    mac: parseMac(spec.mac, 'ovsd_spec'),
  }
  const ports = marks.ports.map((one) => ({ ...one, hostPortEnd: one.hostPort }))
  return [{ wish, container: calledIn(marks), why: [`put back: ${why}`], ports, earlier: row }]
}

/** The host's ends of pairs of endpoints that a container has, and that are connected to nothing. */
async function lostLinks(host: Host): Promise<readonly string[]> {
  // Without a process as long as every link that may be one has a port.
  const names = linkNames().filter((name) => isNearEnd(name) && isPairInUse(name))
  const rows = await host.ovs.interfaces(names.map((name) => ({ name })))
  const lost = names.filter((_, i) => rows[i]?.length === 0)
  if (lost.length === 0) return []
  const links = await linksWithAlias(host.run)
  return links.flatMap(({ name, alias }) =>
    lost.includes(name) && alias.startsWith('ovsd/') && alias.endsWith(`/${ENDPOINT_LINK}`) ? [name] : [],
  )
}
