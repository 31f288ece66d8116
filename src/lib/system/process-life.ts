import { readFileSync } from 'node:fs'

/** When a process was started, in clock ticks since boot: with its number it names it for ever. undefined when it is gone. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    // The second field is a name, which may have blanks and brackets in it (proc_pid_stat(5)).
    const [state = 'X', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : rest[18]
  } catch {
    return undefined
  }
}
