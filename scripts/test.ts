// `npm test [-- TIER|FILE…] [-- --grep=TEXT]`: checks, builds and runs the tests; the last line is the sum over all tiers.
// Without names it is everything: the style checks, the build, and each tier of test/ that has tests. `--built` leaves out the
// build, for who has just done it (scripts/matrix.ts).
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { ended } from '../lab/process.ts'
import type { Counts, Report } from './test-reporter.ts'
import { chooseTiers, labObstacle, type Tier, type Where } from './test-tiers.ts'

const required = ['CI', 'OVSD_REQUIRE'].some((name) => (process.env[name] ?? '') !== '')
// A private host takes half a second, a container a third: generous, because CI machines are slow and noisy.
const timeouts: Record<Where, number> = { machine: 10_000, lab: 60_000 }
/** What hangs for good, mocha cannot end: then its process is, and what it printed until then is the report. In ms. */
const LANE_LIMIT = 70 * 60_000
/** Of a failure that is said again, in characters: enough for a diff, and for some of them on one page. */
const SAID_LIMIT = 3000

function say(line: string): void {
  console.log(`\n${styleText('bold', `==> ${line}`)}`)
}

/** Runs a command of this Node with our terminal, or writing into a file, and gives its exit status. */
async function node(args: readonly string[], log: number | 'inherit' = 'inherit'): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ['inherit', log, log] })
  const limit = setTimeout(() => {
    console.error(`\ntest: no end within ${String(LANE_LIMIT / 60_000)} minutes: ${args.slice(-1).join(' ')}`)
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 30_000).unref()
  }, LANE_LIMIT)
  try {
    return await ended(child)
  } finally {
    clearTimeout(limit)
  }
}

/** Runs a script and gives a failure for it, if it failed, so that it counts as one failed test. */
async function check(script: string): Promise<Counts> {
  say(`node ${script}`)
  return (await node([script])) === 0 ? { passed: 0, failed: 0, skipped: 0 } : failure(script, 'see what it printed')
}

/** The same beside what else is done; what it prints comes when it has ended. */
async function checkBeside(script: string): Promise<Counts> {
  const folder = mkdtempSync('node_modules/.test-')
  const log = join(folder, 'log')
  try {
    const status = await node([script], openSync(log, 'w'))
    say(`node ${script}`)
    process.stdout.write(readFileSync(log))
    return status === 0 ? { passed: 0, failed: 0, skipped: 0 } : failure(script, 'see what it printed')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What failed, to be said again at the end: three parts print a long report each, and CI may keep the end of it only. */
const failures: Report['failures'] = []

function failure(title: string, said: string): Counts {
  failures.push({ title, said })
  return { passed: 0, failed: 1, skipped: 0 }
}

/** What came of a lane, with the tests that passed in each file. */
type Run = Counts & Partial<Pick<Report, 'passedIn'>>

/** How a part of the tests is run beside others. */
interface Lane {
  /** What they print appears when they are done. */
  readonly later?: boolean
  readonly services?: 'docker' | 'ovs'
}

/**
 * Keeps what the specs and all that they import are compiled to, for the next mocha. One that finds everything there never loads the
 * compiler of types, and has 95 MB in memory and not 120: each start of a process copies the page tables of all of it (libuv forks),
 * so with every 10 MB less it takes some 1 ms less, and tests start tens of thousands. Only for mocha: in the environment, programs
 * under test would have it, too.
 */
const COMPILED = 'import { enableCompileCache } from "node:module"; enableCompileCache("node_modules/.compiled")'
/** For the same reason: room for young objects, which it would take 48 MB of, and what nothing-left.ts collects after each file. */
const SMALL = ['--max-semi-space-size=2', '--expose-gc']
const MOCHA = [
  ...SMALL,
  `--import=data:text/javascript,${encodeURIComponent(COMPILED)}`,
  'node_modules/mocha/bin/mocha.js',
]

/**
 * Runs tiers of one place in one mocha. Without a result (a spec that doesn't load, a crash) that is one failure.
 */
async function runTiers(where: Where, tiers: readonly Tier[], grep: string[], options: Lane = {}): Promise<Run> {
  const { later = false, services = 'docker' } = options
  const names = tiers.map((tier) => tier.name).join(', ')
  const obstacle = where === 'lab' ? labObstacle() : undefined
  if (obstacle !== undefined) {
    say(`${names}: skipped, ${obstacle}`)
    return { passed: 0, failed: 0, skipped: tiers.length }
  }
  const heading = `${names}${where === 'lab' ? ' (in a private host)' : ''}`
  say(later ? `${heading}: beside the others, printed afterwards` : heading)
  // In node_modules, because a private host has a /run of its own and TMPDIR may be in there.
  const folder = mkdtempSync('node_modules/.test-')
  const output = join(folder, 'counts.json')
  const log = later ? openSync(join(folder, 'log'), 'w+') : 'inherit'
  const mocha = [
    ...MOCHA,
    ...['--reporter', 'scripts/test-reporter.ts', '--reporter-option', `output=${output}`],
    ...['--timeout', String(timeouts[where]), ...(required ? ['--forbid-only'] : []), ...grep],
    ...(where === 'lab' ? ['--require', 'test/support/nothing-left.ts'] : []),
    ...tiers.flatMap((tier) => tier.specs),
  ]
  try {
    const status = await node(
      where === 'lab' ? ['lab/run.ts', `--services=${services}`, '--', process.execPath, ...mocha] : mocha,
      log,
    )
    if (!existsSync(output)) return failure(heading, `ended with status ${String(status)} before mocha had a result`)
    const { failures: list, ...counts } = JSON.parse(readFileSync(output, 'utf8')) as Report
    failures.push(...list)
    if (status === 0 || counts.failed > 0) return counts
    return { ...counts, failed: failure(heading, `ended with status ${String(status)} after its last test`).failed }
  } finally {
    if (later) {
      afterwards.push(() => {
        say(heading)
        process.stdout.write(readFileSync(join(folder, 'log'), 'utf8'))
        rmSync(folder, { recursive: true })
      })
    } else rmSync(folder, { recursive: true })
  }
}

/** What was kept back to be printed. */
const afterwards: (() => void)[] = []

/**
 * In a lane are the tests that this fits, and no lane before it: about as long as each other. More of them than processors, because tests
 * wait as much as they work: for daemons, for engines that start, for DHCP's clocks.
 */
const LANES: readonly ({ readonly fits: RegExp } & Pick<Lane, 'services'>)[] = [
  { fits: /^test\/docker\/(ovn-watch-central|plugin)/ },
  { fits: /^test\/(kernel\/(net-dhcp|publish-)|docker\/(check|doctor|net-|ovn-(bootstrap-crash|watch)|path)|db\/)/ },
  { fits: /^test\/docker\/(daemon|net\.|ovn-(central|networks|routers)|publish|[s-z])/ },
  // An engine would make the host a router, and those of networks are about hosts that are none. The others need no engine.
  { fits: /^test\/kernel\/(check|doctor-|net-|path-)/, services: 'ovs' },
  { fits: /^/ },
]

/** Private hosts know nothing of each other, and most tests wait more than they work: so they run side by side. */
async function runLab(tiers: readonly Tier[], grep: string[]): Promise<readonly Counts[]> {
  const laneOf = (spec: string): number => LANES.findIndex(({ fits }) => fits.test(spec))
  const lanes = LANES.map((lane, i) => ({
    ...lane,
    specs: tiers
      .map((tier) => ({ ...tier, specs: tier.specs.filter((spec) => laneOf(spec) === i) }))
      .filter(({ specs }) => specs.length > 0),
  }))
  // Nothing but loads them all once, so that each lane finds them compiled.
  const specs = lanes.flatMap((lane) => lane.specs.flatMap((tier) => tier.specs))
  if (specs.length > 1) await compile(specs)
  const runs = await Promise.all(
    lanes
      .filter(({ specs }) => specs.length > 0)
      .map(async ({ specs, services }, i) => {
        const lane = { ...(services && { services }) }
        return { run: await runTiers('lab', specs, grep, { ...lane, later: i > 0 }), specs, lane }
      }),
  )
  for (const print of afterwards.splice(0)) print()
  const counts: Counts[] = []
  const isFew = new Set(failures.map(({ file }) => file)).size <= FEW
  for (const { run, specs, lane } of runs) counts.push(isFew ? await again(run, specs, grep, lane) : run)
  return counts
}

/** What does not load says so in its lane. */
async function compile(specs: readonly string[]): Promise<void> {
  const log = openSync('/dev/null', 'w')
  await node([...MOCHA, '--dry-run', ...specs], log)
  closeSync(log)
}

/** In how many files something may fail for want of time; more, and it is not that. */
const FEW = 6
/** What failed beside other lanes, and not alone. */
const recovered: string[] = []

/**
 * Runs the files in which something failed once more, each alone, in a private host of its own. Tests in lanes judge by time limits
 * what shares the processors with the other lanes: what fails for that alone does not fail again. It is told of at the end.
 */
async function again(run: Run, tiers: readonly Tier[], grep: string[], lane: Lane): Promise<Counts> {
  const { passedIn = {} } = run
  let { passed, failed, skipped } = run
  for (const file of tiers.flatMap(({ specs }) => specs)) {
    const first = failures.filter((one) => one.file === file)
    if (first.length === 0) continue
    failures.splice(0, failures.length, ...failures.filter((one) => one.file !== file))
    const [, name = ''] = file.split('/')
    const alone = await runTiers(
      'lab',
      [{ name: `${name}: ${file} again, alone`, where: 'lab', specs: [file] }],
      grep,
      lane,
    )
    passed += alone.passed - (passedIn[file] ?? 0)
    failed += alone.failed - first.length
    skipped += alone.skipped
    if (alone.failed === 0) recovered.push(...first.map(({ title }) => title))
  }
  return { passed, failed, skipped }
}

async function main(): Promise<Counts> {
  const { values, positionals } = parseArgs({
    options: { grep: { type: 'string', short: 'g' }, built: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const tiers = chooseTiers(positionals)
  const grep = values.grep === undefined ? [] : ['--grep', values.grep]
  const parts: Counts[] = []
  const everything = positionals.length === 0 && grep.length === 0
  // Beside the build and the tests that need one processor only; those in private hosts need all that there are.
  const linting = everything && existsSync('scripts/lint.ts') ? checkBeside('scripts/lint.ts') : undefined
  const lab = tiers.filter((tier) => tier.where === 'lab')
  const machine = tiers.filter((tier) => tier.where === 'machine')
  const built = values.built ? { passed: 0, failed: 0, skipped: 0 } : await check('scripts/build.ts')
  parts.push(built)
  // Tests of an old program would say nothing.
  const isBuilt = built.failed === 0
  if (isBuilt && machine.length > 0) parts.push(await runTiers('machine', machine, grep))
  if (linting !== undefined) parts.push(await linting)
  if (isBuilt && lab.length > 0) parts.push(...(await runLab(lab, grep)))
  const sum = (name: keyof Counts) => parts.reduce((total, part) => total + part[name], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}

// The terminal sends Ctrl-C to mocha too, which then reports what it has; the sum and the clean-up are still to come.
process.on('SIGINT', () => undefined)
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
let result: Counts
try {
  result = await main()
} catch (error) {
  result = failure('scripts/test.ts', (error as Error).message)
}
const { passed, failed, skipped } = result
if (recovered.length > 0) say(`Failed beside the others, and not alone:\n${recovered.join('\n')}`)
if (failures.length > 0) say('What failed, once more')
for (const { title, said } of failures) console.error(`\n${styleText('red', title)}\n${said.slice(0, SAID_LIMIT)}`)
if (passed + failed === 0) console.error('\ntest: no test ran')
if (required && skipped > 0) console.error('\ntest: skipped tests are failures here, because CI or OVSD_REQUIRE is set')
process.exitCode = failed > 0 || passed === 0 || (required && skipped > 0) ? 1 : 0
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
