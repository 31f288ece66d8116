/** Lines about one container within a minute that are still worth a person's time. */
const MOST = 8
const WINDOW_MS = 60_000

interface Window {
  begun: number
  lines: number
}

/**
 * Keeps a container that crashes and is restarted without end from filling the log: after some lines within a minute one
 * more says so (`last`), and what follows is quiet until a minute has passed.
 */
export class Restraint {
  readonly #windows = new Map<string, Window>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** How the next line about this container is to be written. */
  of(id: string): 'normal' | 'last' | 'quiet' {
    const now = this.#now()
    // Forgets those that have been quiet, so that only the restless ones take memory.
    for (const [key, { begun }] of this.#windows) if (now - begun >= WINDOW_MS) this.#windows.delete(key)
    const window = this.#windows.get(id) ?? { begun: now, lines: 0 }
    this.#windows.set(id, window)
    window.lines++
    return window.lines < MOST ? 'normal' : window.lines === MOST ? 'last' : 'quiet'
  }
}
