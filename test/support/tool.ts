// Outside tools, for looking at the host and preparing it. Synchronous: a test does one thing after the other.
import { execaSync } from 'execa'

/** Runs a tool and gives what it printed; throws with its words when it fails. */
export function tool(name: string, ...args: string[]): string {
  return execaSync(name, args, { timeout: 30_000, stripFinalNewline: false }).stdout
}

const SEPARATOR = '\x1e'

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/**
 * Runs tools one after the other and gives what each printed; throws when one fails. One shell starts them all: libuv forks, which
 * for a process as big as mocha takes longer than most tools do.
 */
export function tools(commands: readonly (readonly string[])[], netns?: string): readonly string[] {
  const lines = commands.map((words) => words.map(quoted).join(' '))
  const script = ['set -e', lines.join(`\nprintf '\\036'\n`)].join('\n')
  const printed = netns === undefined ? tool('sh', '-c', script) : toolIn(netns, 'sh', '-c', script)
  return printed.split(SEPARATOR)
}

/** Runs a tool inside a network namespace. */
export function toolIn(netns: string, name: string, ...args: string[]): string {
  return tool('nsenter', `--net=${netns}`, name, ...args)
}
