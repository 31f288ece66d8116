import { BaseCommand } from '../base-command.ts'
import { progress } from '../progress.ts'
import { stateFlags } from '../flags.ts'
import { CHECKS } from '../lib/doctor/checks.ts'
import { chooseChecks, type Chosen } from '../lib/doctor/choose-checks.ts'
import type { Fix } from '../lib/doctor/check.ts'
import { Patient, type OwnPlaces } from '../lib/doctor/patient.ts'
import { mendAll } from '../lib/doctor/mend.ts'
import { doctorJunit, doctorResult, renderReports, type DoctorResult } from '../lib/doctor/report.ts'
import { runChecks, type CheckReport } from '../lib/doctor/run-checks.ts'
import { BadInput, messageOf } from '../lib/errors.ts'
import { painter } from '../lib/ui/colour.ts'
import { plainLine } from '../lib/ui/plain-text.ts'
import type { GlobalFlags } from '../base-command.ts'
import { Flags } from '../oclif.ts'
import { ownPlaces } from '../own-places.ts'
import { writeReport } from '../report-file.ts'

export default class Doctor extends BaseCommand {
  static override summary = 'Find out what is wrong with this host'
  static override description = `Looks at tools, Open vSwitch, the engine, bridges, every port, networks, OVN and ovsd itself, and names what is wrong: the cause in one sentence, what was seen, and what to type. Checks whose ground is missing are left out. It changes nothing, unless --fix is given: that mends what is safe to mend, after asking, and looks again. The exit status is 1 when a check fails; warnings leave it at 0.`
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --only=port,ovs.vswitchd',
    '<%= config.bin %> doctor --fix --yes',
    '<%= config.bin %> doctor --junit=report.xml --skip=docker',
  ]
  static override flags = {
    only: Flags.string({ description: 'Only these checks or areas', multiple: true, helpValue: 'LIST' }),
    skip: Flags.string({ description: 'Without these checks or areas', multiple: true, helpValue: 'LIST' }),
    all: Flags.boolean({ char: 'a', description: 'Show each check, not only what is wrong' }),
    junit: Flags.string({ description: 'Write a report for CI there, too', helpValue: 'FILE' }),
    fix: Flags.boolean({ description: 'Mend what is safe to mend' }),
    yes: Flags.boolean({ char: 'y', description: 'With --fix: do not ask', dependsOn: ['fix'] }),
    policy: Flags.string({ description: 'Policy file (default: that of ovsd watch)', helpValue: 'FILE' }),
    ...stateFlags,
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Doctor)
    const chosen = chooseChecks(CHECKS, { only: words(flags.only), skip: words(flags.skip) })
    const own = ownPlaces(flags)
    const examine = (): Promise<readonly CheckReport[]> => this.#examine(flags, own, chosen)
    if (flags.fix && !flags.yes && !flags['dry-run'] && !this.canAsk)
      throw new BadInput('--fix', 'there is nobody to ask whether that may be done.', '--fix --yes')
    const first = await examine()
    const { reports, fixed } = flags.fix
      ? await mendAll(first, {
          examine,
          allows: (fixes) => this.#allows(flags, fixes),
          apply: (fix) => this.#apply(flags, fix),
        })
      : { reports: first, fixed: [] }
    if (flags.fix && fixed.length === 0 && reports.some(({ status }) => status === 'fail') && !this.quietly)
      process.stderr.write('Nothing of this was mended: what is not marked as safe is for you to type.\n')
    const result = doctorResult(reports, fixed)
    if (!result.healthy) process.exitCode = 1
    if (!flags.quiet) this.log(renderReports(reports, painter(process.stdout), flags.all))
    if (flags.junit !== undefined && !flags['dry-run']) writeReport(flags.junit, doctorJunit(reports))
    return result satisfies DoctorResult
  }

  async #examine(flags: GlobalFlags, own: OwnPlaces, { run, shown }: Chosen): Promise<readonly CheckReport[]> {
    using drawn = progress(run.length, 'checks', this.quietly || flags.verbose)
    const ended = ({ check, status }: CheckReport): void => {
      drawn.ended(check.id, status === 'fail')
    }
    const reports = await this.look(flags, (host) => runChecks(new Patient(host, own), run, ended))
    // What was only needed is shown when it is why others cannot say anything.
    return reports.filter(({ check, status }) => shown.has(check.id) || status === 'fail')
  }

  /** Shows the fixes of a round, and asks. */
  async #allows(flags: GlobalFlags & { readonly yes: boolean }, fixes: readonly Fix[]): Promise<boolean> {
    const lines = fixes.flatMap((fix) => fix.lines)
    if (flags['dry-run']) {
      this.log(lines.join('\n'))
      return false
    }
    const shown = lines.map((line) => `  ${plainLine(line)}\n`).join('')
    if (!this.quietly) process.stderr.write(`To mend what is safe to mend:\n${shown}`)
    if (flags.yes) return true
    const { confirm, endQuestionsBy } = await import('../lib/ui/prompt.ts')
    endQuestionsBy(this.interruption)
    return await confirm('Do that?')
  }

  /** One that fails says so, and the others are tried: what is still wrong is seen by looking again. */
  async #apply(flags: GlobalFlags, { safe, lines }: Fix): Promise<boolean> {
    if (safe === undefined) return false
    try {
      await this.perform(flags, safe)
      return true
    } catch (error) {
      if (this.interruption.aborted) throw error
      this.caution(`${lines[0] ?? ''}: ${messageOf(error)}`)
      return false
    }
  }
}

/** `a,b c` of one option or several. */
const words = (lists: readonly string[] | undefined): readonly string[] =>
  (lists ?? []).flatMap((list) => list.split(/[\s,]+/)).filter((word) => word !== '')
