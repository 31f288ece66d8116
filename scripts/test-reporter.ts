// mocha's usual report, plus the three numbers and what failed in a file for scripts/test.ts. mocha loads this by its path.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { inspect } from 'node:util'
import Mocha from 'mocha'

/** What came of a run, in tests. A failed hook counts as a failed test. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** Counts, and of each failure the test's whole title, its file and what it said, to be repeated at the end of a long run. */
export interface Report extends Counts {
  failures: { title: string; said: string; file?: string }[]
  /** How many tests of each file passed. */
  passedIn: Record<string, number>
}

/** After the last test everything that tests began has this long to end, in ms. */
const PATIENCE = 30_000

/**
 * Writes a Report as JSON to the reporter option `output` when the run has ended. What tests leave behind that keeps Node running
 * (a process, a connection, a clock) is one more failure, named, and does not keep the run from ending.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const { output } = options.reporterOptions as { output: string }
    const list: Report['failures'] = []
    const passedIn: Report['passedIn'] = {}
    const fileOf = (test: Mocha.Runnable): string | undefined => test.file && relative(process.cwd(), test.file)
    runner.on('pass', (test) => {
      const file = fileOf(test) ?? ''
      passedIn[file] = (passedIn[file] ?? 0) + 1
    })
    runner.on('fail', (test: Mocha.Runnable, error: unknown) => {
      const file = fileOf(test)
      const said = inspect(error, { depth: 3, colors: false })
      list.push({ title: test.fullTitle(), said, ...(file === undefined ? {} : { file }) })
    })
    runner.once('end', () => {
      // Always there at this point; if not, no file is what scripts/test.ts takes for a failure.
      if (runner.stats === undefined) return
      const { passes, failures, pending } = runner.stats
      const report: Report = { passed: passes, failed: failures, skipped: pending, failures: list, passedIn }
      writeFileSync(output, JSON.stringify(report))
      setTimeout(() => {
        const left = { title: 'tests have left running:', said: leftovers().join(', ') }
        console.error(`${left.title} ${left.said}`)
        writeFileSync(output, JSON.stringify({ ...report, failed: failures + 1, failures: [...list, left] }))
        process.exit(1)
      }, PATIENCE).unref()
    })
  }
}

/** The kinds of what keeps Node running, and the command lines of those at the other ends of our pipes and sockets. */
function leftovers(): readonly string[] {
  const own = new Set(descriptorsOf('self'))
  const others = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
  const holders = others.filter((pid) => descriptorsOf(pid).some((one) => one.startsWith('pipe') && own.has(one)))
  const children = others.filter(
    (pid) => readOrNothing(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[1] === String(process.pid),
  )
  const commands = [...new Set([...children, ...holders])].map((pid) => readOrNothing(`/proc/${pid}/cmdline`))
  return [...process.getActiveResourcesInfo(), ...commands.map((words) => words.replaceAll('\0', ' ').trim())]
}

/** What the descriptors of a process lead to, as "pipe:[123]"; nothing of one that has gone. */
function descriptorsOf(pid: string): readonly string[] {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).map((fd) => linkOrNothing(`${folder}/${fd}`))
  } catch {
    return []
  }
}

function linkOrNothing(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
