import { strict as assert } from 'node:assert'
import { createLog } from '../../../src/lib/watch/log.ts'
import { Outage } from '../../../src/lib/watch/outage.ts'

describe('Outage', () => {
  let lines: string[]
  let outage: Outage

  beforeEach(() => {
    lines = []
    const write = (line: string): void => {
      const { level, event, msg } = JSON.parse(line) as Record<'level' | 'event' | 'msg', string>
      lines.push(`${level} ${event}: ${msg}`)
    }
    outage = new Outage(createLog({ format: 'json', level: 'debug', write }), 'engine', 'the engine')
  })

  describe('before the first answer', () => {
    it('is not there yet, and says nothing of it', () => {
      assert.equal(outage.reason, 'the engine has not answered yet')
      assert.deepEqual(said(), [])
    })

    it('is not lost when the first connection ends, and lost when the next one does', () => {
      outage.reached()
      outage.stumbled(new Error('EOF'))
      assert.deepEqual(said(), ['debug engine.ended: the engine ended the connection: EOF'])
      assert.equal(outage.reason, 'the engine has not answered yet')
      outage.stumbled(new Error('no socket'))
      assert.deepEqual([said(), outage.reason], [[LOST], 'no socket'])
    })

    it('is lost with the first try that fails', () => {
      outage.stumbled(new Error('no socket'))
      assert.deepEqual([said(), outage.reason], [[LOST], 'no socket'])
      outage.stumbled(new Error('no socket'))
      assert.deepEqual(said(), [])
      outage.over()
      assert.deepEqual([said(), outage.reason], [['info engine.back: the engine answers now'], undefined])
      outage.stumbled(new Error('EOF'))
      assert.equal(outage.reason, undefined, 'from now on one end is no news')
    })
  })

  const said = (): readonly string[] => lines.splice(0)
  const LOST = 'warn engine.lost: no socket It is tried again until it does; nothing is changed meanwhile.'
  const BACK = 'info engine.back: the engine answers again'

  it('is told once, however often it fails, and once when it is over', () => {
    outage.over()
    for (let i = 0; i < 3; i++) outage.failed(new Error('no socket'))
    assert.deepEqual(said(), [LOST])
    for (let i = 0; i < 3; i++) outage.over()
    assert.deepEqual(said(), [BACK])
    outage.failed(new Error('no socket'))
    assert.deepEqual(said(), [LOST], 'the next one is news')
  })

  it('keeps its first reason until it is over', () => {
    outage.over()
    assert.equal(outage.reason, undefined)
    outage.failed(new Error('no socket'))
    outage.failed(new Error('timeout'))
    assert.equal(outage.reason, 'no socket')
    outage.over()
    assert.equal(outage.reason, undefined)
    outage.failed('timeout')
    assert.equal(outage.reason, 'timeout')
  })

  it('says nothing when all is well', () => {
    outage.over()
    assert.deepEqual(said(), [])
  })

  it('makes no news of one end of a connection, but of the second in a row', () => {
    outage.over()
    outage.stumbled(new Error('EOF'))
    assert.deepEqual([said(), outage.reason], [['debug engine.ended: the engine ended the connection: EOF'], undefined])
    outage.stumbled(new Error('no socket'))
    outage.stumbled(new Error('no socket'))
    assert.deepEqual([said(), outage.reason], [[LOST], 'no socket'])
    outage.over()
    assert.deepEqual(said(), [BACK])
    outage.stumbled(new Error('EOF'))
    assert.equal(outage.reason, undefined, 'it counts from the beginning again')
  })

  it('forgets a stumble when it works again, and tells of none', () => {
    outage.over()
    for (let i = 0; i < 10; i++) {
      outage.stumbled(new Error('EOF'))
      outage.over()
    }
    assert.deepEqual([new Set(said()).size, outage.reason], [1, undefined])
  })

  it('has a reason of one line, and one even when an error has no words', () => {
    outage.over()
    outage.failed(new Error('first\nsecond'))
    assert.equal(outage.reason, 'first')
    outage.over()
    outage.failed(new Error(''))
    assert.equal(outage.reason, '')
    outage.over()
    assert.equal(said().at(-1), BACK)
  })
})
