import { strict as assert } from 'node:assert'
import { OvsdError } from '../../../src/lib/errors.ts'
import { parseIp } from '../../../src/lib/net/ip-address.ts'
import { describeWish, type AttachResult } from '../../../src/lib/plan/attach-result.ts'
import type { TearDown } from '../../../src/lib/plan/step.ts'
import type { Report } from '../../../src/lib/reconcile/report.ts'
import { TearDownIncomplete } from '../../../src/lib/run/run-plan.ts'
import { createLog } from '../../../src/lib/watch/log.ts'
import { logReport } from '../../../src/lib/watch/log-report.ts'
import { noMetrics } from '../../../src/lib/watch/meter.ts'
import { Restraint } from '../../../src/lib/watch/restraint.ts'
import { attachment, ID } from '../../support/samples.ts'

const WEB = { id: ID, name: 'web' }
const DB = { id: 'b'.repeat(64), name: 'db' }
const RESULT: AttachResult = { ...describeWish(attachment()), status: 'attached', replaced: [] }
const PORT = RESULT.port

const failure = (code: string, message = 'no', left: readonly string[] = []) => new OvsdError(code, message, { left })

describe('the report of watch', () => {
  let lines: Record<string, unknown>[]
  let counted: unknown[]
  let report: Report

  beforeEach(() => {
    lines = []
    counted = []
    const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>)
    const count =
      (what: string) =>
      (...values: unknown[]): void =>
        void counted.push([what, ...values.filter((value) => value !== undefined)])
    const meter = { ...noMetrics, changed: count('changed'), failed: count('failed'), refused: count('refused') }
    report = logReport(
      createLog({ format: 'json', level: 'debug', write }),
      { ...meter, attachTook: count('attachTook') },
      new Restraint(() => 0),
    )
  })

  /** What was said since, without the time, which the log has from itself. */
  const said = () =>
    lines.splice(0).map((line) => Object.fromEntries(Object.entries(line).filter(([key]) => key !== 'time')))
  const levels = () => said().map(({ level }) => level)
  const about = { container: 'web', container_id: ID, interface: 'eth1' }

  it('tells of an interface that is attached, and counts it and its time', () => {
    report.attached(WEB, RESULT, 12.6)
    const { addresses, mac } = RESULT
    assert.deepEqual(said(), [
      {
        ...{ level: 'info', event: 'port.attached', ...about, bridge: 'br0', port: PORT, addresses, mac, ms: 13 },
        msg: `attached eth1 of web to br0: 10.0.0.2/24, MAC ${mac}, port ${PORT}`,
      },
    ])
    assert.deepEqual(counted, [
      ['changed', 'attached'],
      ['attachTook', 0.0126],
    ])
  })

  it('has in the line what was asked for besides', () => {
    const gateways = [parseIp('10.0.0.1', '')]
    const all = describeWish(attachment({ gateways, mtu: 1400, vlan: { kind: 'access', tag: 7 } }))
    report.attached(WEB, { ...all, status: 'attached', replaced: ['old_l', 'older_l'] }, 1)
    report.attached(WEB, { ...RESULT, vlan: '0' }, 1)
    const [full, plain] = said()
    assert.match(
      String(full?.['msg']),
      /, gateway 10\.0\.0\.1, MAC \S+, MTU 1400, VLAN 7, .*, in place of old_l, older_l$/,
    )
    assert.match(String(plain?.['msg']), /, untagged frames only, port/)
    assert.deepEqual([full?.['vlan'], plain?.['vlan']], ['7', '0'])
  })

  it('tells of repairs and of each port that went', () => {
    report.repaired(WEB, RESULT, ['set this', 'set that'])
    const removed = { iface: 'eth1', bridge: 'br0', port: PORT, why: 'its container stopped' }
    report.detached(WEB, [removed, { ...removed, iface: 'eth2' }])
    report.detached(WEB, [])
    const [repaired, detached, ...more] = said()
    assert.deepEqual(
      [repaired?.['event'], repaired?.['msg'], repaired?.['what']],
      ['port.repaired', 'repaired eth1 of web: set this; set that', ['set this', 'set that']],
    )
    assert.equal(detached?.['msg'], `detached eth1 of web from br0 (${PORT}): its container stopped`)
    assert.deepEqual([detached['why'], more.map((line) => line['interface'])], ['its container stopped', ['eth2']])
    assert.deepEqual(counted, [['changed', 'repaired'], ...Array<unknown>(2).fill(['changed', 'detached'])])
  })

  it('becomes quiet about a container that changes without end, and about no other', () => {
    for (let i = 0; i < 20; i++) report.attached(WEB, RESULT, 1)
    const all = said()
    assert.deepEqual(
      all.map(({ level, event }) => `${level} ${event}`),
      [
        ...Array<string>(7).fill('info port.attached'),
        'warn container.restless',
        'info port.attached',
        ...Array<string>(12).fill('debug port.attached'),
      ],
    )
    assert.equal(counted.length, 40, 'each is counted')
    report.attached(DB, RESULT, 1)
    assert.deepEqual(levels(), ['info'])
  })

  it('tells why something is refused, by which rule, and what to do', () => {
    report.refused(WEB, 'eth1', {
      code: 'PolicyRefused',
      message: 'br9 is not allowed.',
      rule: 'bridges',
      next: 'Ask.',
    })
    report.refused(WEB, '', { code: 'UnknownLabel', message: 'ovs.foo is unknown.' })
    report.allowed(WEB, 'eth1')
    const [one, other, allowed] = said()
    assert.deepEqual(one, {
      ...{ level: 'warn', event: 'port.refused', ...about, code: 'PolicyRefused', rule: 'bridges', next: 'Ask.' },
      msg: 'refused eth1 of web: br9 is not allowed. (rule: bridges) Ask.',
    })
    assert.equal(other?.['msg'], 'refused a label of web: ovs.foo is unknown.')
    assert.deepEqual([allowed?.['level'], allowed?.['event']], ['debug', 'port.allowed'])
    assert.deepEqual(counted, [
      ['refused', 'PolicyRefused', 'bridges'],
      ['refused', 'UnknownLabel'],
    ])
  })

  it('tells a failure once for each interface and reason, and counts it each time', () => {
    for (let i = 0; i < 3; i++) report.failed(WEB, 'eth1', failure('CommandFailed'))
    assert.deepEqual(levels(), ['error', 'debug', 'debug'])
    report.failed(WEB, 'eth2', failure('CommandFailed'))
    report.failed(DB, 'eth1', failure('CommandFailed'))
    report.failed(WEB, 'eth1', failure('SwitchSilent'))
    assert.deepEqual(levels(), ['error', 'error', 'error'])
    assert.equal(counted.length, 6)
  })

  const successes: Readonly<Record<string, () => void>> = {
    attached: () => {
      report.attached(WEB, RESULT, 1)
    },
    repaired: () => {
      report.repaired(WEB, { ...RESULT, status: 'repaired' }, ['it'])
    },
    detached: () => {
      report.detached(WEB, [{ iface: 'eth1', bridge: 'br0', port: PORT, why: 'x' }])
    },
  }
  for (const [what, succeed] of Object.entries(successes))
    it(`tells a failure again that comes after the interface was ${what}`, () => {
      report.failed(WEB, 'eth1', failure('CommandFailed'))
      report.failed(DB, 'eth1', failure('CommandFailed'))
      succeed()
      said()
      report.failed(WEB, 'eth1', failure('CommandFailed'))
      report.failed(DB, 'eth1', failure('CommandFailed'))
      assert.deepEqual(levels(), ['error', 'debug'])
    })

  it('says in one line what failed, and what was left', () => {
    const words = 'Attach eth1: Failed with status 1: ip link add x\n  no such link\nNot everything could be undone.'
    report.failed(WEB, 'eth1', failure('CommandFailed', words, ['port a', 'link b']))
    const [line, ...more] = said()
    const wanted = /^Attach [^\n]* x\b[^\n]* no such link\.? Not [^\n]* undone\. Left on the host: port a, link b\.$/
    assert.match(String(line?.['msg']), wanted)
    assert.deepEqual([line?.['left'], more], [['port a', 'link b'], []])
  })

  it('makes no error of a container that ends meanwhile', () => {
    for (let i = 0; i < 3; i++) report.failed(WEB, 'eth1', failure('ContainerNotRunning'))
    report.failed(WEB, 'eth1', failure('NamespaceMissing', 'no process 1'))
    report.failed(WEB, 'eth1', failure('NamespaceMissing', 'no process 2'))
    assert.deepEqual(new Set(levels()), new Set(['debug']))
  })

  it('makes one of a process that stays out of sight', () => {
    const missing = (who = WEB): void => {
      report.failed(who, 'eth1', failure('NamespaceMissing', 'no process 1'))
    }
    for (let i = 0; i < 3; i++) missing()
    assert.deepEqual(levels(), ['debug', 'error', 'debug'])
    missing(DB)
    assert.deepEqual(levels(), ['debug'])
    report.attached(WEB, RESULT, 1)
    said()
    missing()
    assert.deepEqual(levels(), ['debug'], 'it was in sight again')
  })

  it('leaves it to others to tell that the engine or the database is away', () => {
    const plan: TearDown = { onFailure: 'continue', title: 'Remove', stages: [] }
    const lost = failure('DatabaseUnreachable')
    report.failed(WEB, 'eth1', failure('DockerUnreachable'))
    report.failed(WEB, 'eth1', lost)
    report.failed(WEB, 'eth1', new TearDownIncomplete(plan, ['a', 'b'], [lost, lost]))
    assert.deepEqual(levels(), ['debug', 'debug', 'debug'])
    report.failed(WEB, 'eth2', new TearDownIncomplete(plan, ['a', 'b'], [lost, failure('CommandFailed')]))
    assert.deepEqual(levels(), ['error'])
  })

  it('has the commands of a plan that is not carried out', () => {
    report.wouldRun(WEB, 'Attach eth1', ['ip link add', 'ovs-vsctl add-port'])
    const commands = ['ip link add', 'ovs-vsctl add-port']
    assert.deepEqual(said(), [
      { level: 'info', event: 'plan.printed', msg: 'Attach eth1', container: 'web', container_id: ID, commands },
    ])
  })
})
