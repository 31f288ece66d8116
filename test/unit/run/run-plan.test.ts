import { strict as assert } from 'node:assert'
import { Interrupted, OvsdError, Refused, TimedOut } from '../../../src/lib/errors.ts'
import type { Plan } from '../../../src/lib/plan/step.ts'
import { nobody } from '../../../src/lib/run/observer.ts'
import { PlanFailed, runPlan, TearDownIncomplete } from '../../../src/lib/run/run-plan.ts'
import { notedStep, notingObserver, setUp, tearDown, type Behaviour } from '../../support/noted-steps.ts'

const NEVER = new AbortController().signal

/** Runs a plan that must fail, and gives the error. */
async function failureOf(plan: Plan, signal: AbortSignal = NEVER): Promise<OvsdError> {
  try {
    await runPlan(plan, signal, nobody)
  } catch (error) {
    assert.ok(error instanceof OvsdError, String(error))
    return error
  }
  assert.fail('the plan did not fail')
}

/** Three stages: a, then b beside c, then d. */
function fourSteps(log: string[], behaviour: Readonly<Record<string, Behaviour>> = {}) {
  const step = (id: string) => notedStep(log, id, behaviour[id])
  return [[step('a')], [step('b'), step('c')], [step('d')]] as const
}

const UNDOS = ['undo d', 'undo c', 'undo b', 'undo a']

describe('a set-up', () => {
  it('runs stage after stage, the steps of one side by side', async () => {
    const log: string[] = []
    await runPlan(setUp(...fourSteps(log)), NEVER, nobody)
    assert.deepEqual(log, ['a', 'a done', 'b', 'c', 'b done', 'c done', 'd', 'd done'])
  })

  it('has what a step is at told to who watches', async () => {
    const said: string[] = []
    let tell: (line: string) => void = () => undefined
    const talkative = {
      ...notedStep([], 'a', { during: () => tell('half of it') }),
      tells: (listener: (line: string) => void) => {
        tell = listener
      },
    }
    await runPlan(setUp([talkative]), NEVER, { ...nobody, says: ({ id }, line) => said.push(`${id}: ${line}`) })
    assert.deepEqual(said, ['a: half of it'])
    await runPlan(setUp([talkative]), NEVER, nobody)
  })

  const undone: Readonly<Record<string, readonly string[]>> = {
    a: UNDOS.slice(3),
    b: UNDOS.slice(1),
    c: UNDOS.slice(1),
    d: UNDOS,
  }
  for (const [id, undos] of Object.entries(undone))
    it(`that fails in ${id} undoes what was begun, newest first`, async () => {
      const log: string[] = []
      const cause = new Refused('PortFailed', 'no device', { next: 'plug it in' })
      const error = await failureOf(setUp(...fourSteps(log, { [id]: { fails: cause } })))
      assert.ok(error instanceof PlanFailed)
      assert.deepEqual([error.code, error.status, error.next, error.left], ['PortFailed', 1, 'plug it in', []])
      assert.equal(error.message, 'Build: no device\nEverything done so far was undone; the host is as before.')
      assert.equal(error.cause, cause)
      assert.deepEqual(
        log.filter((line) => line.startsWith('undo')),
        undos,
      )
    })

  it('waits for the whole stage before it undoes anything', async () => {
    const log: string[] = []
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const running = failureOf(
      setUp(...fourSteps(log, { b: { fails: new Error('broken') }, c: { during: () => promise } })),
    )
    setImmediate(() => {
      log.push('c is let go')
      resolve(undefined)
    })
    await running
    assert.deepEqual(log, ['a', 'a done', 'b', 'c', 'c is let go', 'c done', 'undo c', 'undo b', 'undo a'])
  })

  it('gives the first failure of a stage as the reason', async () => {
    const both = { b: { fails: new Error('first') }, c: { fails: new Error('second') } }
    const error = await failureOf(setUp(...fourSteps([], both)))
    assert.match(error.message, /^Build: first\n/)
    assert.deepEqual([error.code, error.status], ['Unexpected', 1])
    assert.match(error.next ?? '', /--verbose/)
  })

  for (const stuck of ['a', 'b', 'c', 'd'])
    it(`that cannot undo ${stuck} ends with status 3, names what is left and undoes the rest`, async () => {
      const log: string[] = []
      const steps = fourSteps(log, {
        d: {
          fails: new Refused('PortFailed', 'no device'),
          ...(stuck === 'd' ? { undoFails: new Error('busy') } : {}),
        },
        ...(stuck === 'd' ? {} : { [stuck]: { undoFails: new Error('busy') } }),
      })
      const error = await failureOf(setUp(...steps))
      assert.deepEqual([error.code, error.status, error.left], ['PortFailed', 3, [`thing ${stuck} (busy)`]])
      assert.match(error.message, /Not everything could be undone\.$/)
      assert.match(error.next ?? '', /ovsd gc/)
      assert.deepEqual(
        log.filter((line) => line.startsWith('undo')),
        UNDOS,
      )
    })

  it('that is stopped before it begins changes nothing', async () => {
    const log: string[] = []
    const error = await failureOf(setUp(...fourSteps(log)), AbortSignal.abort(new Interrupted('SIGINT')))
    assert.deepEqual([error.code, error.status, log], ['Interrupted', 130, []])
    assert.match(error.message, /Nothing was changed\.$/)
  })

  const reasons: readonly (readonly [string, OvsdError, number])[] = [
    ['SIGINT', new Interrupted('SIGINT'), 130],
    ['SIGTERM', new Interrupted('SIGTERM'), 143],
    ['its time limit', new TimedOut(5), 1],
  ]
  for (const [name, reason, status] of reasons)
    for (const id of ['a', 'b', 'd'])
      it(`stopped by ${name} in ${id} is undone, and says why and not what the stopped tool said`, async () => {
        const log: string[] = []
        const stop = new AbortController()
        const during = (signal: AbortSignal) => {
          stop.abort(reason)
          assert.equal(signal.aborted, true)
          throw new Error('Ended by SIGTERM: ip link')
        }
        const error = await failureOf(setUp(...fourSteps(log, { [id]: { during } })), stop.signal)
        assert.deepEqual([error.code, error.status], [reason.code, status])
        assert.equal(error.message.includes('ip link'), false)
        assert.deepEqual(
          log.filter((line) => line.startsWith('undo')),
          undone[id],
        )
      })

  it('stopped while its last step ran, which ended well all the same, is undone', async () => {
    const log: string[] = []
    const stop = new AbortController()
    const during = () => {
      stop.abort(new Interrupted('SIGTERM'))
    }
    const error = await failureOf(setUp(...fourSteps(log, { d: { during } })), stop.signal)
    assert.equal(error.status, 143)
    assert.deepEqual(log.slice(-5), ['d done', ...UNDOS])
  })

  it('stopped, and something left, ends with status 3', async () => {
    const stop = new AbortController()
    const during = () => {
      stop.abort(new Interrupted('SIGINT'))
    }
    const error = await failureOf(setUp(...fourSteps([], { a: { during, undoFails: new Error('busy') } })), stop.signal)
    assert.deepEqual([error.code, error.status, error.left], ['Interrupted', 3, ['thing a (busy)']])
  })

  it('without steps is done', async () => {
    await runPlan(setUp(), NEVER, nobody)
  })
})

describe('a tear-down', () => {
  it('does everything, and nothing is undone', async () => {
    const log: string[] = []
    await runPlan(tearDown(...fourSteps(log)), NEVER, nobody)
    assert.deepEqual(log, ['a', 'a done', 'b', 'c', 'b done', 'c done', 'd', 'd done'])
  })

  it('goes on past failures and collects them', async () => {
    const log: string[] = []
    const fails = new Error('busy')
    const error = await failureOf(tearDown(...fourSteps(log, { a: { fails }, c: { fails } })))
    assert.ok(error instanceof TearDownIncomplete)
    assert.deepEqual([error.code, error.status], ['TearDownIncomplete', 3])
    assert.deepEqual(error.left, ['thing a (busy)', 'thing c (busy)'])
    assert.equal(error.message, 'Clear: not everything could be removed.')
    assert.deepEqual(log, ['a', 'b', 'c', 'b done', 'd', 'd done'])
  })

  it('stopped by a signal begins nothing more and tells all that is left', async () => {
    const log: string[] = []
    const stop = new AbortController()
    const during = () => {
      stop.abort(new Interrupted('SIGINT'))
    }
    const error = await failureOf(tearDown(...fourSteps(log, { a: { during } })), stop.signal)
    const why = '(Interrupted by SIGINT.)'
    assert.deepEqual(log, ['a', 'a done'])
    assert.deepEqual([error.status, error.left], [3, [`thing b ${why}`, `thing c ${why}`, `thing d ${why}`]])
  })

  it('stopped in its last step, which ended well all the same, is done', async () => {
    const stop = new AbortController()
    const during = () => {
      stop.abort(new Interrupted('SIGINT'))
    }
    await runPlan(tearDown(...fourSteps([], { d: { during } })), stop.signal, nobody)
  })

  it('that runs out of time ends with status 3', async () => {
    const stop = new AbortController()
    const during = () => {
      stop.abort(new TimedOut(5))
      throw new Error('Ended by SIGTERM: ovs-vsctl')
    }
    const error = await failureOf(tearDown(...fourSteps([], { a: { during } })), stop.signal)
    assert.equal(error.status, 3)
    assert.equal(error.left.length, 4)
    assert.match(error.left[0] ?? '', /^thing a \(Not finished within 5 s/)
  })
})

describe('the observer of a plan', () => {
  it('is told of everything in order, and of the end in every case', async () => {
    const good: string[] = []
    await runPlan(setUp([notedStep([], 'a')]), NEVER, notingObserver(good))
    assert.deepEqual(good, ['begins Build', 'started a', 'ended a', 'finished'])
    const bad: string[] = []
    const plan = setUp([notedStep([], 'a')], [notedStep([], 'b', { fails: new Error('no') })])
    await assert.rejects(runPlan(plan, NEVER, notingObserver(bad)))
    assert.deepEqual(bad, [
      'begins Build',
      'started a',
      'ended a',
      'started b',
      'ended b!',
      'undoing b',
      'undone b',
      'undoing a',
      'undone a',
      'finished',
    ])
  })
})
