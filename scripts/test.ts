// `npm test [-- TIER…] [-- --grep=TEXT]`: checks, builds and runs the tests; the last line is the sum over all tiers.
// Without names it is everything: the style checks, the build, and each tier of test/ that has tests.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { ended } from '../lab/process.ts'
import type { Counts } from './test-reporter.ts'
import { chooseTiers, labObstacle, type Tier, type Where } from './test-tiers.ts'

const required = ['CI', 'OVSD_REQUIRE'].some((name) => (process.env[name] ?? '') !== '')
// A private host takes half a second, a container a third: generous, because CI machines are slow and noisy.
const timeouts: Record<Where, number> = { machine: 10_000, lab: 60_000 }

function say(line: string): void {
  console.log(`\n${styleText('bold', `==> ${line}`)}`)
}

/** Runs a command of this Node with our terminal and gives its exit status. */
function node(...args: string[]): Promise<number> {
  return ended(spawn(process.execPath, args, { stdio: 'inherit' }))
}

/** Runs a script and gives a failure for it, if it failed, so that it counts as one failed test. */
async function check(script: string): Promise<Counts> {
  say(`node ${script}`)
  return { passed: 0, failed: (await node(script)) === 0 ? 0 : 1, skipped: 0 }
}

/** Runs the tiers of one place in one mocha. Without a result (a spec that doesn't load, a crash) that is one failure. */
async function runTiers(where: Where, tiers: readonly Tier[], grep: string[]): Promise<Counts> {
  const names = tiers.map((tier) => tier.name).join(', ')
  const obstacle = where === 'lab' ? labObstacle() : undefined
  if (obstacle !== undefined) {
    say(`${names}: skipped, ${obstacle}`)
    return { passed: 0, failed: 0, skipped: tiers.length }
  }
  say(`${names}${where === 'lab' ? ' (in a private host)' : ''}`)
  // In node_modules, because a private host has a /run of its own and TMPDIR may be in there.
  const folder = mkdtempSync('node_modules/.test-')
  const output = join(folder, 'counts.json')
  const mocha = [
    'node_modules/mocha/bin/mocha.js',
    ...['--reporter', 'scripts/test-reporter.ts', '--reporter-option', `output=${output}`],
    ...['--timeout', String(timeouts[where]), ...(required ? ['--forbid-only'] : []), ...grep],
    ...tiers.flatMap((tier) => tier.specs),
  ]
  try {
    const status = await (where === 'lab' ? node('lab/run.ts', '--', process.execPath, ...mocha) : node(...mocha))
    if (!existsSync(output)) return { passed: 0, failed: 1, skipped: 0 }
    const counts = JSON.parse(readFileSync(output, 'utf8')) as Counts
    return status === 0 ? counts : { ...counts, failed: Math.max(1, counts.failed) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function main(): Promise<Counts> {
  const { values, positionals } = parseArgs({ options: { grep: { type: 'string' } }, allowPositionals: true })
  const tiers = chooseTiers(positionals)
  const grep = values.grep === undefined ? [] : ['--grep', values.grep]
  const parts: Counts[] = []
  const everything = positionals.length === 0 && grep.length === 0
  if (everything && existsSync('scripts/lint.ts')) parts.push(await check('scripts/lint.ts'))
  const lab = tiers.filter((tier) => tier.where === 'lab')
  const machine = tiers.filter((tier) => tier.where === 'machine')
  const built = await check('scripts/build.ts')
  parts.push(built)
  // Tests of an old program would say nothing.
  if (built.failed === 0) {
    if (machine.length > 0) parts.push(await runTiers('machine', machine, grep))
    if (lab.length > 0) parts.push(await runTiers('lab', lab, grep))
  }
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
  console.error(`test: ${(error as Error).message}`)
  result = { passed: 0, failed: 1, skipped: 0 }
}
const { passed, failed, skipped } = result
if (passed + failed === 0) console.error('\ntest: no test ran')
if (required && skipped > 0) console.error('\ntest: skipped tests are failures here, because CI or OVSD_REQUIRE is set')
process.exitCode = failed > 0 || passed === 0 || (required && skipped > 0) ? 1 : 0
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
