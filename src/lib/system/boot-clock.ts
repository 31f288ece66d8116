import { readFileSync } from 'node:fs'

/** A moment by a clock that nobody sets: seconds since the boot of that id. It goes on while the machine sleeps. */
export interface BootTime {
  readonly boot: string
  readonly seconds: number
}

/** Now. (/proc/uptime is CLOCK_BOOTTIME; a process cannot ask Node for it: process.hrtime stands still in suspend.) */
export function bootTime(): BootTime {
  const [seconds = ''] = readFileSync('/proc/uptime', 'utf8').split(' ')
  return { boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), seconds: Number(seconds) }
}
