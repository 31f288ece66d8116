/** How long to wait before trying again. */
export interface Backoff {
  readonly firstMs: number
  readonly mostMs: number
}

/** For one container: quick at first, because most failures are somebody else's restart; then once a minute. */
export const CONTAINER_BACKOFF: Backoff = { firstMs: 250, mostMs: 60_000 }

/** For a connection that is down: it comes back within seconds, or somebody has to do something. */
export const CONNECTION_BACKOFF: Backoff = { firstMs: 100, mostMs: 10_000 }

/**
 * The pause before try number `tries` + 1 (from 1), in milliseconds: doubling up to the limit, and somewhere in the upper
 * half of that, so that hundreds which failed together do not come back together. `random` gives 0 to 1.
 */
export function pauseMs({ firstMs, mostMs }: Backoff, tries: number, random: () => number = Math.random): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 30))
  return whole * (0.5 + random() / 2)
}
