import { setTimeout as pause } from 'node:timers/promises'
import { readMarks, type Marks } from '../attach/marks.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import { Upkeep, type UpkeepOptions } from '../reconcile/upkeep.ts'
import type { Chores } from './chores.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { networksChanged } from './touched.ts'

/** What is under way when something changes is let finish first: a plan that makes a network changes several rows. */
const SETTLE_MS = 250

/** When something is looked at again that may have been under way. */
const AGAIN_MS = 1000

/** Decides when upkeep looks, and at what: asked to, and after changes that are about networks; never twice at once. */
export class Housekeeping {
  readonly #networks: Upkeep
  readonly #ports: Upkeep
  readonly #looking: OneAtATime
  /** Whether the next look is at networks, too. */
  #all = false
  #isOver = false
  #last = Promise.resolve()

  constructor(options: Omit<UpkeepOptions, 'chores'>, { networks, ports }: Chores) {
    this.#networks = new Upkeep({ ...options, chores: networks })
    this.#ports = new Upkeep({ ...options, chores: ports })
    this.#looking = new OneAtATime(
      () => (this.#last = this.#look()),
      () => undefined,
    )
  }

  /** Has everything looked at soon, or what depends on ports alone. */
  ask(what: 'everything' | 'ports' = 'everything'): void {
    if (what === 'everything') this.#all = true
    if (!this.#isOver) this.#looking.ask()
  }

  /** Hears of a change in the database. */
  changed(changes: Changes): void {
    if (networksChanged(changes) || portsChanged(changes, ofNetworks)) this.ask()
    else if (portsChanged(changes, inNetworks)) this.ask('ports')
  }

  /** Looks at everything once, at once. */
  async now(): Promise<void> {
    await this.#networks.keep()
    await this.#ports.keep()
  }

  /** Resolves when what is being done is finished; nothing new is begun. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#last
  }

  async #look(): Promise<void> {
    await pause(SETTLE_MS, undefined, { ref: false })
    const all = this.#all
    this.#all = false
    const again = [all && !this.#isOver && (await this.#networks.keep()), !this.#isOver && (await this.#ports.keep())]
    if (!again.includes(true)) return
    setTimeout(() => {
      this.ask(again[0] === true ? 'everything' : 'ports')
    }, AGAIN_MS).unref()
  }
}

type About = (marks: Marks, isNew: boolean) => boolean

/** Whether a port like that came, went or changed. */
const portsChanged = ({ interfaces }: Pick<Changes, 'interfaces'>, isAbout: About): boolean =>
  interfaces.some(({ before, after }) =>
    [before, after].some(
      (where) => where !== undefined && isAbout(readMarks(where.interface.externalIds), before === undefined),
    ),
  )

/**
 * A port that a network has itself, or that is in one; but for those that Docker puts there: looking at networks is more work
 * than a container is, and a driver that is asked for fifty has no time for it.
 */
const ofNetworks: About = ({ network, part, endpoint }) => part !== '' || (network !== '' && endpoint === '')

/** Any port in a network, or a new one that a mirror may be about. */
const inNetworks: About = ({ network, ours }, isNew) => network !== '' || (ours && isNew)
