// FAULTS groups A and E on tunnels: a tool fails, the program is killed, Open vSwitch hangs.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { openHost, type Host } from '../../src/lib/host.ts'
import { testBridge } from '../support/bridge.ts'
import { eachKill } from '../support/each-kill.ts'
import { silent } from '../support/engine.ts'
import { FAULTS, faultyRunner } from '../support/faulty-runner.ts'
import { nameOf, tableRows } from '../support/ovs-rows.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { make, missing, refusal, REMOTES, seen, specOf, vsctl } from '../support/tunnelling.ts'
import { underlay, type Underlay } from '../support/underlay.ts'
import { wrappedTools } from '../support/wrapped-tools.ts'

describe('tunnels, when something goes wrong,', function () {
  this.timeout(120_000)
  let net: Underlay
  let host: Host
  before(async () => {
    net = await underlay(0)
    host = openHost()
  })
  after(async () => {
    host[Symbol.dispose]()
    await net[Symbol.asyncDispose]()
  })

  it('fail at each call of a tool, and leave nothing', async () => {
    for (const fault of FAULTS)
      for (let nth = 0; ; nth++) {
        using bridge = testBridge()
        const before = snapshot()
        const { runner, reached } = faultyRunner(nth, fault)
        const failing = make({ ...host, run: runner }, specOf(bridge.name))
        if (fault === 'killed') await failing.catch(() => undefined)
        else if (nth === 0) await assert.rejects(failing)
        else await failing
        if (!reached()) {
          assert.deepEqual(await missing(host, specOf(bridge.name)), [])
          assert.equal(nth, 1)
          break
        }
        // Stopped after it had done its work: the database says so.
        if ((await missing(host, specOf(bridge.name))).length > 0) assert.deepEqual(snapshot(), before)
      }
  })

  it('end in good time when ovs-vswitchd does not answer, and are undone', async () => {
    using bridge = testBridge()
    const before = snapshot()
    {
      using _daemon = silent('ovs-vswitchd')
      const started = performance.now()
      await assert.rejects(
        make(host, specOf(bridge.name)),
        refusal('SwitchSilent', /ovs-vswitchd does not take up changes/),
      )
      assert.ok(performance.now() - started < 20_000)
    }
    assert.deepEqual(snapshot(), before)
  })

  describe('with the program', () => {
    const args = ['net', 'create', 'blue', '--bridge=bk-new', `--vxlan=${REMOTES.join(',')}`, '--key=77']
    const isGone = (): boolean => ovsd(['net', 'rm', 'blue']).status === 0

    it('net create and net rm leave nothing behind, with the bridge', () => {
      const before = snapshot()
      assert.match(ok(...args), /blue created on bk-new: l2, untagged, bridge created/)
      assert.equal(seen().length, 2)
      const again = ovsd(args)
      assert.match(again.stderr, /There is a network blue already/)
      assert.match(ok(...args, '--may-exist'), /was there already/)
      assert.match(ok('net', 'rm', 'blue'), /with it bridge bk-new/)
      assert.deepEqual(snapshot(), before)
    })

    it('--dry-run prints the transaction, and changes nothing', () => {
      const before = snapshot()
      assert.match(ok(...args, '--dry-run'), /create Port name=vx[0-9a-f]{12} interfaces=@i0 tag=0 protected=true/)
      assert.deepEqual(snapshot(), before)
    })

    it('net create makes whole what is missing, and says so', () => {
      ok(...args)
      const [row = {}] = tableRows('Interface', 'name', 'type').filter(({ type }) => type === 'vxlan')
      vsctl('del-port', nameOf(row))
      assert.match(ok(...args), /blue completed/)
      assert.equal(seen().length, 2)
      assert.ok(isGone())
    })

    it('net create killed at each call of a tool: the same command completes it, net rm takes it away', async () => {
      const before = snapshot()
      for (const { path, isReached } of eachKill({ atLeast: 4 })) {
        const { status } = ovsd(args, { PATH: path })
        if (!isReached()) {
          assert.equal(status, 0)
          assert.ok(isGone())
          break
        }
        assert.equal(status, 137)
        ok(...args, '--may-exist')
        assert.equal(seen().length, 2)
        using whole = openHost()
        assert.deepEqual(await missing(whole, specOf('bk-new')), [])
        assert.ok(isGone())
        assert.deepEqual(snapshot(), before)
      }
    })

    it('net rm killed at each call of a tool: the same command finishes it', () => {
      const before = snapshot()
      for (const { path, isReached } of eachKill({ atLeast: 2 })) {
        ok(...args)
        const { status } = ovsd(['net', 'rm', 'blue'], { PATH: path })
        assert.equal(status, isReached() ? 137 : 0)
        if (ovsd(['net', 'inspect', 'blue']).status === 0) assert.ok(isGone())
        assert.deepEqual(snapshot(), before)
      }
      assert.deepEqual(snapshot(), before)
    })

    it('net create interrupted at each call: everything is as before', async () => {
      const before = snapshot()
      for (let nth = 1; ; nth++) {
        using tools = wrappedTools(nth, 'before', 'TERM')
        const { status, stderr } = ovsd(args, { PATH: tools.path })
        if (tools.calls() < nth) break
        assert.equal(status, 143, stderr)
        await pause(100)
        assert.deepEqual(snapshot(), before)
      }
      assert.ok(isGone())
    })
  })
})
