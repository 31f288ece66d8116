// The machine under the private hosts, to prove that nothing happened to it.
import { globSync, readFileSync, readlinkSync } from 'node:fs'
import { here, outputOf } from './host.ts'

const views = [
  ['link', 'show'],
  ['address', 'show'],
  ['-4', 'route', 'show', 'table', 'all'],
  ['-6', 'route', 'show', 'table', 'all'],
  ['-4', 'rule', 'show'],
  ['-6', 'rule', 'show'],
]
// Leases and router announcements count down by themselves.
const countdown = /\b(valid_lft|preferred_lft|expires) \d+sec/g

/** Links, addresses, routes and rules of this network namespace as `ip` prints them, without the remaining lifetimes. */
export async function networkState(): Promise<string> {
  const texts = await Promise.all(views.map((view) => outputOf(here, ['ip', '-details', ...view])))
  return texts.join('\n').replace(countdown, '$1')
}

/** Mount points of this mount namespace, one per line. */
export function mountState(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8')
}

/** Processes (as `/proc/PID`) in the PID namespace `namespace`, a text as `readlink /proc/PID/ns/pid` gives it. */
export function processesIn(namespace: string): string[] {
  return globSync('/proc/[0-9]*/ns/pid')
    .filter((link) => linkTarget(link) === namespace)
    .map((link) => link.replace('/ns/pid', ''))
}

/** Control groups of the private host `id` and of the hosts inside it. */
export function groupsOf(id: string): string[] {
  return globSync([`/sys/fs/cgroup/${id}*`, `/sys/fs/cgroup/*/${id}*`])
}

/** What a symbolic link of /proc says, or nothing if its process has ended meanwhile. */
export function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}
