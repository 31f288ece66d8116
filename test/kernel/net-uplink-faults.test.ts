// Flat networks that are made and removed while something fails: a tool, or ovsd itself.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { eachFault } from '../support/faulty-runner.ts'
import { lan, type Lan } from '../support/lan.ts'
import { pings } from '../support/outside.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { createFlat, hostNow, removeFlat, settle } from '../support/uplink.ts'
import { killedWhen, wrappedTools } from '../support/wrapped-tools.ts'

const force = { force: true }

describe('flat networks and faults', function () {
  this.timeout(300_000)

  it('making one, each command fails in turn, before, after or killed: all is as before, and the host is reached', async () => {
    using bridge = testBridge()
    using net = lan()
    settle(net)
    const before = hostNow()
    let hits = 0
    for (const { runner, reached, what, nth } of eachFault()) {
      const made = await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic }, force, runner).then(
        () => true,
        () => false,
      )
      if (made) await removeFlat('blue')
      assert.deepEqual(hostNow(), before, what)
      assert.ok(pings(net.path, '203.0.113.1'), what)
      if (reached()) hits = nth + 1
    }
    assert.ok(hits >= 8, `only ${hits} commands`)
  })

  it('removing one, each command fails in turn, before, after or killed: the same again finishes it, and the host stays reachable', async () => {
    using bridge = testBridge()
    using net = lan()
    settle(net)
    const before = hostNow()
    let hits = 0
    for (const { runner, reached, what, nth } of eachFault()) {
      await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic }, force)
      const left = await removeFlat('blue', runner).then(
        () => '',
        // Nothing is left of it, but all of the network, when already looking at it fails.
        (error: unknown) => (error as { left: readonly string[] }).left.join() || 'all of it',
      )
      assert.ok(pings(net.path, '203.0.113.1'), `${what}: ${left}`)
      // What is not gone is known, and removed by the same again.
      if (left !== '') await removeFlat('blue').catch(() => undefined)
      assert.deepEqual(hostNow(), before, `${what}: ${left}`)
      if (reached()) hits = nth + 1
    }
    assert.ok(hits >= 4, `only ${hits} commands`)
  })

  const line = (net: Lan): string[] => ['net', 'create', 'blue', '--bridge=bflat', `--uplink=${net.nic}`, '--vlan=100']

  it('killed at each call of a tool: the host is reached all the time, the same command completes it, and rm leaves nothing', () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    let hits = 0
    for (let nth = 1; ; nth++) {
      using tools = wrappedTools(nth, killedWhen(nth), 'KILL')
      const { status } = ovsd([...line(net), '--force'], { PATH: tools.path })
      const isReached = tools.calls() >= nth
      assert.ok(pings(net.path, '203.0.113.1'), `killed at call ${nth}`)
      if (isReached) {
        assert.equal(status, 137)
        ok(...line(net), '--force', '--may-exist')
        assert.deepEqual((json('net', 'inspect', 'blue') as { missing: string[] }).missing, [])
        assert.equal(tool('ip', '-oneline', 'address', 'show', 'dev', net.nic, 'scope', 'global'), '')
        hits++
      }
      assert.ok(pings(net.path, 'fd03::1'))
      ok('net', 'rm', 'blue')
      assert.deepEqual(hostNow(), before, `killed at call ${nth}`)
      if (!isReached) break
    }
    assert.ok(hits >= 10, `only ${hits} calls`)
  })

  it('net rm killed at each call of a tool: the host is reached all the time, and the same again finishes it', () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    let hits = 0
    for (let nth = 1; ; nth++) {
      ok(...line(net), '--force')
      using tools = wrappedTools(nth, killedWhen(nth), 'KILL')
      const { status } = ovsd(['net', 'rm', 'blue'], { PATH: tools.path })
      const isReached = tools.calls() >= nth
      assert.ok(pings(net.path, '203.0.113.1'), `killed at call ${nth}`)
      if (ovsd(['net', 'inspect', 'blue']).status === 0) ok('net', 'rm', 'blue')
      assert.deepEqual(hostNow(), before, `killed at call ${nth}`)
      if (!isReached) break
      assert.equal(status, 137)
      hits++
    }
    assert.ok(hits >= 6, `only ${hits} calls`)
  })
})
