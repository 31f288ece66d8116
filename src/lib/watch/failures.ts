import type { OvsdError } from '../errors.ts'

/** Containers that something is remembered of; the oldest are forgotten first. */
const MOST = 1000

interface Last {
  /** Codes by interface. */
  readonly codes: Map<string, string>
  /** Its process was not there, in these words. */
  missing: string | undefined
}

/** What failed last, by container and interface: the same again is no news. */
export class Failures {
  readonly #last = new Map<string, Last>()

  /** Whether this failure is worth a line. */
  isNews(id: string, iface: string, { code, message }: OvsdError): boolean {
    const last = this.#of(id)
    // A container may end at any time, also while it is being attached; the next look finds nothing to be done. The same
    // process missing twice has not ended just now: it is out of sight.
    const hasEnded = code === 'ContainerNotRunning' || (code === 'NamespaceMissing' && last.missing !== message)
    if (code === 'NamespaceMissing') last.missing = message
    if (hasEnded) return false
    const isNews = last.codes.get(iface) !== code
    last.codes.set(iface, code)
    return isNews
  }

  /** Something went well: the next failure is news. */
  forget(id: string): void {
    this.#last.delete(id)
  }

  #of(id: string): Last {
    const last = this.#last.get(id) ?? { codes: new Map<string, string>(), missing: undefined }
    // The one that was touched last is forgotten last.
    this.#last.delete(id)
    this.#last.set(id, last)
    const [oldest] = this.#last.keys()
    if (this.#last.size > MOST && oldest !== undefined) this.#last.delete(oldest)
    return last
  }
}
