import { strict as assert } from 'node:assert'
import { OvsdError } from '../../../src/lib/errors.ts'
import { describeWish, type AttachResult } from '../../../src/lib/plan/attach-result.ts'
import type { Report } from '../../../src/lib/reconcile/report.ts'
import { emptyTally, tallied, type Tally } from '../../../src/lib/watch/tally.ts'
import { attachment, ID } from '../../support/samples.ts'

const WEB = { id: ID, name: 'web' }
const RESULT: AttachResult = { ...describeWish(attachment()), status: 'attached', replaced: [] }
const REMOVED = { iface: 'eth1', bridge: 'br0', port: 'p_l', why: 'its container stopped' }

describe('tallied', () => {
  let passed: unknown[][]
  let tally: Tally
  let report: Report

  beforeEach(() => {
    passed = []
    tally = emptyTally()
    const pass =
      (what: keyof Report) =>
      (...facts: readonly unknown[]): void =>
        void passed.push([what, ...facts])
    const further: Report = {
      ...{ attached: pass('attached'), repaired: pass('repaired'), detached: pass('detached') },
      ...{ refused: pass('refused'), allowed: pass('allowed'), failed: pass('failed'), wouldRun: pass('wouldRun') },
    }
    report = tallied(further, tally)
  })

  it('passes everything on as it is, except for what is not carried out', () => {
    const error = new OvsdError('CommandFailed', 'no')
    const refusal = { code: 'PolicyRefused', message: 'no', rule: 'bridges' }
    report.attached(WEB, RESULT, 7)
    report.repaired(WEB, RESULT, ['a'])
    report.detached(WEB, [REMOVED])
    report.refused(WEB, 'eth1', refusal)
    report.allowed(WEB, 'eth1')
    report.failed(WEB, 'eth1', error)
    report.wouldRun(WEB, 'Attach', ['ip link'])
    assert.deepEqual(passed, [
      ['attached', WEB, RESULT, 7],
      ['repaired', WEB, RESULT, ['a']],
      ['detached', WEB, [REMOVED]],
      ['refused', WEB, 'eth1', refusal],
      ['allowed', WEB, 'eth1'],
      ['failed', WEB, 'eth1', error],
    ])
  })

  it('keeps of each what a result shows, in order, also what comes twice', () => {
    report.attached(WEB, RESULT, 7)
    report.repaired(WEB, { ...RESULT, status: 'repaired' }, ['a'])
    report.detached(WEB, [REMOVED, { ...REMOVED, iface: 'eth2' }])
    report.detached(WEB, [])
    report.allowed(WEB, 'eth1')
    for (const code of ['BadInput', 'BadInput']) report.refused(WEB, '', { code, message: 'no', next: 'x', rule: 'y' })
    report.failed(WEB, 'eth1', new OvsdError('CommandFailed', 'no', { left: ['x'] }))
    const about = { container: 'web', interface: 'eth1' }
    const gone = { ...about, bridge: 'br0', port: 'p_l' }
    const refused = { container: 'web', interface: '', code: 'BadInput', message: 'no' }
    assert.deepEqual(tally, {
      attached: [RESULT],
      repaired: [{ ...RESULT, status: 'repaired' }],
      detached: [gone, { ...gone, interface: 'eth2' }],
      refused: [refused, refused],
      failed: [{ ...about, code: 'CommandFailed', message: 'no' }],
      ...{ mended: [], unmended: [] },
      commands: [],
    })
  })

  it('puts commands behind a comment that names the container', () => {
    report.wouldRun(WEB, 'Attach eth1', ['ip link add', 'ovs-vsctl add-port'])
    report.wouldRun({ id: 'b', name: 'db' }, 'Remove nothing', [])
    assert.deepEqual(tally.commands, [
      `# web (${ID.slice(0, 12)}): Attach eth1`,
      'ip link add',
      'ovs-vsctl add-port',
      '# db (b): Remove nothing',
    ])
  })

  it('lets no name end the comment: what is printed is there to be pasted', () => {
    report.wouldRun({ id: 'b\nreboot', name: 'x\nreboot\r\u001B[2J' }, 'Attach\nreboot', ['ip link add'])
    assert.equal(tally.commands.length, 2)
    assert.match(tally.commands[0] ?? '', /^# \P{Cc}+$/u)
  })
})

describe('emptyTally', () => {
  it('is a new one each time', () => {
    emptyTally().commands.push('x')
    assert.deepEqual(Object.values(emptyTally()).flat(), [])
  })
})
