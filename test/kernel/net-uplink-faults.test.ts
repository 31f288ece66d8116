// Flat networks that are made and removed while something fails: a tool, or ovsd itself.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { eachKill } from '../support/each-kill.ts'
import { eachFault } from '../support/faulty-runner.ts'
import { lan, type Lan } from '../support/lan.ts'
import { pings } from '../support/outside.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { createFlat, hostNow, removeFlat, settle } from '../support/uplink.ts'

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
    for (const { path, isReached, what } of eachKill({ atLeast: 10 })) {
      const { status } = ovsd([...line(net), '--force'], { PATH: path })
      const isKilled = isReached()
      assert.ok(pings(net.path, '203.0.113.1'), what())
      if (isKilled) {
        assert.equal(status, 137)
        ok(...line(net), '--force', '--may-exist')
        assert.deepEqual((json('net', 'inspect', 'blue') as { missing: string[] }).missing, [])
        assert.equal(tool('ip', '-oneline', 'address', 'show', 'dev', net.nic, 'scope', 'global'), '')
      }
      assert.ok(pings(net.path, 'fd03::1'))
      ok('net', 'rm', 'blue')
      assert.deepEqual(hostNow(), before, what())
    }
  })

  it('net rm killed at each call of a tool: the host is reached all the time, and the same again finishes it', () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    for (const { path, isReached, what } of eachKill({ atLeast: 6 })) {
      ok(...line(net), '--force')
      const { status } = ovsd(['net', 'rm', 'blue'], { PATH: path })
      assert.equal(status, isReached() ? 137 : 0)
      assert.ok(pings(net.path, '203.0.113.1'), what())
      if (ovsd(['net', 'inspect', 'blue']).status === 0) ok('net', 'rm', 'blue')
      assert.deepEqual(hostNow(), before, what())
    }
  })
})
