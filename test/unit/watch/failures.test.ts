import { strict as assert } from 'node:assert'
import { OvsdError } from '../../../src/lib/errors.ts'
import { Failures } from '../../../src/lib/watch/failures.ts'

const failed = (code: string, message = code): OvsdError => new OvsdError(code, message)

describe('Failures', () => {
  it('are news once for each interface and code, and again after something went well', () => {
    const failures = new Failures()
    const news = (iface: string, code: string) => failures.isNews('a', iface, failed(code))
    assert.deepEqual(
      [news('eth1', 'X'), news('eth1', 'X'), news('eth2', 'X'), news('eth1', 'Y'), news('eth1', 'X')],
      [true, false, true, true, true],
    )
    failures.forget('a')
    assert.equal(news('eth1', 'X'), true)
  })

  it('are none when the container has just ended; a process that stays out of sight is one', () => {
    const failures = new Failures()
    const missing = (pid: string) => failures.isNews('a', 'eth1', failed('NamespaceMissing', pid))
    assert.equal(failures.isNews('a', 'eth1', failed('ContainerNotRunning')), false)
    assert.deepEqual([missing('1'), missing('2'), missing('2'), missing('2')], [false, false, true, false])
  })

  it('are remembered of a thousand containers, the last ones', () => {
    const failures = new Failures()
    for (let i = 0; i < 1000; i++) failures.isNews(String(i), 'eth1', failed('X'))
    assert.equal(failures.isNews('0', 'eth1', failed('X')), false)
    failures.isNews('1000', 'eth1', failed('X'))
    assert.deepEqual(
      ['0', '2', '1'].map((id) => failures.isNews(id, 'eth1', failed('X'))),
      [false, false, true],
    )
  })
})
