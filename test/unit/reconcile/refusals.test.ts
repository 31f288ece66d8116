import { strict as assert } from 'node:assert'
import { BadInput, CommandFailed, OvsdError, Refused } from '../../../src/lib/errors.ts'
import type { SetUp, TearDown } from '../../../src/lib/plan/step.ts'
import { asOvsdError, isOutage, isRefusal } from '../../../src/lib/reconcile/refusals.ts'
import { PlanFailed, TearDownIncomplete } from '../../../src/lib/run/run-plan.ts'

const plan: SetUp = { onFailure: 'unwind', title: 'Attach', stages: [] }
const full = new Refused('PoolExhausted', 'full')
const taken = new Refused('InterfaceExists', 'taken')

describe('what cannot be had', () => {
  it('is a refusal, also when a plan found out', () => {
    for (const error of [taken, new BadInput('--vlan', 'no', '7'), new Refused('LinkNameTaken', 'taken'), full])
      assert.equal(isRefusal(error), true, error.code)
    assert.equal(isRefusal(new PlanFailed(plan, taken, { begun: true, keeps: [] }, [])), true)
  })

  it('is a failure when something was left, or when another try may end otherwise', () => {
    assert.equal(isRefusal(new PlanFailed(plan, taken, { begun: true, keeps: [] }, ['port x'])), false)
    for (const code of ['ContainerNotRunning', 'NamespaceMissing', 'DatabaseUnreachable', 'LockHeld', 'SwitchSilent'])
      assert.equal(isRefusal(new Refused(code, 'later')), false, code)
    assert.equal(isRefusal(new CommandFailed('ip', '', false, 'Failed')), false)
  })
})

describe('isOutage', () => {
  it('holds for the engine and the database, also when a plan found out', () => {
    const lost = new OvsdError('DatabaseUnreachable', 'gone')
    assert.equal(isOutage(new OvsdError('DockerUnreachable', 'gone')), true)
    assert.equal(isOutage(new PlanFailed(plan, lost, { begun: false, keeps: [] }, [])), true)
    assert.equal(isOutage(taken), false)
    assert.equal(isOutage(new Error('DockerUnreachable')), false)
  })

  it('holds for a tear-down of which nothing else kept any part', () => {
    const removal: TearDown = { onFailure: 'continue', title: 'Remove', stages: [] }
    const lost = new OvsdError('DatabaseUnreachable', 'gone')
    const left = (...reasons: readonly unknown[]) => new TearDownIncomplete(removal, reasons.map(String), reasons)
    assert.equal(isOutage(left(lost, left(lost))), true)
    assert.equal(isOutage(left(lost, taken)), false)
    assert.equal(isOutage(left(taken, left(lost))), false)
  })
})

describe('asOvsdError', () => {
  it('leaves errors with a code alone, and gives one to all else', () => {
    assert.equal(asOvsdError(taken), taken)
    const cause = new TypeError('x is undefined')
    const error = asOvsdError(cause)
    assert.deepEqual([error.code, error.message, error.cause], ['Unexpected', 'x is undefined', cause])
    assert.equal(asOvsdError('text').message, 'text')
  })
})
