import { attachmentFor, attachPort } from '../plan/attach-port.ts'
import { removal } from '../plan/detach-port.ts'
import { commandsOf, stepsOf, type Plan } from '../plan/step.ts'
import { targetOf } from '../attach/target.ts'
import type { Container } from '../docker/container.ts'
import type { OvsdError } from '../errors.ts'
import { shortId } from '../docker/container.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import { procNet, type ProcNet } from '../net/proc-net.ts'
import { nobody } from '../run/observer.ts'
import { runPlan } from '../run/run-plan.ts'
import { shellLine } from '../system/command.ts'
import { aloneIfMissing } from './alone-if-missing.ts'
import { Claiming, refuseChanged } from './claiming.ts'
import type { Claims } from './claims.ts'
import type { Desired, DesiredSource, Wanted } from './desired.ts'
import { inNetworks, isOpen } from './in-networks.ts'
import { inPlace } from './in-place.ts'
import { isAsKnown, knownOf, type Known } from './known.ts'
import { pastLeftovers } from './leftovers.ts'
import { ownPorts, type OwnPort } from './own-ports.ts'
import { logicalPortsOfRecords } from '../plan/logical-removal.ts'
import { isIdle, isStillAsked, recordsOnRows } from './persist-records.ts'
import type { PersistRecords, RecordOnBridge } from './persist-records.ts'
import { placed } from './placed.ts'
import type { Occasion } from './queue.ts'
import { asOvsdError, isRefusal } from './refusals.ts'
import type { Report, Who } from './report.ts'
import type { SharedLock } from './shared-lock.ts'
import { Told } from './told.ts'

/** What the reconciler works with. */
export interface Around {
  readonly host: Host
  readonly source: DesiredSource
  readonly records: PersistRecords
  readonly report: Report
  readonly claims: Claims
  readonly lock: SharedLock
  /** Plan, but change nothing. */
  readonly dryRun: boolean
  /** A signal for one piece of work: it bounds its time. */
  readonly limit: () => AbortSignal
}

/**
 * Brings one container at a time to what is wanted of it: looks at it, at its ports and inside, and lets the recipes of
 * add-port and del-port do what is missing. It may be asked again at any time; what is right is left alone.
 */
export class Reconciler {
  readonly #around: Around
  readonly #told: Told
  readonly #claiming: Claiming
  /** Containers that this engine knows or knew: of others it cannot be said that they are gone. */
  readonly #seen = new Set<string>()
  readonly #reported = new WeakSet<OvsdError>()
  /** What was in place when a container was last looked at, all of it. */
  readonly #known = new Map<string, Known>()

  constructor(around: Around) {
    this.#around = around
    this.#told = new Told(around.report)
    this.#claiming = new Claiming(around.host, around.claims, around.dryRun)
  }

  /** The engine spoke of this container, so it is, or was, one of its own. */
  saw(id: string): void {
    this.#seen.add(id)
  }

  /** How many interfaces are wanted and cannot be had. */
  get refused(): number {
    return this.#told.size
  }

  /** Containers with an interface that cannot be had for this reason. */
  refusedFor(code: string): readonly string[] {
    return this.#told.containersWith(code)
  }

  /** Containers that something is remembered of: each is worth a look when the engine no longer lists it as running. */
  get remembered(): ReadonlySet<string> {
    return new Set([...this.#known.keys(), ...this.#told.containers])
  }

  /** Brings one container to what is wanted. Rejects, and reports, when something failed that is worth another try. */
  async reconcile(id: string, occasion: Occasion): Promise<void> {
    try {
      await this.#bring(id, occasion)
    } catch (thrown) {
      const error = asOvsdError(thrown)
      if (!this.#reported.has(error)) this.#around.report.failed({ id, name: shortId(id) }, '', error)
      throw error
    }
  }

  async #bring(id: string, { thorough, since }: Occasion): Promise<void> {
    const { host, source, dryRun } = this.#around
    const known = thorough ? undefined : this.#known.get(id)
    if (known !== undefined && isAsKnown(known, await ownPorts(host, id))) return
    this.#known.delete(id)
    const [found, own] = await Promise.all([host.docker.find(id), ownPorts(host, id)])
    // An engine takes names for ids, and a name may look like the id of one that is gone.
    const container = found?.id === id ? found : undefined
    if (container === undefined || !container.running || container.pid === 0) {
      await this.#ended(id, container, own)
      return
    }
    this.#seen.add(id)
    const who = { id, name: container.name }
    const asked = await Promise.all((await source.of(container)).map((one) => placed(host, one)))
    const desired = await inNetworks(host, container, asked, own)
    this.#told.keepOnly(who, (iface) => desired.some((one) => one.iface === iface))
    for (const [iface, refusals] of Map.groupBy(desired.filter(isRefused), (one) => one.iface))
      this.#told.refuse(
        who,
        iface,
        refusals.map(({ refusal }) => refusal),
      )
    const inside = thorough ? undefined : procNet(container.pid)
    const failures = await Promise.all(
      desired
        .filter((one) => one.request !== undefined)
        .map((one) => this.#one(container, one, own, inside, since).catch((error: unknown) => ({ error }))),
    )
    // What is refused keeps the port that it has, but not that of an earlier life.
    const isOver = ({ iface, generation }: OwnPort['marks']): boolean =>
      generation !== container.generation && this.#told.about(id, iface)
    const surplus = own.filter(({ marks }) => !desired.some(({ iface }) => iface === marks.iface) || isOver(marks))
    const isAsked = ({ iface }: { readonly iface: string }): boolean => desired.some((one) => one.iface === iface)
    const kept = this.#around.records.of(id).some((record) => record.owner === 'watch' && !isAsked(record))
    const records = kept ? await recordsOnRows(host, this.#around.records, id) : []
    const idle = records.filter((record) => record.owner === 'watch' && !isAsked(record))
    await this.#remove(who, surplus, 'nothing asks for it any more', idle)
    const failure = failures.find((outcome) => outcome !== undefined)
    if (failure !== undefined) throw failure.error
    if (desired.length > 0 && !this.#told.has(id) && !dryRun && !desired.some(isOpen))
      this.#known.set(id, knownOf(container, desired))
  }

  async #one(
    container: Container,
    one: Wanted,
    own: readonly OwnPort[],
    inside: ProcNet | undefined,
    since: number,
  ): Promise<undefined> {
    const who = { id: container.id, name: container.name }
    const { iface, request } = one
    const found = own.find(({ marks }) => marks.iface === iface)?.where
    if (isOpen(one) || !inPlace(attachmentFor(request, targetOf(container)), found, inside)) {
      try {
        const attach = (): Promise<void> => this.#attach(who, container, one, since)
        // What was told of already has stood there for longer than anything half-made.
        await (this.#told.has(who.id) ? attach() : pastLeftovers(attach))
      } catch (thrown) {
        const error = asOvsdError(thrown)
        if (isRefusal(error)) {
          this.#told.refuse(who, iface, [error])
          return undefined
        }
        this.#around.report.failed(who, iface, error)
        this.#reported.add(error)
        throw error
      }
    }
    this.#told.keepOnly(who, (told) => told !== iface)
    return undefined
  }

  async #attach(who: Who, container: Container, one: Wanted, since: number): Promise<void> {
    const { host, report, claims, lock, dryRun, limit } = this.#around
    const asked = { ...one.request, where: { kind: 'container', container } as const, keep: true }
    // Before the others, always: so nobody who holds one of those waits for this one.
    using _creating = await aloneIfMissing(host, claims, asked.bridge)
    await this.#claiming.with(container, { ...one, request: asked }, async (request) => {
      const signal = limit()
      using _shared = dryRun ? undefined : await lock.take(signal, who.name)
      if (one.network !== undefined) await refuseChanged(host, one.network)
      if (!(await isStillAsked(host, this.#around.records, container.id, request))) return
      const prepared = await attachPort(host, request)
      try {
        const { plan, result } = prepared
        if (plan === undefined) return
        if (dryRun) {
          report.wouldRun(who, plan.title, linesOf(plan))
          return
        }
        await runPlan(plan, signal, nobody)
        if (result.status === 'repaired')
          report.repaired(
            who,
            result,
            stepsOf(plan).map(({ title }) => title),
          )
        else report.attached(who, result, performance.now() - since)
      } finally {
        prepared[Symbol.dispose]?.()
      }
    })
  }

  /** The container does not run: its ports go. Of one that the engine does not know, only what is dead already. */
  async #ended(id: string, container: Container | undefined, own: readonly OwnPort[]): Promise<void> {
    const { host } = this.#around
    const isGone = container === undefined
    const mayGo = isGone && !this.#seen.has(id) ? own.filter(({ where }) => !linkExists(where.interface.name)) : own
    const name = container?.name ?? own[0]?.marks.name ?? shortId(id)
    const who = { id, name }
    this.#told.drop(id, isGone)
    const isOver = isGone && this.#seen.has(id)
    const records = isGone ? await recordsOnRows(host, this.#around.records, id) : []
    const goes = records.filter((record) => isOver || isIdle(record))
    await this.#remove(who, mayGo, isGone ? 'its container is gone' : 'its container stopped', goes)
    if (isOver) this.#around.records.forget(id)
    if (isGone) this.#seen.delete(id)
  }

  async #remove(
    who: Who,
    ports: readonly OwnPort[],
    why: string,
    records: readonly RecordOnBridge[] = [],
  ): Promise<void> {
    if (ports.length + records.length === 0) return
    const { host, report, lock, dryRun, limit } = this.#around
    const signal = limit()
    using _shared = dryRun ? undefined : await lock.take(signal, who.name)
    const plan = await removal(
      host,
      ports.map(({ where }) => where),
      { records, logical: logicalPortsOfRecords(records) },
    )
    if (dryRun) {
      report.wouldRun(who, plan.title, linesOf(plan))
      return
    }
    await runPlan(plan, signal, nobody)
    if (ports.length === 0) return
    report.detached(
      who,
      ports.map(({ where, marks }) => ({ iface: marks.iface, bridge: where.bridge.name, port: where.port.name, why })),
    )
  }
}

const isRefused = (one: Desired): one is Desired & { readonly refusal: object } => one.refusal !== undefined

const linesOf = (plan: Plan): readonly string[] => commandsOf(plan).map(shellLine)
