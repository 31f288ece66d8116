import { bootTime } from '../../system/boot-clock.ts'

/**
 * When a mirror goes by itself. The time since the host was started counts, because clocks are set: `at` is for people. It
 * ends with a restart of the host in any case, for nobody is there any more who waits for the end.
 */
export interface Deadline {
  /** Date and time in ISO 8601. */
  readonly at: string
  /** The kernel's number for this run of the host. */
  readonly boot: string
  /** Seconds since the host was started, time asleep included. */
  readonly uptime: number
}

/** The deadline that is so many seconds from now. */
export function deadlineIn(seconds: number): Deadline {
  const { boot, seconds: now } = bootTime()
  const at = new Date(Date.now() + seconds * 1_000).toISOString()
  return { at, boot, uptime: Math.floor((now + seconds) * 100) / 100 }
}

/** Whether it has passed. */
export function isOver({ boot, uptime: end }: Deadline): boolean {
  const now = bootTime()
  return boot !== now.boot || now.seconds >= end
}
