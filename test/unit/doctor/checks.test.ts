import { strict as assert } from 'node:assert'
import type { Check, Finding } from '../../../src/lib/doctor/check.ts'
import { notHere, ok } from '../../../src/lib/doctor/check.ts'
import { CHECKS } from '../../../src/lib/doctor/checks.ts'
import { checkOf, chooseChecks } from '../../../src/lib/doctor/choose-checks.ts'
import { typed } from '../../../src/lib/doctor/fixes.ts'
import { mendAll } from '../../../src/lib/doctor/mend.ts'
import { Patient } from '../../../src/lib/doctor/patient.ts'
import { doctorJunit, doctorResult, renderReports } from '../../../src/lib/doctor/report.ts'
import { runChecks } from '../../../src/lib/doctor/run-checks.ts'
import { Refused } from '../../../src/lib/errors.ts'
import { openHost } from '../../../src/lib/host.ts'
import { painter } from '../../../src/lib/ui/colour.ts'
import { own } from '../../support/zoo.ts'

/** Nothing of it is asked by the checks of these tests. */
const patient = new Patient(openHost({ db: 'unix:/nowhere' }), own)

const check = (id: string, needs: readonly string[], run: () => readonly Finding[]): Check => ({
  ...{ id, needs, title: `title of ${id}`, about: `about ${id}` },
  run: () => Promise.resolve().then(run),
})

const trouble = (level: 'warn' | 'fail', said: string, fix = typed('true')): Finding => ({
  ...{ level, said, fix, subject: 'x' },
  evidence: ['seen'],
})

const idsOf = (checks: readonly Check[]): readonly string[] => checks.map(({ id }) => id)

describe('the checks of doctor', () => {
  it('have ids of an area and a word, each once, and stand after those that they need', () => {
    const before = new Set<string>()
    for (const { id, needs, title, about } of CHECKS) {
      assert.match(id, /^[a-z]+\.[a-z-]+$/)
      assert.ok(!before.has(id), id)
      for (const one of needs) assert.ok(before.has(one), `${id} needs ${one}, which comes after it`)
      before.add(id)
      assert.ok(title !== '' && !title.endsWith('.'), id)
      assert.match(about, /\.$/, id)
    }
  })

  it('are chosen by id or area, with what they need', () => {
    const { run, shown } = chooseChecks(CHECKS, { only: ['port.mtu'], skip: [] })
    assert.deepEqual(idsOf(run), ['ovs.database', 'ovs.vswitchd', 'ovs.datapath', 'port.mtu'])
    assert.deepEqual([...shown], ['port.mtu'])
    const ports = chooseChecks(CHECKS, { only: ['port'], skip: ['port.mtu', 'ovs.datapath'] })
    assert.ok(
      ports.shown.has('port.vlan') && !ports.shown.has('port.mtu') && !idsOf(ports.run).includes('ovs.datapath'),
    )
    assert.equal(chooseChecks(CHECKS, { only: [], skip: [] }).run.length, CHECKS.length)
  })

  it('that are not there are refused with what may be meant', () => {
    const choice = { only: ['port.mut'], skip: [] }
    assert.throws(() => chooseChecks(CHECKS, choice), { code: 'BadInput', next: /port\.mtu/ })
    assert.throws(() => chooseChecks(CHECKS, { only: [], skip: ['prot'] }), { code: 'BadInput', next: /port/ })
    assert.throws(() => checkOf(CHECKS, 'port'), { code: 'BadInput' })
    assert.equal(checkOf(CHECKS, 'port.mtu').id, 'port.mtu')
  })
})

describe('running checks', () => {
  const run = async (...checks: readonly Check[]): Promise<readonly (readonly [string, string, string])[]> =>
    (await runChecks(patient, checks)).map(({ check: { id }, status, findings }) => [
      id,
      status,
      findings[0]?.said ?? '',
    ])

  it('skips what needs one that failed, and says which; a warning is ground enough', async () => {
    assert.deepEqual(
      await run(
        check('a.one', [], () => [trouble('fail', 'broken')]),
        check('a.two', ['a.one'], () => ok('never')),
        check('a.three', ['a.two'], () => ok('never')),
        check('b.one', [], () => [trouble('warn', 'soon')]),
        check('b.two', ['b.one'], () => ok('fine')),
      ),
      [
        ['a.one', 'fail', 'broken'],
        ['a.two', 'skipped', 'it needs a.one, which failed'],
        ['a.three', 'skipped', 'it needs a.one, which failed'],
        ['b.one', 'warn', 'soon'],
        ['b.two', 'ok', 'fine'],
      ],
    )
  })

  it('takes an error for a failure: of ovsd with its advice; a defect costs its own check and no other', async () => {
    const refused = check('a.one', [], () => {
      throw new Refused('NoSuchThing', 'It is not there.', { next: 'Make it.' })
    })
    const [report] = await runChecks(patient, [refused])
    const [finding] = report?.findings ?? []
    assert.deepEqual(finding, {
      ...{ level: 'fail', subject: '', said: 'It is not there.' },
      ...{ evidence: ['error NoSuchThing'], fix: { lines: ['# Make it.'] } },
    })
    const defect = check('a.one', [], () => {
      throw new TypeError('x is undefined')
    })
    const [broken] = await runChecks(patient, [defect])
    assert.deepEqual([broken?.status, broken?.findings[0]?.said], ['fail', 'The check itself failed: x is undefined.'])
  })

  it('reports for people, scripts and CI', async () => {
    const reports = await runChecks(patient, [
      check('a.bad', [], () => [trouble('fail', 'It is <broken>.'), trouble('warn', 'And old.')]),
      check('b.fine', [], () => ok('as it should be')),
      check('c.none', [], () => notHere('nothing here')),
    ])
    const { healthy, failures, warnings, checks } = doctorResult(reports, ['mend it'])
    assert.deepEqual(
      [healthy, failures, warnings, checks.map(({ status }) => status)],
      [false, 1, 1, ['fail', 'ok', 'skipped']],
    )
    assert.deepEqual(checks[0]?.findings[0]?.fix, { commands: ['true'], safe: false })
    const xml = doctorJunit(reports)
    assert.match(xml, /<testsuite name="ovsd doctor" tests="3" failures="1" errors="0" skipped="1"/)
    assert.match(xml, /<failure message="It is &lt;broken&gt;\.">It is &lt;broken&gt;\.\nAnd old\.<\/failure>/)
    assert.match(xml, /<skipped message="nothing here"\/>/)
    const shown = renderReports(reports, painter(process.stdout), true)
    assert.match(shown, /^FAIL +a\.bad /m)
    assert.match(shown, /1 failure, 1 warning, 1 check fine, 1 with nothing to look at\./)
  })
})

describe('mending', () => {
  it('goes on with what comes to light, and does nothing twice', async () => {
    const done: string[] = []
    const safely = (line: string): Finding =>
      trouble('fail', line, { lines: [line], safe: () => Promise.resolve({ plan: undefined, result: {} }) })
    const examine = () =>
      runChecks(patient, [
        check('a.one', [], () =>
          done.includes('first') ? [safely('second'), trouble('fail', 'risky')] : [safely('first')],
        ),
      ])
    const { fixed, reports } = await mendAll(await examine(), {
      examine,
      allows: () => Promise.resolve(true),
      apply: ({ lines }) => {
        done.push(lines.join())
        return Promise.resolve(true)
      },
    })
    assert.deepEqual(
      [done, fixed],
      [
        ['first', 'second'],
        ['first', 'second'],
      ],
    )
    assert.equal(reports[0]?.status, 'fail')
  })
})
