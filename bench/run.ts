// `npm run bench [-- --rounds=N --bursts=N] [-- --write]`: ovsd against ovs-docker, interleaved in a private host, as ratios;
// first the commands, then `watch`, which takes some five minutes, then a full northbound database of OVN, then Docker's networks
// against those of its own bridge driver. --write puts the tables into README.md.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    bursts: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
})

function node(args: readonly string[], stdout: 'inherit' | 'pipe'): string {
  const result = spawnSync(process.execPath, args, { stdio: ['ignore', stdout, 'inherit'], encoding: 'utf8' })
  if (result.status !== 0) process.exit(result.status ?? 1)
  return result.stdout
}

node(['scripts/build.ts'], 'inherit')
const measured = (script: string, count: string, services = 'docker'): string =>
  node(['lab/run.ts', `--services=${services}`, '--', process.execPath, script, count], 'pipe')
const table = [
  measured('bench/inside.ts', values.rounds),
  measured('bench/watch.ts', values.bursts),
  measured('bench/ovn.ts', values.rounds, 'ovs'),
  measured('bench/doctor.ts', values.rounds, 'ovs'),
  // A hundred containers at once take most of its two and a half minutes.
  measured('bench/docker.ts', '9'),
].join('\n')
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
