// The stage of the demo: shows each command before it runs, and whether it did what was expected.
import { setTimeout as pause } from 'node:timers/promises'
import { styleText } from 'node:util'
import type { Host } from './host.ts'
import type { Result } from './process.ts'

/** Thrown when a command did not do what the demo promises. The output is on the screen by then. */
export class Disappointment extends Error {}

/** What a command should do: succeed, or fail with a status other than 0. */
export type Expectation = 'works' | 'fails'

/** Prints a heading. */
export function scene(title: string): void {
  console.log(`\n${styleText('bold', title)}`)
}

/** Prints a checked fact. */
export function fact(text: string): void {
  console.log(styleText('green', `✔ ${text}`))
}

/**
 * Shows a command as it would be typed at a prompt, runs it on `host` and shows its output. Gives what it wrote to stdout;
 * throws Disappointment when it does other than expected. `tries` is for what takes effect a moment later: the command
 * runs again, half a second apart.
 */
export async function perform(
  host: Host,
  command: string | readonly string[],
  expected: Expectation = 'works',
  tries = 1,
): Promise<string> {
  const argv = typeof command === 'string' ? command.split(' ') : command
  const line = argv.map((word) => (/[\s<>]/.test(word) ? `'${word}'` : word)).join(' ')
  console.log(styleText('cyan', `$ ${line}`))
  let result = await host.exec(argv)
  while (!isAs(expected, result) && --tries > 0) {
    await pause(500)
    result = await host.exec(argv)
  }
  process.stdout.write(result.stdout + result.stderr)
  if (!isAs(expected, result)) throw new Disappointment(`"${line}" ended with status ${result.status}`)
  return result.stdout
}

function isAs(expected: Expectation, result: Result): boolean {
  return (result.status === 0) === (expected === 'works')
}
