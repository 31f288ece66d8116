import { strict as assert } from 'node:assert'
import { allOrLast } from '../../../src/lib/plan/all-or-last.ts'
import { nobody } from '../../../src/lib/run/observer.ts'
import { runPlan } from '../../../src/lib/run/run-plan.ts'
import { notedStep } from '../../support/noted-steps.ts'

const signal = new AbortController().signal

describe('allOrLast', () => {
  const run = (log: string[], fails?: Error) =>
    runPlan(
      {
        ...{ onFailure: 'continue', title: 'Clear' },
        stages: allOrLast(
          [[notedStep(log, 'a'), notedStep(log, 'b', { fails })], [notedStep(log, 'c')]],
          [[notedStep(log, 'd')], [notedStep(log, 'e')]],
        ),
      },
      signal,
      nobody,
    )

  it('does all in order', async () => {
    const log: string[] = []
    await run(log)
    assert.deepEqual(log.filter((line) => line.endsWith('done')).join(), 'a done,b done,c done,d done,e done')
  })

  it('leaves the last stages out when something failed before, and says so', async () => {
    const log: string[] = []
    await assert.rejects(run(log, new Error('no')), {
      code: 'TearDownIncomplete',
      left: [
        'thing b (no)',
        ...['d', 'e'].map((id) => `thing ${id} (kept, because what it is about could not be removed)`),
      ],
    })
    assert.deepEqual(
      log.filter((line) => /^[de]/.test(line)),
      [],
    )
    assert.ok(log.includes('c done'))
  })
})
