import { findEndpoint, linksOf } from '../attach/endpoint.ts'
import { readMarks, whoseMarks, type Marks } from '../attach/marks.ts'
import { targetOf } from '../attach/target.ts'
import type { Container } from '../docker/container.ts'
import type { NetworkMember } from '../docker/networks.ts'
import { firstLine } from '../errors.ts'
import type { Host } from '../host.ts'
import type { IfName } from '../net/ifname.ts'
import { interfacesIn } from '../net/ip-json.ts'
import { isDockers, type DockersNetwork } from '../network/dockers.ts'
import type { Network } from '../network/networks.ts'
import { learntOf, learntPairs, networkKey } from '../network/record.ts'
import { networksOn } from '../network/seen.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import { marksSet } from '../plan/steps/marks-set.ts'
import { networkRecordAdd } from '../plan/steps/network-record.ts'
import { CONTAINER_BACKOFF, pauseMs } from '../reconcile/backoff.ts'
import { openNetns } from '../system/netns.ts'
import type { Log } from '../watch/log.ts'
import { networksChanged } from '../watch/touched.ts'
import { OneAtATime } from '../watch/one-at-a-time.ts'
import { keepNames } from './renamed.ts'
import type { Unpublished } from './unpublished.ts'
import type { Work } from './work.ts'

export interface LearnerOptions {
  readonly host: Host
  readonly work: Work
  readonly log: Log
  readonly unpublished: Unpublished
  /** A signal for one look: it bounds its time. */
  readonly limit: () => AbortSignal
}

const isLearnt = ({ title, engine }: Network): boolean => title !== undefined && engine !== undefined

const isUnknown = ({ endpoint, id }: Marks): boolean => endpoint !== '' && id === ''

/**
 * Finds out which containers endpoints are of, and what Docker calls networks, and writes that down beside them. Docker does not tell a driver, and can
 * be asked only when no call of its own is waiting for an answer: so this runs beside the calls, and when it comes too early,
 * or the engine is away, again after a while. While all is known it is asked only what containers are called now, at `refresh`.
 */
export class Learner implements Disposable {
  readonly #options: LearnerOptions
  readonly #looking = new OneAtATime(
    () => this.#look(),
    () => undefined,
  )
  #timer: NodeJS.Timeout | undefined
  #tries = 0
  /** Names may have changed without a word. */
  #isStale = false
  #isOver = false

  constructor(options: LearnerOptions) {
    this.#options = options
  }

  /** Hears of a change in the database. */
  changed({ interfaces, bridges }: Changes): void {
    const isNew = ({ before, after }: Changes['interfaces'][number]): boolean =>
      before === undefined && after !== undefined && isUnknown(readMarks(after.interface.externalIds))
    if (interfaces.some(isNew) || networksChanged({ bridges })) this.ask()
  }

  /** The same as `ask`, and what is known may be something else by now. */
  refresh(): void {
    this.#isStale = true
    this.ask()
  }

  /** Has unknown endpoints looked at soon: right now Docker is still at work with a new one. */
  ask(): void {
    this.#tries = 0
    this.#again()
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  #again(): void {
    clearTimeout(this.#timer)
    if (this.#isOver) return
    this.#timer = setTimeout(
      () => {
        this.#looking.ask()
      },
      pauseMs(CONTAINER_BACKOFF, ++this.#tries),
    )
  }

  async #look(): Promise<void> {
    const { host } = this.#options
    try {
      await this.#keepNames()
      const networks = (await host.ovs.bridges()).flatMap(networksOn)
      const dockers = networks.filter(isDockers)
      const untitled = dockers.filter((one) => !isLearnt(one))
      const unknown = await this.#unknown()
      const own = networks.filter((one): one is Network => 'spec' in one)
      if (unknown.length + untitled.length === 0) return
      if (untitled.length > 0) await this.#learnTitles(untitled)
      for (const [name, endpoints] of Map.groupBy(unknown, ({ network }) => network)) {
        const id = dockers.find((one) => one.name === name)?.spec.docker
        const members = id === undefined ? [] : await host.docker.membersOf(id)
        await Promise.all(
          // A container that is just ending, or broken, keeps nobody else from being known.
          endpoints.map((marks) => this.#learn(marks, members, own).catch((error: unknown) => this.#untold(error))),
        )
      }
    } catch (error) {
      this.#untold(error)
    }
    this.#again()
  }

  /** What is heard meanwhile counts for the next look. */
  async #keepNames(): Promise<void> {
    if (!this.#isStale) return
    this.#isStale = false
    const { host, work, limit } = this.#options
    try {
      await keepNames(host, work, limit)
    } catch (error) {
      this.#isStale = true
      throw error
    }
  }

  #untold(error: unknown): void {
    const text = `Containers of endpoints are not known yet: ${firstLine(error)}`
    this.#options.log.debug('endpoint.unknown', text)
  }

  /** What Docker calls networks, and which engine that is: it has told no driver either. */
  async #learnTitles(networks: readonly DockersNetwork[]): Promise<void> {
    const { host, work, log, limit } = this.#options
    const [engine, known] = await Promise.all([host.docker.id(), host.docker.networks()])
    for (const { name, bridge, spec } of networks) {
      const title = known.find(({ id }) => id === spec.docker)?.name
      if (title === undefined) continue
      await work.network(spec.docker, limit(), async () => {
        const isThere = (await host.ovs.bridge(bridge))?.externalIds[networkKey(name)] !== undefined
        const pairs = learntPairs(name, learntOf({ title, engine: engine === '' ? undefined : engine }))
        const step = networkRecordAdd(host, bridge, title, pairs)
        const plan = { onFailure: 'unwind', title: `Note that ${name} is ${title}`, stages: [[step]] } as const
        return { plan: isThere ? plan : undefined, result: {} }
      })
      log.debug('network.learnt', `${name} is ${title} to Docker`, { network: name, title })
    }
  }

  async #unknown(): Promise<readonly Marks[]> {
    const rows = (await this.#options.host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])).flat()
    return rows.map(({ externalIds }) => readMarks(externalIds)).filter(isUnknown)
  }

  async #learn(
    { endpoint, spec }: Marks,
    members: readonly NetworkMember[],
    networks: readonly Network[],
  ): Promise<void> {
    const { host, work, log, unpublished, limit } = this.#options
    const member = members.find((one) => one.endpoint === endpoint)
    const container = member === undefined ? undefined : await host.docker.find(member.id)
    if (container?.running !== true) return
    // It runs, so Docker has made all of its endpoints.
    if (unpublished.awaits(endpoint)) unpublished.learnt(container, await host.docker.places(container.id), networks)
    const iface = await interfaceWith(host, container, spec?.mac)
    if (iface === undefined) return
    const { id, name } = container
    await work.endpoint(endpoint, limit(), async () => {
      const found = await findEndpoint(host, endpoint)
      // It ended meanwhile, or somebody else knew.
      if (found === undefined || !isUnknown(found.marks)) return { plan: undefined, result: {} }
      const marks = whoseMarks({ target: targetOf(container), iface: iface as IfName })
      const step = marksSet(host, found.where.interface.name, marks)
      return { plan: { onFailure: 'unwind', title: `Mark the port of ${name}`, stages: [[step]] }, result: {} }
    })
    const fields = { container: name, container_id: id, interface: iface, port: linksOf(endpoint).port }
    log.debug('endpoint.learnt', `${linksOf(endpoint).port} is ${iface} of ${name}`, fields)
  }
}

/** The name of the interface that has a MAC inside a container. */
async function interfaceWith(host: Host, container: Container, mac: string | undefined): Promise<string | undefined> {
  const { netnsPath, name } = targetOf(container)
  using netns = openNetns(netnsPath, name)
  const all = await interfacesIn(host.run, netns)
  return [...all.values()].find((one) => one.mac === mac)?.name
}
