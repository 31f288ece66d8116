import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, work } from './layout.ts'
import { packageJson } from './manifest.ts'

/** What of the repository is published besides the program; parts that do not exist are left out. */
const PUBLISHED = ['bin/ovsd.cjs', 'bin/check-node.cjs', 'man', 'completions', 'README.md', 'CHANGELOG.md', 'LICENSE']

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
  for (const name of PUBLISHED)
    if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true })
  cpSync(script, join(folder, 'dist/ovsd.cjs'))
  // No dependencies: everything is in the one file.
  const published = Object.fromEntries(Object.entries(packageJson).filter(([field]) => !PRIVATE.includes(field)))
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
  for (const needed of ['package.json', 'bin/ovsd.cjs', 'bin/check-node.cjs', 'dist/ovsd.cjs'])
    if (!paths.includes(needed)) throw new Error(`${needed} is missing in the npm package`)
  return { size: packed.size, files: paths.length }
}
