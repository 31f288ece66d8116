/** What is done about an interface. */
export const CHANGES = ['attached', 'detached', 'repaired'] as const
export type Change = (typeof CHANGES)[number]

/**
 * Takes what the daemon counts and measures. Whoever counts knows only this. Reasons are error codes and rules of the
 * policy, never names of containers: each value is a time series that Prometheus keeps.
 */
export interface Meter {
  changed(change: Change): void
  /** An attempt failed and will be repeated. `code` is the error's. */
  failed(code: string): void
  /**
   * An interface that labels ask for was refused, for the first time or for another reason than before. `rule`: as in
   * Refusal; of several the first is counted.
   */
  refused(code: string, rule?: string): void
  resynced(): void
  /** Seconds from an event to an interface that can be used. */
  attachTook(seconds: number): void
  /** Seconds for one look at one container, with what was done about it. */
  reconcileTook(seconds: number): void
  /** Interfaces in place now, by bridge; bridges that are not named have none any more. */
  setAttachments(byBridge: ReadonlyMap<string, number>): void
  /** Interfaces that are asked for and refused now. */
  setRefused(count: number): void
  setContainers(count: number): void
  setQueueLength(length: number): void
  /** Whether the engine's events are followed; may be told again. True after false after true is a reconnect. */
  setEventStreamUp(up: boolean): void
  setDatabaseUp(up: boolean): void
}

const nothing = (): void => undefined

/** Counts nothing. */
export const noMetrics: Meter = {
  changed: nothing,
  failed: nothing,
  refused: nothing,
  resynced: nothing,
  attachTook: nothing,
  reconcileTook: nothing,
  setAttachments: nothing,
  setRefused: nothing,
  setContainers: nothing,
  setQueueLength: nothing,
  setEventStreamUp: nothing,
  setDatabaseUp: nothing,
}
