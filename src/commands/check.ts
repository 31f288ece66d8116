import { BaseCommand, type GlobalFlags } from '../base-command.ts'
import { longTimeout } from '../flags.ts'
import { Patient } from '../lib/doctor/patient.ts'
import { asFile } from '../lib/reach/as-file.ts'
import { checkAll } from '../lib/reach/check-all.ts'
import { derive } from '../lib/reach/derive.ts'
import type { Expectation, Judged } from '../lib/reach/expectation.ts'
import { readExpectations } from '../lib/reach/expectations-file.ts'
import { legsOf, lostOf } from '../lib/reach/legs.ts'
import { checkJunit, checkResult, renderChecked } from '../lib/reach/report.ts'
import { meansGroups, resolveWritten, unseen } from '../lib/reach/resolve.ts'
import { painter } from '../lib/ui/colour.ts'
import { Flags } from '../oclif.ts'
import { ownPlaces } from '../own-places.ts'
import { progress } from '../progress.ts'
import { writeReport } from '../report-file.ts'

export default class Check extends BaseCommand {
  static override summary = 'Say whether containers reach whom they should, and nobody else'
  static override description = `Sends packets between the containers of this host, and compares who gets there with who should: as a file has it, ovsd-expectations(5), or, without one, as networks, VLANs, tenants and routers have it. What must not get through counts as much as what must. It prints a table, and each way that is not as it should be with what keeps the packet or lets it through. Where nobody can say it, because something on the way is broken, that is said and counts as a failure. With many interfaces not each is tried with each: every container with the next one of its network, and with one of every other network. It changes nothing. The exit status is 1 unless everything is as it should be.`
  static override examples = [
    '<%= config.bin %> check',
    '<%= config.bin %> check -f expectations.yaml --junit=report.xml',
    '<%= config.bin %> check --tenants --all --json',
    '<%= config.bin %> check --print > expectations.yaml',
  ]
  static override flags = {
    ...longTimeout,
    file: Flags.string({ char: 'f', description: 'What should be (ovsd-expectations(5))', helpValue: 'FILE' }),
    tenants: Flags.boolean({
      description: 'What goes without saying: by networks, VLANs, tenants, routers (default without --file)',
    }),
    all: Flags.boolean({
      char: 'a',
      description: 'Of what goes without saying: each with each, also when they are many',
    }),
    junit: Flags.string({ description: 'Write a report for CI there, too', helpValue: 'FILE' }),
    print: Flags.boolean({ description: 'Print what would be tried as a file for --file, and send nothing' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Check)
    const { file, print } = flags
    const written = file === undefined ? [] : await readExpectations(file)
    const isDerived = file === undefined || flags.tenants
    const all = await this.look(flags, async (host) => {
      const patient = new Patient(host, ownPlaces({}))
      const seen = (await patient.attachments()).all
      const legs = legsOf(seen)
      const derived = isDerived ? derive(legs, flags.all) : []
      const resolved = await resolveWritten(patient, legs, written)
      const expectations = [...resolved.expectations, ...derived]
      if (print || flags['dry-run']) return asFile(expectations, legs)
      const lost = isDerived || written.some(meansGroups) ? lostOf(seen).map(unseen) : []
      return [...lost, ...resolved.unmet, ...(await this.#tried(flags, patient, expectations))]
    })
    if (typeof all === 'string') {
      this.log(all)
      return { file: all }
    }
    const result = checkResult(all)
    if (!result.holds) process.exitCode = 1
    if (!flags.quiet) this.log(renderChecked(all, painter(process.stdout)))
    if (flags.junit !== undefined) writeReport(flags.junit, checkJunit(all))
    return result
  }

  async #tried(flags: GlobalFlags, patient: Patient, all: readonly Expectation[]): Promise<readonly Judged[]> {
    using drawn = progress(all.length, 'ways', this.quietly || flags.verbose)
    return await checkAll(patient, all, ({ from, to, status }) => {
      drawn.ended(`${from} to ${to}`, status !== 'holds')
    })
  }
}
