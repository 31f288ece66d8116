// A command whose plan another host has overtaken: what hosts share has no lock.
import { strict as assert } from 'node:assert'
import { Interrupted, OvsdError } from '../../../src/lib/errors.ts'
import { Conflict } from '../../../src/lib/ovn/change.ts'
import { nobody } from '../../../src/lib/run/observer.ts'
import { perform } from '../../../src/lib/run/session.ts'
import { notedStep, setUp, type Behaviour } from '../../support/noted-steps.ts'
import { hostWith } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const log: string[] = []
const signals = new AbortController()

/** Performs a plan that is made anew each time; `behaves` gives what its second step does in each try, from 1. */
async function performing(behaves: (tries: number) => Behaviour, signal = signals.signal) {
  let tries = 0
  const session = { host: hostWith(scriptedRunner().run), signal, observer: nobody, dryRun: false }
  await perform(session, () => {
    tries++
    const plan = setUp([notedStep(log, 'a')], [notedStep(log, 'b', behaves(tries))])
    return Promise.resolve({ plan, result: {}, [Symbol.dispose]: () => log.push('disposed') })
  })
}

describe('perform, when somebody else was faster', () => {
  beforeEach(() => {
    log.length = 0
  })

  it('begins again, after everything was undone', async () => {
    await performing((tries) => (tries === 1 ? { fails: new Conflict('10.0.0.2') } : {}))
    assert.deepEqual(log, [
      ...['a', 'a done', 'b', 'undo b', 'undo a', 'disposed'],
      ...['a', 'a done', 'b', 'b done', 'disposed'],
    ])
  })

  it('gives up after ten tries', async () => {
    let last = 0
    const failing = performing((tries) => ((last = tries), { fails: new Conflict('10.0.0.2') }))
    await assert.rejects(failing, { code: 'ChangedMeanwhile', status: 1 })
    assert.equal(last, 10)
  })

  it('does not when something is left, nor after any other failure', async () => {
    const left = performing(() => ({ fails: new Conflict('10.0.0.2'), undoFails: new Error('no') }))
    await assert.rejects(left, { code: 'ChangedMeanwhile', status: 3 })
    await assert.rejects(
      performing(() => ({ fails: new OvsdError('AddressInUse', 'taken') })),
      { code: 'AddressInUse' },
    )
    assert.equal(log.filter((line) => line === 'b').length, 2)
  })

  it('ends when it is told to', async () => {
    const ending = new AbortController()
    const failing = performing((tries) => {
      if (tries === 2) ending.abort(new Interrupted('SIGTERM'))
      return { fails: new Conflict('10.0.0.2') }
    }, ending.signal)
    await assert.rejects(failing, { code: 'Interrupted' })
  })
})
