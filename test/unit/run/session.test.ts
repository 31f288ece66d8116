import { strict as assert } from 'node:assert'
import { mock } from 'node:test'
import { Interrupted, TimedOut, ToolMissing } from '../../../src/lib/errors.ts'
import type { Prepared } from '../../../src/lib/plan/prepared.ts'
import type { Plan } from '../../../src/lib/plan/step.ts'
import { nobody } from '../../../src/lib/run/observer.ts'
import { isDryRun, perform, withTimeout, type Session } from '../../../src/lib/run/session.ts'
import { notedStep, setUp } from '../../support/noted-steps.ts'
import { hostWith } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const session = (more: Partial<Session> = {}): Session => ({
  host: hostWith(scriptedRunner().run),
  signal: new AbortController().signal,
  observer: nobody,
  dryRun: false,
  ...more,
})

/** A prepared plan that notes when it is disposed of. */
const prepared = (log: string[], plan: Plan | undefined): Prepared<{ answer: number }> => ({
  plan,
  result: { answer: 42 },
  [Symbol.dispose]: () => log.push('disposed'),
})

describe('perform', () => {
  it('runs the plan, gives the result, and disposes of what was opened', async () => {
    const log: string[] = []
    const outcome = await perform(session(), () => Promise.resolve(prepared(log, setUp([notedStep(log, 'a')]))))
    assert.deepEqual(outcome, { answer: 42 })
    assert.deepEqual(log, ['a', 'a done', 'disposed'])
  })

  it('disposes after a failure, too', async () => {
    const log: string[] = []
    const plan = setUp([notedStep(log, 'a', { fails: new Error('no') })])
    await assert.rejects(perform(session(), () => Promise.resolve(prepared(log, plan))))
    assert.deepEqual(log, ['a', 'undo a', 'disposed'])
  })

  it('gives the result when there is nothing to do', async () => {
    assert.deepEqual(await perform(session(), () => Promise.resolve(prepared([], undefined))), { answer: 42 })
  })

  it('in a dry run tells the commands of all steps in order, and does nothing', async () => {
    const log: string[] = []
    const plan = setUp([notedStep(log, 'a')], [notedStep(log, 'b'), notedStep(log, 'c')])
    const outcome = await perform(session({ dryRun: true }), () => Promise.resolve(prepared(log, plan)))
    assert.ok(isDryRun(outcome))
    assert.deepEqual(outcome, { dryRun: true, commands: ['a', 'b', 'c'].map((id) => `ip link show ${id}`) })
    assert.deepEqual(log, ['disposed'])
  })

  it('in a dry run of nothing tells no command', async () => {
    const outcome = await perform(session({ dryRun: true }), () => Promise.resolve(prepared([], undefined)))
    assert.deepEqual(outcome, { dryRun: true, commands: [] })
  })

  it('gives the lock back after a failure to plan, so that the next run can have it', async () => {
    const failing = () => Promise.reject(new Error('cannot plan'))
    await assert.rejects(perform(session(), failing), /cannot plan/)
    await assert.rejects(perform(session(), failing), /cannot plan/)
  })

  it('does not look at the host while another run has the lock, but a dry run does not wait', async () => {
    const log: string[] = []
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const first = perform(session(), () => {
      log.push('first looks')
      return Promise.resolve(prepared([], setUp([notedStep(log, 'a', { during: () => promise })])))
    })
    while (!log.includes('a')) await new Promise(setImmediate)
    const second = perform(session(), () => {
      log.push('second looks')
      return Promise.resolve(prepared([], undefined))
    })
    await perform(session({ dryRun: true }), () => {
      log.push('dry run looks')
      return Promise.resolve(prepared([], undefined))
    })
    resolve(undefined)
    await Promise.all([first, second])
    assert.deepEqual(log, ['first looks', 'a', 'dry run looks', 'a done', 'second looks'])
  })

  it('misses a tool before it changes anything', async () => {
    const log: string[] = []
    const step = notedStep(log, 'a')
    // No folder of the search path has a tool of this name.
    const missing = { ...step, commands: () => [{ tool: 'no-such-tool', args: [] }] } as unknown as typeof step
    await assert.rejects(
      perform(session(), () => Promise.resolve(prepared(log, setUp([notedStep(log, 'b')], [missing])))),
      (error) => error instanceof ToolMissing && error.status === 1,
    )
    assert.deepEqual(log, ['disposed'])
  })
})

describe('withTimeout', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] })
  })
  afterEach(() => {
    mock.timers.reset()
  })

  it('ends after so many seconds, with a reason', () => {
    const signal = withTimeout(new AbortController().signal, 5)
    mock.timers.tick(4_999)
    assert.equal(signal.aborted, false)
    mock.timers.tick(1)
    assert.ok(signal.reason instanceof TimedOut)
    assert.match(signal.reason.message, /within 5 s/)
  })

  it('ends with the outer one, whose reason it keeps', () => {
    const outer = new AbortController()
    const signal = withTimeout(outer.signal, 5)
    const reason = new Interrupted('SIGTERM')
    outer.abort(reason)
    mock.timers.tick(10_000)
    assert.equal(signal.reason, reason)
  })
})
