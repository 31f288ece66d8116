import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { CentralWish } from '../network/central-wish.ts'
import { networksOf } from '../network/networks.ts'
import { madeCentral } from '../ovn/central-record.ts'
import { lifeOf } from '../ovn/life.ts'
import { parseCentral } from '../ovn/join-words.ts'
import { readLocal, type LocalOvn } from '../ovn/local.ts'
import { ovnOrNone } from '../ovn/of-host.ts'
import { missingOfOvn, type BootstrapWords } from '../plan/ovn/bootstrap.ts'
import type { Plan, ReversibleStep, Stages } from '../plan/step.ts'
import { asOvsdError } from '../reconcile/refusals.ts'
import type { Chore, Due } from '../reconcile/upkeep.ts'
import { nobody } from '../run/observer.ts'
import { runPlan } from '../run/run-plan.ts'
import { unlessAborted } from '../run/session.ts'
import { MAKING_CENTRAL, takeInstance } from '../system/instance.ts'

/** Making the image takes minutes where it has to be fetched. */
const MAKE_MS = 900_000
/** How long a look waits for what central says, in milliseconds. One that is well does so in 10. */
const ANSWER_MS = 2000

/** Plans, under the host-wide lock, what this host is to be told; undefined when nothing is to be done any more. */
type Rest = () => Promise<Plan | undefined>

/** Central as it is being brought about. */
interface Making {
  readonly wish: CentralWish
  readonly stop: AbortController
  readonly over: Promise<void>
  isOver: boolean
  /** Why there is none although it is over. */
  error?: unknown
  rest?: Rest | undefined
}

/**
 * Makes the central of OVN, and this host a chassis of it, for networks that bring it with them (`ovn.auto_create`), where none answers. Nothing waits
 * for it: it is Docker itself that is asked for a container, which it can give to nobody while it starts, and starts nothing while the driver does not
 * answer; and a central that hangs is waited for a minute. So central is looked at, made and started beside everything else, without the host-wide lock, and
 * only once the engine answers. What this host is told of it comes then, under the lock, and needs nobody but Open vSwitch. It is for one wish: when no
 * network has that any more, it ends.
 */
export class AutoCentral {
  readonly #stop = new AbortController()
  #making: Making | undefined

  /** Errors of what is due: those of bootstrap. */
  readonly chore: Chore = async (host) => {
    if (!host.isDefaultDatabase || this.#ends()) return []
    const asking = await wishesOf(host)
    const due = (plan: Rest, isSettling = false): Due => ({
      ...{ about: 'OVN', plan, isSettling },
      why: [`${networksWords(asking.map(({ title }) => title))} for a central, and none answered`],
    })
    const settling = due(() => Promise.resolve(undefined), true)
    if (this.#making !== undefined && !isAsked(asking, this.#making.wish)) {
      this.#making.stop.abort(new Error('no network asks for that central any more'))
      if (!this.#making.isOver) return [settling]
      this.#making = undefined
    }
    const [first] = asking
    if (first === undefined) return []
    if (this.#making === undefined) {
      this.#making = this.#begin(host, first.wish)
      await Promise.race([this.#making.over, pause(ANSWER_MS, undefined, { ref: false })])
    }
    // What ends because everything does is no failure.
    if (this.#ends()) return []
    const { isOver, error, rest } = this.#making
    if (!isOver) return [settling]
    this.#making = undefined
    if (error !== undefined) return [due(() => Promise.reject(asOvsdError(error)))]
    return rest === undefined ? [] : [due(rest)]
  }

  #begin(host: Host, wish: CentralWish): Making {
    const stop = new AbortController()
    return begun(wish, stop, made(host, wish, AbortSignal.any([this.#stop.signal, stop.signal, limit()])))
  }

  #ends(): boolean {
    return this.#stop.signal.aborted
  }

  /** Ends what is being made, and undoes it; nothing is begun any more. Resolves when that is done. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('ovsd ends'))
    await this.#making?.over
  }
}

interface Asking {
  readonly wish: CentralWish
  readonly title: string
}

const wishesOf = async (host: Host): Promise<readonly Asking[]> =>
  (await networksOf(host)).flatMap((one) =>
    'spec' in one && one.spec.central !== undefined ? [{ wish: one.spec.central, title: one.title ?? one.name }] : [],
  )

const isAsked = (asking: readonly Asking[], wish: CentralWish): boolean =>
  asking.some((one) => isDeepStrictEqual(one.wish, wish))

const networksWords = (titles: readonly string[]): string =>
  titles.length === 1 ? `the network ${String(titles[0])} asks` : `the networks ${titles.join(', ')} ask`

const limit = (): AbortSignal => AbortSignal.timeout(MAKE_MS)

function begun(wish: CentralWish, stop: AbortController, work: Promise<Rest | undefined>): Making {
  const over = work
    .then(
      (rest) => {
        making.rest = rest
      },
      (error: unknown) => {
        making.error = error
      },
    )
    .finally(() => {
      making.isOver = true
    })
  const making: Making = { wish, stop, over, isOver: false }
  return making
}

/** Has central at work; gives what this host is to be told then, if anything. Errors: those of bootstrap. */
async function made(host: Host, wish: CentralWish, signal: AbortSignal): Promise<Rest | undefined> {
  const looking = <T>(look: Promise<T>): Promise<T> => unlessAborted(signal, look)
  const known = await ovnOrNone(host)
  if (known !== undefined && 'id' in (await looking(lifeOf(known.central)))) return undefined
  await looking(host.docker.networks())
  const turn = await takeInstance(MAKING_CENTRAL).catch(unlessTaken)
  // Somebody makes it, or removes it, by hand: it is looked at again.
  if (turn === undefined) return undefined
  try {
    return await madeAlone(host, wish, signal)
  } finally {
    turn.release()
  }
}

function unlessTaken(error: unknown): undefined {
  if (!(error instanceof OvsdError) || error.code !== 'AlreadyRunning') throw error
}

/** Nobody else makes or removes it meanwhile; the host may join another one. */
async function madeAlone(host: Host, wish: CentralWish, signal: AbortSignal): Promise<Rest | undefined> {
  const looking = <T>(look: Promise<T>): Promise<T> => unlessAborted(signal, look)
  for (let isChanged = false; ; isChanged = true) {
    const local = await readLocal(host)
    const words = await looking(wordsFor(local, wish, (await ovnOrNone(host)) !== undefined))
    const { central, chassis } = await looking(missingOfOvn(host, words))
    if (central.length === 0) return restOf(host, { local, wish, isChanged }, chassis)
    const image = central.flat().find(({ id }) => id === 'central-image.build')
    // By itself, and all else looked at again then: it takes minutes, and the host may have another central by then.
    const stages = image === undefined ? central : [[image]]
    await runPlan({ onFailure: 'unwind', title: image?.title ?? "Bring up OVN's central", stages }, signal, nobody)
  }
}

/** What was looked at before. */
interface Before {
  readonly local: LocalOvn
  readonly wish: CentralWish
  /** Central was made or started, which is to be told of. */
  readonly isChanged: boolean
}

/**
 * What makes this host a chassis, as long as the wish stands and nobody has told the host anything else meanwhile. That central knows it is not waited for:
 * ovn-controller sees to that, and ports that do not work are told of.
 */
function restOf(host: Host, { local, wish, isChanged }: Before, missing: Stages<ReversibleStep>): Rest | undefined {
  const stages = missing
    .map((stage) => stage.filter(({ id }) => id !== 'chassis.wait'))
    .filter(({ length }) => length > 0)
  if (stages.length === 0 && !isChanged) return undefined
  return async () =>
    isAsked(await wishesOf(host), wish) && isDeepStrictEqual(await readLocal(host), local)
      ? { onFailure: 'unwind', title: 'Make this host a chassis of OVN', stages }
      : undefined
}

/** One that answers where the network says is joined; else one is made in a container. */
async function wordsFor(local: LocalOvn, wish: CentralWish, isChassis: boolean): Promise<BootstrapWords> {
  const { network, northbound, southbound, encap, encapIp } = wish
  // It has its central, which has to be started.
  if (isChassis) return {}
  const tunnels = { encap, encapIp }
  if (northbound !== undefined && madeCentral(local) === undefined) {
    const there = parseCentral(northbound, southbound, local.tls, '--opt ovn.nb_connection')
    if ('id' in (await lifeOf(there))) return { ...tunnels, central: northbound, southbound }
  }
  return { ...tunnels, network }
}
