import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Runner } from '../system/runner.ts'

/**
 * Whether this network namespace has a link of that name, without a process. /proc/sys/net shows the namespace of the
 * reader; /sys/class/net would show the one in which /sys was mounted, which is another one under `nsenter --net`.
 */
export function linkExists(name: string): boolean {
  return existsSync(`/proc/sys/net/ipv4/conf/${name}`) || existsSync(`/proc/sys/net/ipv6/conf/${name}`)
}

/** The names of all links of this network namespace, without a process. */
export function linkNames(): readonly string[] {
  const notLinks = ['all', 'default']
  return readdirSync('/proc/sys/net/ipv4/conf').filter((name) => !notLinks.includes(name))
}

/**
 * Whether the namespace at /proc/PID/ns/net has a link of that name, without entering it; false when the process is gone.
 */
export function linkExistsFor(netnsPath: string, name: string): boolean {
  try {
    const devices = readFileSync(netnsPath.replace(/ns\/net$/, 'net/dev'), 'utf8')
    return devices.split('\n').some((line) => line.trimStart().startsWith(`${name}:`))
  } catch {
    return false
  }
}

/** The alias of a link of this namespace; '' if it has none. */
export async function aliasOf(run: Runner, link: string): Promise<string> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'link', 'show', 'dev', link] })
  const [found] = JSON.parse(stdout) as readonly { readonly ifalias?: string }[]
  return found?.ifalias ?? ''
}

/** The MAC of a link of this namespace. */
export async function macOf(run: Runner, link: string): Promise<string | undefined> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'link', 'show', 'dev', link] })
  const [found] = JSON.parse(stdout) as readonly { readonly address?: string }[]
  return found?.address
}

/** The links of this namespace that carry an alias. */
export async function linksWithAlias(
  run: Runner,
): Promise<readonly { readonly name: string; readonly alias: string }[]> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'link', 'show', 'type', 'veth'] })
  const links = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly { ifname: string; ifalias?: string }[]
  return links.flatMap(({ ifname, ifalias }) => (ifalias === undefined ? [] : [{ name: ifname, alias: ifalias }]))
}
