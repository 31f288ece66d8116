// FAULTS group A for networks: killed, interrupted, or with a tool killed, at every call of a tool.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { eachCall, eachKill, type HitRun } from '../support/each-kill.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { askedToEnd } from '../support/wrapped-tools.ts'

const networks = (): readonly string[] =>
  (json('net', 'ls') as { networks: { network: string }[] }).networks.map(({ network }) => network)

const create = (bridge: string): readonly string[] => [
  ...['net', 'create', 'blue', `--bridge=${bridge}`, '--mode=l2', '--subnet=10.77.0.0/24', '--tenant=acme'],
]

interface Run {
  readonly nth: number
  readonly status: number
  readonly stderr: string
}

/** Runs `args`; `check` gets each run but the last one. Gives how many these are. */
function atEveryCall(
  runs: Iterable<HitRun>,
  args: readonly string[],
  prepare: () => void,
  check: (run: Run) => void,
): number {
  let hits = 0
  for (const { path, nth, isReached } of runs) {
    prepare()
    const run = ovsd([...args], { PATH: path })
    if (!isReached()) {
      assert.equal(run.status, 0, run.stderr)
      return hits
    }
    check({ ...run, nth })
    hits++
  }
  throw new Error('no run was the last one')
}

describe('crash windows of networks', function () {
  this.timeout(180_000)
  const clean = (): void => {
    if (networks().includes('blue')) ok('net', 'rm', 'blue')
  }

  for (const where of ['on a bridge that is there', 'on a bridge of its own'])
    describe(where, () => {
      const own = where.endsWith('own')

      it('net create killed at each call: repeated, it is there; removed, nothing is', () => {
        using there = testBridge()
        const bridge = own ? 'bn7' : there.name
        const before = snapshot()
        const hits = atEveryCall(eachKill({ atLeast: 1 }), create(bridge), clean, ({ status }) => {
          assert.equal(status, 137)
          assert.ok([0, 1].includes(ovsd([...create(bridge)]).status))
          assert.match(ok(...create(bridge), '--may-exist'), /was there already/)
          assert.deepEqual(networks(), ['blue'])
          ok('net', 'rm', 'blue')
          assert.deepEqual(snapshot(), before)
        })
        assert.ok(hits >= 1)
        clean()
        assert.deepEqual(snapshot(), before)
      })

      for (const moment of ['before', 'after'] as const)
        it(`net create interrupted ${moment} each call: as before, with the status of the signal`, () => {
          using there = testBridge()
          const bridge = own ? 'bn7' : there.name
          const before = snapshot()
          const runs = eachCall((nth) => [moment, askedToEnd(nth, moment)[0]])
          const hits = atEveryCall(runs, create(bridge), clean, ({ nth, status, stderr }) => {
            assert.equal(status, askedToEnd(nth, moment)[1], stderr)
            assert.deepEqual(snapshot(), before)
          })
          assert.ok(hits >= 1)
          clean()
        })

      it('net rm killed at each call: repeated, nothing is left', () => {
        using there = testBridge()
        const bridge = own ? 'bn7' : there.name
        const before = snapshot()
        const prepare = (): void => {
          clean()
          ok(...create(bridge))
        }
        const hits = atEveryCall(eachKill({ atLeast: 1 }), ['net', 'rm', 'blue'], prepare, ({ status }) => {
          assert.equal(status, 137)
          clean()
          assert.deepEqual(snapshot(), before)
        })
        assert.ok(hits >= 1)
        assert.deepEqual(snapshot(), before)
      })

      it('net create with a tool killed at each call: undone and said, or done', () => {
        using there = testBridge()
        const bridge = own ? 'bn7' : there.name
        const before = snapshot()
        atEveryCall(
          eachCall(() => ['self', 'KILL']),
          create(bridge),
          clean,
          ({ status, stderr }) => {
            if (status === 0) return
            assert.equal(status, 1, stderr)
            assert.match(stderr, /Ended by SIGKILL: (ip|ovs-vsctl) /)
            assert.deepEqual(snapshot(), before)
          },
        )
        clean()
      })
    })
})
