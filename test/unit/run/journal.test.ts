import { strict as assert } from 'node:assert'
import { Journal } from '../../../src/lib/run/journal.ts'
import { nobody } from '../../../src/lib/run/observer.ts'
import { notedStep, notingObserver } from '../../support/noted-steps.ts'

describe('Journal', () => {
  it('undoes newest first, and is empty afterwards', async () => {
    const log: string[] = []
    const journal = new Journal()
    assert.equal(journal.isEmpty, true)
    journal.record([notedStep(log, 'a')])
    journal.record([notedStep(log, 'b'), notedStep(log, 'c')])
    assert.equal(journal.isEmpty, false)
    assert.deepEqual(await journal.unwind(nobody), [])
    assert.deepEqual(log, ['undo c', 'undo b', 'undo a'])
    assert.equal(journal.isEmpty, true)
    assert.deepEqual(await journal.unwind(nobody), [])
    assert.equal(log.length, 3)
  })

  it('goes on past what cannot be undone, and tells what is left and why', async () => {
    const log: string[] = []
    const journal = new Journal()
    journal.record([
      notedStep(log, 'a', { undoFails: new Error('busy') }),
      notedStep(log, 'b'),
      notedStep(log, 'c', { undoFails: 'no reason' }),
    ])
    assert.deepEqual(await journal.unwind(nobody), ['thing c (no reason)', 'thing a (busy)'])
    assert.deepEqual(log, ['undo c', 'undo b', 'undo a'])
  })

  it('tells of each thing that is left in one line', async () => {
    const journal = new Journal()
    journal.record([notedStep([], 'a', { undoFails: new Error('Failed with status 2: ip link\n  no such device') })])
    assert.deepEqual(await journal.unwind(nobody), ['thing a (Failed with status 2: ip link)'])
  })

  it('does not undo by itself what goes with another step', async () => {
    const log: string[] = []
    const seen: string[] = []
    const journal = new Journal()
    journal.record([notedStep(log, 'a')])
    journal.record([{ ...notedStep(log, 'b', { undoFails: new Error('busy') }), goesWith: 'a' }])
    assert.deepEqual(await journal.unwind(notingObserver(seen)), [])
    assert.deepEqual([log, seen], [['undo a'], ['undoing a', 'undone a']])
  })

  it('tells the observer of every attempt', async () => {
    const seen: string[] = []
    const journal = new Journal()
    journal.record([notedStep([], 'a', { undoFails: new Error('busy') }), notedStep([], 'b')])
    await journal.unwind(notingObserver(seen))
    assert.deepEqual(seen, ['undoing b', 'undone b', 'undoing a', 'undone a!'])
  })
})
