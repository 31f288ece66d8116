// Outside tools, for looking at the host and preparing it. Synchronous: a test does one thing after the other.
import { execaSync } from 'execa'

/** Runs a tool and gives what it printed; throws with its words when it fails. */
export function tool(name: string, ...args: string[]): string {
  return execaSync(name, args, { timeout: 30_000, stripFinalNewline: false }).stdout
}

/** Runs a tool inside a network namespace. */
export function toolIn(netns: string, name: string, ...args: string[]): string {
  return tool('nsenter', `--net=${netns}`, name, ...args)
}
