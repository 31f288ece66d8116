import { findEndpoint } from '../attach/endpoint.ts'
import { shortId } from '../docker/container.ts'
import { firstLine } from '../errors.ts'
import type { Host } from '../host.ts'
import { linkRemove } from '../plan/steps/link-remove.ts'
import type { TearDown } from '../plan/step.ts'
import { withTimeout } from '../run/session.ts'
import type { Log } from '../watch/log.ts'
import type { Work } from './work.ts'

export interface PairsOptions {
  readonly host: Host
  readonly work: Work
  readonly log: Log
}

/** As long as a call has for its work. */
const LIMIT_S = 12
/** What was promised is done, whoever ends this process in order. */
const NEVER = new AbortController().signal

/**
 * Takes the pairs of endpoints away that Docker has deleted, after that was answered: for each the kernel waits some 20 ms, in which
 * nobody has anything to do with it any more. Several at once are one wait. One that stays is told of, and `leftPairs` finds it.
 */
export class Pairs {
  readonly #options: PairsOptions
  readonly #going = new Set<Promise<void>>()
  /** Links that are to go. */
  readonly #doomed = new Set<string>()

  constructor(options: PairsOptions) {
    this.#options = options
  }

  /** Has the pair of an endpoint go soon, by the names of its links that are on the host. */
  remove(endpoint: string, links: readonly string[]): void {
    if (links.length === 0) return
    for (const link of links) this.#doomed.add(link)
    const going = this.#remove(endpoint, links).finally(() => this.#going.delete(going))
    this.#going.add(going)
  }

  /** Whether Docker has deleted the endpoint of this link, which is going, or could not be deleted. */
  isDoomed(link: string): boolean {
    return this.#doomed.has(link)
  }

  /** Resolves when none is going any more. */
  async settled(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going)
  }

  async #remove(endpoint: string, links: readonly string[]): Promise<void> {
    const { host, work, log } = this.#options
    try {
      await work.endpoint(endpoint, withTimeout(NEVER, LIMIT_S), async () => ({
        // Docker may have said the same endpoint again in the meantime.
        plan: (await findEndpoint(host, endpoint)) === undefined ? removal(host, links) : undefined,
        result: {},
      }))
      for (const link of links) this.#doomed.delete(link)
    } catch (error) {
      log.warn('pair.left', `The links of an endpoint that is gone are left: ${firstLine(error)}`, {
        ...{ endpoint: shortId(endpoint), left: links },
      })
    }
  }
}

const removal = (host: Host, links: readonly string[]): TearDown => ({
  ...{ onFailure: 'continue', title: `Delete ${links.join(' and ')}`, stages: [[linkRemove(host, links)]] },
})
