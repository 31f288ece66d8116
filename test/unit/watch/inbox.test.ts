import { strict as assert } from 'node:assert'
import { Pace } from '../../../src/lib/reconcile/pace.ts'
import { Inbox } from '../../../src/lib/watch/inbox.ts'
import { Bench, LIGHT, occasion } from '../../support/work-bench.ts'

describe('Inbox', () => {
  it('lets nobody go on before everything was looked at, and then everybody', () => {
    const bench = new Bench()
    const inbox = new Inbox(bench.queue, new Pace())
    inbox.engineTold('a', occasion(true, 50))
    inbox.databaseTold('a', occasion(false, 40))
    inbox.databaseTold('b', occasion(false, 60))
    assert.deepEqual([bench.begun, inbox.isOpen], [[], false])
    inbox.looked([['c', LIGHT]])
    assert.deepEqual([bench.begun, inbox.isOpen], [['c', 'a', 'b'], true])
    assert.deepEqual(bench.occasions.slice(1), [occasion(true, 40), occasion(false, 60)])
  })

  it('holds up what the database tells of a container that is changed again and again, not what the engine tells', () => {
    const bench = new Bench()
    const pace = new Pace()
    const inbox = new Inbox(bench.queue, pace)
    inbox.looked([])
    for (let i = 0; i < 31; i++) pace.changed('a')
    inbox.databaseTold('a', LIGHT)
    assert.deepEqual(bench.begun, [])
    inbox.engineTold('a', LIGHT)
    assert.deepEqual(bench.begun, ['a'])
  })
})
