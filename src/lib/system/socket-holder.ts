import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A listening socket, by the flag __SO_ACCEPTCON in its line of /proc/net/unix (net/unix/af_unix.c). */
const LISTENS = '00010000'
/** Characters of a command line that are shown. */
const LONGEST = 120

/**
 * The process that listens at an abstract socket; `name` without the NUL before it. Asked of the kernel (/proc/net/unix and descriptors, proc_net_unix(5)), not of
 * the process: that may be stopped, or be somebody else who tells tales. Undefined when it is in another PID namespace, or only root may see it. Starts
 * no process.
 */
export function holderOf(name: string): number | undefined {
  try {
    const inode = listenerAt(name)
    const pids = readdirSync('/proc').filter((entry) => /^[1-9][0-9]*$/.test(entry))
    return pids.map(Number).find((pid) => inode !== undefined && hasOpen(pid, `socket:[${inode}]`))
  } catch {
    // No /proc: then it is a refusal without a name.
    return undefined
  }
}

/** Whether somebody listens at an abstract socket, whoever it is. */
export function isHeld(name: string): boolean {
  try {
    return listenerAt(name) !== undefined
  } catch {
    // No /proc: who wants to listen there finds out.
    return false
  }
}

/** The inode of the socket that listens at a name. Connections to it have the same name. `@` stands for the NUL. */
const listenerAt = (name: string): string | undefined =>
  readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, , , flags, , , , path]) => flags === LISTENS && path === `@${name}`)?.[6]

/** A process in words: `PID (command line)`; undefined when it has ended. */
export function inWords(pid: number): string | undefined {
  try {
    return `${String(pid)} (${commandOf(pid)})`
  } catch {
    return undefined
  }
}

function hasOpen(pid: number, what: string): boolean {
  const folder = `/proc/${String(pid)}/fd`
  try {
    return readdirSync(folder).some((fd) => linkAt(`${folder}/${fd}`) === what)
  } catch {
    // It has ended, or may not be looked at.
    return false
  }
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** As it was typed, but for quotes; what is long, or no printable ASCII, is cut: anybody may listen there. */
const commandOf = (pid: number): string =>
  readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
    .replaceAll(/[^ -~]/g, ' ')
    .trim()
    .slice(0, LONGEST)
