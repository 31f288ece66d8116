import { strict as assert } from 'node:assert'
import type { Host } from '../../../src/lib/host.ts'
import { DAY, MONTH, parseDuration } from '../../../src/lib/net/duration.ts'
import {
  isGuarded,
  isOverdue,
  pendingFor,
  pendingKey,
  pendingPair,
  readPending,
  secondsLeft,
  tellPending,
  type Pending,
} from '../../../src/lib/network/pending.ts'
import { keepWatch } from '../../../src/lib/run/watchdog.ts'
import { bootTime } from '../../../src/lib/system/boot-clock.ts'
import { processStart } from '../../../src/lib/system/process-life.ts'

const ID = 'ab'.repeat(32)

describe('durations', () => {
  it('are seconds, minutes, hours or days, of at most so many', () => {
    const seconds = (text: string, longest: string) => parseDuration(text, '--confirm-within', longest)
    const good = ['1s', '60s', '2m', '24h', '1d'].map((text) => seconds(text, DAY))
    assert.deepEqual(good, [1, 60, 120, 86_400, 86_400])
    assert.equal(seconds('30d', MONTH), 2_592_000)
    for (const bad of ['', '1', '0s', '-1s', '1.5m', '25h', '2d', '60 s', '86401s', '1m30s', '1w'])
      assert.throws(() => seconds(bad, DAY), { code: 'BadInput' }, bad)
    assert.throws(() => seconds('31d', MONTH), { code: 'BadInput', message: /"31d" is not a time from 1s to 30d/ })
  })
})

describe('a network that waits to be confirmed', () => {
  const now = { boot: 'one', seconds: 1000 }
  const pending = pendingFor(ID, 60, now)

  it('is overdue by a clock that nobody sets, and after a reboot at once', () => {
    assert.deepEqual(
      [1000, 1059.9, 1060, 2000].map((seconds) => isOverdue(pending, { boot: 'one', seconds })),
      [false, false, true, true],
    )
    assert.equal(isOverdue(pending, { boot: 'two', seconds: 3 }), true)
    assert.deepEqual(
      [1000, 1059.9, 1070].map((seconds) => secondsLeft(pending, { boot: 'one', seconds })),
      [60, 1, 0],
    )
    // The clock of this machine goes on.
    assert.ok(bootTime().seconds > 0 && bootTime().boot === bootTime().boot)
  })

  it('is read as it was written, for this very network; damaged, it is none', () => {
    const guarded = { ...pending, watchdog: { pid: 7, started: '8' } }
    const elsewhere = pendingFor(ID, 60, now, '/srv/ovsd')
    assert.equal(elsewhere.folder, '/srv/ovsd')
    for (const one of [pending, guarded, elsewhere, { ...elsewhere, watchdog: guarded.watchdog }])
      assert.deepEqual(readPending(pendingPair('blue', one), 'blue', ID), one)
    assert.equal(readPending(pendingPair('blue', pending), 'blue', 'cd'.repeat(32)), undefined)
    assert.equal(readPending(pendingPair('blue', pending), 'red', ID), undefined)
    assert.equal(readPending(pendingPair('blue', pending), 'blue', undefined), undefined)
    for (const bad of ['', '{', 'null', '7', '{}', JSON.stringify({ id: ID, until: { boot: 1, seconds: 2 } })])
      assert.equal(readPending({ [pendingKey('blue')]: bad }, 'blue', ID), undefined, bad)
  })

  it('has a watchdog as long as that very process lives', () => {
    const started = processStart(process.pid) ?? ''
    assert.match(started, /^\d+$/)
    const of = (watchdog: Pending['watchdog']) => isGuarded({ ...pending, watchdog })
    assert.deepEqual(
      [
        of({ pid: process.pid, started }),
        of({ pid: process.pid, started: '1' }),
        of({ pid: 4_194_304, started: '' }),
        of(undefined),
      ],
      [true, false, false, false],
    )
  })

  it('is told in words', () => {
    const tell = (seconds: number, watchdog: number | null) =>
      tellPending('blue', { until: '', secondsLeft: seconds, watchdog })
    assert.equal(tell(9, 7), 'taken back in 9 s, unless you type: ovsd net confirm blue')
    assert.match(tell(9, null) ?? '', /in 9 s by ovsd watch, if that runs: its watchdog is gone, unless/)
    assert.match(tell(0, 7) ?? '', /^not confirmed in time; it is taken back, unless/)
    assert.equal(tellPending('blue', null), undefined)
  })
})

describe('the watchdog', () => {
  /** Runs it on a database that says these things, one after the other; the last stays. */
  async function watching(said: readonly (Pending | Error | undefined)[], takeBack: () => Promise<void> | undefined) {
    let looks = 0
    let ready = 0
    await keepWatch({
      ...{ bridge: 'br0', name: 'blue', id: ID },
      open: () => {
        const one = said[Math.min(looks++, said.length - 1)]
        if (one instanceof Error) throw one
        const externalIds = one === undefined ? {} : pendingPair('blue', one)
        return {
          ovs: { bridge: () => Promise.resolve({ externalIds }) },
          [Symbol.dispose]: () => undefined,
        } as unknown as Host
      },
      ready: () => ready++,
      takeBack: () => Promise.resolve(takeBack()),
    })
    return { looks, ready }
  }

  it('ends when the network is confirmed or gone, without touching it', async () => {
    const untouched = () => assert.fail('taken back')
    assert.deepEqual(await watching([undefined], untouched), { looks: 1, ready: 0 })
    assert.deepEqual(await watching([pendingFor(ID, 60), undefined], untouched), { looks: 2, ready: 1 })
  })

  it('takes it back when the time is over, and not before; a database that is away meanwhile says later', async function () {
    this.timeout(10_000)
    const begun = performance.now()
    let taken = 0
    // Looked at each second: not over, away, and over.
    const said = [pendingFor(ID, 1.5), new Error('away'), pendingFor(ID, 1.5)]
    await watching(said, () => {
      taken = performance.now() - begun
      said.splice(0, said.length, undefined as never)
      return undefined
    })
    assert.ok(taken >= 1900 && taken < 4000, `after ${taken} ms`)
  })
})
