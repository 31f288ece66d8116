import { strict as assert } from 'node:assert'
import { mock } from 'node:test'
import { OvsdError } from '../../../src/lib/errors.ts'
import { DatabaseUnreachable } from '../../../src/lib/ovsdb/client.ts'
import { Patience } from '../../../src/lib/ovsdb/patience.ts'

const unreachable = (why: string) => new DatabaseUnreachable('tcp:192.0.2.1:6641', why)

describe('Patience', () => {
  let now = 1000
  const said: string[] = []
  let patience: Patience
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] })
    mock.method(performance, 'now', () => now)
    said.length = 0
    patience = new Patience()
    patience.listen({ lost: ({ why }) => said.push(`lost: ${why}`), back: () => said.push('back') })
  })
  afterEach(() => {
    mock.timers.reset()
    mock.restoreAll()
  })
  let asked = 0
  const ask = (work: () => Promise<string>) => patience.ask(() => (asked++, work()), unreachable)
  const failing = () => Promise.reject(unreachable('refused'))

  it('asks as long as there are answers, and a refusal is one', async () => {
    assert.equal(await ask(() => Promise.resolve('yes')), 'yes')
    await assert.rejects(
      ask(() => Promise.reject(new OvsdError('DatabaseRefused', 'no'))),
      { code: 'DatabaseRefused' },
    )
    assert.deepEqual([patience.isAway, said], [false, []])
  })

  it('after a failure others hear it at once, one in half a second is let through, and both turns are told once', async () => {
    await assert.rejects(ask(failing), /refused/)
    asked = 0
    for (let i = 0; i < 3; i++)
      await assert.rejects(
        ask(() => Promise.resolve('yes')),
        /refused/,
      )
    assert.equal(asked, 0)
    now += 500
    await assert.rejects(ask(failing), /refused/)
    assert.equal(asked, 1)
    now += 500
    const [one, other] = [ask(() => Promise.resolve('yes')), ask(() => Promise.resolve('yes'))]
    await assert.rejects(other, /refused/)
    assert.equal(await one, 'yes')
    assert.deepEqual([asked, patience.isAway, said], [2, false, ['lost: refused', 'back']])
  })

  it('waits two seconds for an answer, and no longer', async () => {
    const never = ask(() => new Promise(() => undefined))
    mock.timers.tick(1999)
    assert.equal(patience.isAway, false)
    mock.timers.tick(1)
    await assert.rejects(never, /no answer within 2 s/)
    assert.equal(patience.isAway, true)
  })
})
