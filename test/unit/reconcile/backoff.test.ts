import { strict as assert } from 'node:assert'
import { CONNECTION_BACKOFF, CONTAINER_BACKOFF, pauseMs } from '../../../src/lib/reconcile/backoff.ts'

const tries = [1, 2, 3, 8, 9, 100, 10_000]

describe('pauseMs', () => {
  it('doubles up to the limit', () => {
    assert.deepEqual(
      tries.map((n) => pauseMs(CONTAINER_BACKOFF, n, () => 1)),
      [250, 500, 1000, 32_000, 60_000, 60_000, 60_000],
    )
    assert.equal(
      pauseMs(CONNECTION_BACKOFF, 50, () => 1),
      10_000,
    )
  })

  it('is somewhere in the upper half', () => {
    for (const n of tries)
      assert.equal(
        pauseMs(CONTAINER_BACKOFF, n, () => 0),
        pauseMs(CONTAINER_BACKOFF, n, () => 1) / 2,
      )
    const pauses = Array.from({ length: 200 }, () => pauseMs(CONTAINER_BACKOFF, 3))
    assert.ok(pauses.every((ms) => ms >= 500 && ms <= 1000))
    assert.ok(new Set(pauses).size > 150, 'those that failed together come back together')
  })
})
