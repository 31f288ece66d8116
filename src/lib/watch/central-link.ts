import type { Host } from '../host.ts'
import { ovnOf } from '../ovn/of-host.ts'
import type { OvnDatabase } from '../ovn/database.ts'
import type { Patience } from '../ovsdb/patience.ts'
import { CONNECTION_BACKOFF, pauseMs } from '../reconcile/backoff.ts'
import type { Log } from './log.ts'
import { Outage } from './outage.ts'

/** A row of each that always is there, once OVN has begun. */
const ANY_ROW = { northbound: 'NB_Global', southbound: 'SB_Global' } as const
type Side = keyof typeof ANY_ROW

/**
 * Central of OVN as a daemon follows it: nothing is asked of it but what networks need; once it did not answer, it is asked again and
 * again until it does. One line tells that it is gone, and one that it is back.
 */
export class CentralLink implements Disposable {
  readonly #host: Host
  readonly #outage: Outage
  readonly #back: () => void
  readonly #away = new Set<Side>()
  #tries = 0
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** `back` is called whenever all of it answers again. */
  constructor(host: Host & { readonly patience: Readonly<Record<Side, Patience>> }, log: Log, back: () => void) {
    this.#host = host
    this.#back = back
    this.#outage = new Outage(
      log,
      'central',
      'central of OVN',
      'what containers had in its networks is attached all the same',
    )
    for (const side of ['northbound', 'southbound'] as const)
      host.patience[side].listen({
        lost: (error) => {
          this.#away.add(side)
          this.#outage.failed(error)
          this.#later()
        },
        back: () => {
          this.#away.delete(side)
          if (this.#away.size > 0) return
          this.#tries = 0
          this.#outage.reached()
          this.#outage.over()
          if (!this.#isOver) this.#back()
        },
      })
  }

  #later(): void {
    if (this.#isOver || this.#timer !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        void this.#ask()
      },
      pauseMs(CONNECTION_BACKOFF, ++this.#tries),
    )
    this.#timer.unref()
  }

  async #ask(): Promise<void> {
    for (const side of [...this.#away])
      try {
        const ovn = await ovnOf(this.#host)
        const database: OvnDatabase = side === 'northbound' ? ovn.northbound.database : ovn.southbound
        await database.select([{ table: ANY_ROW[side], where: [], columns: ['_uuid'] }])
      } catch {
        // Whatever it is, it is asked again; who needs it says what is the matter.
      }
    if (this.#away.size > 0) this.#later()
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }
}
