// Outside tools, for looking at the host and preparing it. Synchronous: a test does one thing after the other.
import { spawnSync } from 'node:child_process'

/** Runs a tool and gives what it printed; throws with its words when it fails. */
export function tool(name: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: 'utf8', timeout: 30_000 })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: status ${String(status)}: ${stderr}${stdout}`)
  return stdout
}

/** Runs a tool inside a network namespace. */
export function toolIn(netns: string, name: string, ...args: string[]): string {
  return tool('nsenter', `--net=${netns}`, name, ...args)
}
