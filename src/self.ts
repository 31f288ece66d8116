import { isSea } from 'node:sea'

/** What starts this program again, to be followed by its arguments: the executable, or Node with its script. */
export function selfCommand(): readonly string[] {
  const [, script = ''] = process.argv
  return isSea() ? [process.execPath] : [process.execPath, ...process.execArgv, script]
}
