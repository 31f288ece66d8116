import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isSea } from 'node:sea'
import { Refused } from '../../errors.ts'

/**
 * Where the files of the image may be, seen from the folder of the program: beside it in the repository and in the npm
 * package, or where an administrator put them beside /usr/local/bin.
 */
const PLACES = ['../packaging/ovn-central', '../share/ovsd/ovn-central']

/** The folder with the Dockerfile of central's image. Error: CentralFilesMissing. */
export function imageFolder(program: string = ownPath()): string {
  const places = PLACES.map((place) => join(dirname(realpathSync(program)), place))
  const found = places.find((place) => existsSync(join(place, 'Dockerfile')))
  if (found !== undefined) return found
  throw new Refused(
    'CentralFilesMissing',
    `The image of OVN's central is not there, and neither is what it would be built from (${places.join(', ')}).`,
    { next: `Install that: install -D -m 644 -t ${places.at(-1) ?? ''} packaging/ovn-central/*` },
  )
}

function ownPath(): string {
  const [, script = process.execPath] = process.argv
  return isSea() ? process.execPath : script
}
