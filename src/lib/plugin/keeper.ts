import { readMarks } from '../attach/marks.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import { crookedMirrors } from '../reconcile/keep-mirrors.ts'
import { incompleteNetworks } from '../reconcile/keep-networks.ts'
import { lostNetworks } from '../reconcile/lost-networks.ts'
import { Upkeep, type Chore, type UpkeepOptions } from '../reconcile/upkeep.ts'
import { Housekeeping } from '../watch/housekeeping.ts'
import { networksChanged } from '../watch/touched.ts'
import { deadEndpoints } from './dead-endpoints.ts'
import { leftEndpoints } from './left-endpoints.ts'

/**
 * Keeps whole what networks have on the host, as `watch` does, and takes away what is left of endpoints. What starts processes is not
 * looked at for every endpoint that comes or goes: with each container that would be more work than the container itself.
 */
export class Keeper {
  readonly #networks: Housekeeping
  readonly #mirrors: Housekeeping

  constructor(options: Omit<UpkeepOptions, 'chores'>) {
    const keeping = (...chores: readonly Chore[]): Housekeeping => new Housekeeping(new Upkeep({ ...options, chores }))
    this.#networks = keeping(deadEndpoints, leftEndpoints(), lostNetworks, incompleteNetworks)
    this.#mirrors = keeping(crookedMirrors)
  }

  /** Has everything looked at soon. */
  ask(): void {
    this.#networks.ask()
    this.#mirrors.ask()
  }

  /** Hears of a change in the database. */
  changed(changes: Changes): void {
    if (networksChanged(changes) || partsChanged(changes)) this.#networks.ask()
    this.#mirrors.changed(changes)
  }

  /** Resolves when what is being done is finished; nothing new is begun. */
  async stop(): Promise<void> {
    await Promise.all([this.#networks.stop(), this.#mirrors.stop()])
  }
}

/** Whether a port came, went or changed that a network has itself. */
const partsChanged = ({ interfaces }: Pick<Changes, 'interfaces'>): boolean =>
  interfaces.some(({ before, after }) =>
    [before, after].some((where) => where !== undefined && readMarks(where.interface.externalIds).part !== ''),
  )
