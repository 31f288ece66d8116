// `npm run bench [-- --rounds=N] [-- --write]`: ovsd against ovs-docker, interleaved in one private host, as ratios.
// --write puts the table into README.md. It needs the executable: npm run build (or npm run bench, which builds).
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, write: { type: 'boolean', default: false } },
})

function node(args: readonly string[], stdout: 'inherit' | 'pipe'): string {
  const result = spawnSync(process.execPath, args, { stdio: ['ignore', stdout, 'inherit'], encoding: 'utf8' })
  if (result.status !== 0) process.exit(result.status ?? 1)
  return result.stdout
}

node(['scripts/build.ts'], 'inherit')
const table = node(['lab/run.ts', '--', process.execPath, 'bench/inside.ts', values.rounds], 'pipe')
process.stdout.write(table)
if (values.write) {
  const readme = readFileSync('README.md', 'utf8')
  const between = /(<!-- bench:begin -->\n)[\s\S]*(<!-- bench:end -->)/
  if (!between.test(readme)) throw new Error('README.md has no place for the table (<!-- bench:begin -->)')
  writeFileSync(
    'README.md',
    readme.replace(between, (_, begin: string, end: string) => `${begin}\n${table.trim()}\n\n${end}`),
  )
}
