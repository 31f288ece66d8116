// `npm run test:matrix [-- --row=SUITE] [-- TIER|FILE…] [-- --grep=TEXT]`: the tests on other versions of Open vSwitch, OVN and
// Docker than the machine's, which `npm test` is for. The program is built here; it and the tests then run on the files of another
// Debian, on this kernel. Without a row it is Debian 13, without names DEFAULTS. The last line is the sum, as for npm test.
// `--moved` tests a row that has other versions than it is about; `--record` has its engine write what it says to the driver.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { ended } from '../lab/process.ts'
import { deviation, ROWS, type Row, type Versions } from './matrix/row.ts'
import { labObstacle } from './test-tiers.ts'

/** What meets another version where it matters: the driver on a real engine, and of the rest what talks to each tool. */
const DEFAULTS = [
  'test/docker/{plugin,daemon}*.test.ts',
  'test/docker/{attach,engine,net,publish}.test.ts',
  'test/docker/ovn-{central,networks}.test.ts',
  'test/kernel/{bridge-dead,mirror-steps,net-gateway,net-tunnels,plugin-calls,plugin-protocol,steps}.test.ts',
  'test/ovn/{join,logical-steps,logical-traffic,router-steps,status}.test.ts',
  'test/db/{ports,reader,vlan}.test.ts',
]

/** Variables that tests and tools of the other root take from here. The rest may name files that are not there. */
const KEPT = /^(PATH|HOME|LANG|TERM|CI|NO_COLOR|FORCE_COLOR|OVSD_.*)$/

/** Where the roots are: kept from run to run, and for all clones. */
const cache =
  process.env['OVSD_MATRIX_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ovsd-matrix')

function say(line: string): void {
  console.log(`\n${styleText('bold', `==> ${line}`)}`)
}

/** Thrown when there is nothing to run the tests on, or it is not what the row says. */
class Obstacle extends Error {}

/** Runs a command with our terminal and gives its status. */
async function status(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const [command = '', ...rest] = argv
  return await ended(spawn(command, rest, { stdio: 'inherit', env }))
}

/** The command that runs `argv` on the files of `root`, without a trace in them, and keeps others from changing them. */
function inside(root: string, argv: readonly string[]): readonly string[] {
  return ['flock', '--shared', `${root}.lock`, 'sh', 'scripts/matrix/enter.sh', root, 'forget', ...argv]
}

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name)))

/** The versions that really run in a private host on the files of `root`. */
async function versionsOf(root: string): Promise<Versions> {
  const argv = inside(root, [process.execPath, 'lab/run.ts', '--', 'sh', 'scripts/matrix/versions.sh'])
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'], env: environment })
  const [said, code] = await Promise.all([text(child.stdout), ended(child)])
  if (code !== 0) throw new Obstacle(`no private host runs on ${root} (status ${String(code)}, see above)`)
  return Object.fromEntries(
    said
      .trim()
      .split('\n')
      .map((line) => line.split('\t')),
  ) as Versions
}

/** Runs a command on the files of a row; throws Obstacle when that is not possible, or would be about other versions. */
async function runRow(row: Row, argv: readonly string[], mayHaveMoved: boolean): Promise<number> {
  const root = join(cache, row.suite)
  say(`${row.suite}: ${root}`)
  if ((await status(['sh', 'scripts/matrix/root.sh', row.suite, root])) !== 0)
    throw new Obstacle(`there is no root of ${row.suite}`)
  const found = await versionsOf(root)
  for (const [part, version] of Object.entries(found)) console.log(`${part} ${version}`)
  const other = deviation(row, found)
  if (other !== '' && !mayHaveMoved) {
    const why = row.moves === true ? 'Debian has moved on: test that with --moved' : `is ${root} another Debian?`
    throw new Obstacle(`${other}: ${why}`)
  }
  const ended = await status(inside(root, argv), environment)
  // Above it are screens full of tests.
  if (other !== '') console.error(`\nmatrix: ${other}`)
  return ended
}

/** What is to be run on which row. */
function asked() {
  const { values, positionals } = parseArgs({
    options: {
      row: { type: 'string', default: ROWS[0].suite },
      grep: { type: 'string', short: 'g' },
      moved: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const row = ROWS.find(({ suite }) => suite === values.row)
  if (row === undefined)
    throw new Obstacle(`there is no row ${values.row}, only ${ROWS.map(({ suite }) => suite).join(', ')}`)
  const names = positionals.length > 0 ? positionals : globSync(DEFAULTS).sort()
  const tests = [
    'scripts/test.ts',
    '--built',
    ...(values.grep === undefined ? [] : [`--grep=${values.grep}`]),
    ...names,
  ]
  const script = values.record ? ['lab/run.ts', '--', process.execPath, 'test/support/record-engine-calls.ts'] : tests
  return { row, mayHaveMoved: values.moved, argv: [process.execPath, ...script] }
}

async function main(): Promise<number> {
  const { row, mayHaveMoved, argv } = asked()
  const obstacle = labObstacle()
  if (obstacle !== undefined) throw new Obstacle(obstacle)
  if ((await status([process.execPath, 'scripts/build.ts'])) !== 0) throw new Obstacle('the build failed (see above)')
  return await runRow(row, argv, mayHaveMoved)
}

// The terminal sends Ctrl-C to the tests too, which then say what they have.
process.on('SIGINT', () => undefined)
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof Obstacle)) throw error
  console.error(`\nmatrix: ${error.message}`)
  console.log('\n0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
}
