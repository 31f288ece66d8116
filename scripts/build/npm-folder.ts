import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, work } from './layout.ts'
import { packageJson } from './manifest.ts'

const SCRIPT = 'dist/ovsd.cjs'
/** What of the repository is published besides the program; npm adds README.md and LICENSE by itself. */
const PUBLISHED = ['bin/ovsd.cjs', 'bin/check-node.cjs', 'man', 'completions', 'packaging/ovn-central', 'CHANGELOG.md']

/** Fields of package.json that mean something only in this repository. */
const PRIVATE = ['devDependencies', 'optionalDependencies', 'scripts', 'dependencies', 'files', 'oclif', 'private']

/** Makes the folder to publish, with `script` as the program, and has npm check it. Says what npm says of it. */
export function makeNpmFolder(script: string): {
  readonly path: string
  readonly size: number
  readonly files: number
} {
  const folder = join(work, 'npm')
  mkdirSync(join(folder, 'dist'), { recursive: true })
  for (const name of [...PUBLISHED, 'README.md', 'LICENSE'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  cpSync(script, join(folder, SCRIPT))
  // No dependencies: everything is in the one file. The list of files keeps out compiled code that a run leaves beside it.
  const kept = Object.entries(packageJson).filter(([field]) => !PRIVATE.includes(field))
  const man = readdirSync(join(root, 'man')).map((page) => `./man/${page}`)
  const published = { ...Object.fromEntries(kept), files: [...PUBLISHED, SCRIPT], man }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`)
  return { path: folder, ...packed(folder) }
}

function packed(folder: string): { size: number; files: number } {
  const answer = execFileSync(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline', '--loglevel=error'],
    { cwd: folder, encoding: 'utf8' },
  )
  const [packed] = JSON.parse(answer) as [{ size: number; files: readonly { path: string }[] }]
  const paths = packed.files.map(({ path }) => path)
  for (const needed of [...PUBLISHED, SCRIPT, 'package.json', 'README.md', 'LICENSE'])
    if (!paths.some((path) => path === needed || path.startsWith(`${needed}/`)))
      throw new Error(`${needed} is missing in the npm package`)
  return { size: packed.size, files: paths.length }
}
