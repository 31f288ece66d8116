// What make, missing and remove do with the tunnels of a network, and what is shown of them.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { openHost, type Host } from '../../src/lib/host.ts'
import type { NetworkSpec } from '../../src/lib/network/spec.ts'
import { tunnelsOfSpec } from '../../src/lib/network/tunnel.ts'
import { lookAtTunnels } from '../../src/lib/network/tunnels-look.ts'
import { tunnelsOf } from '../../src/lib/network/tunnels-seen.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { tunnelsSet } from '../../src/lib/plan/steps/tunnels-set.ts'
import { testBridge } from '../support/bridge.ts'
import { snapshot } from '../support/snapshot.ts'
import { addForeign, make, missing, refusal, remove, REMOTES, seen, specOf, vsctl } from '../support/tunnelling.ts'
import { BETWEEN, underlay, type Underlay } from '../support/underlay.ts'

const signal = new AbortController().signal

describe('tunnels of a network', function () {
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

  const [, remote6 = ''] = REMOTES

  const step = (spec: NetworkSpec): ReversibleStep =>
    tunnelsSet(host, spec, { add: tunnelsOfSpec(spec), change: [], remove: [] })

  describe('tunnels.set', () => {
    it('is done after apply, and not before', async () => {
      using bridge = testBridge()
      const one = step(specOf(bridge.name))
      assert.equal(one.id, 'tunnels.set')
      assert.equal(await one.isDone(signal), false)
      await one.apply(signal)
      assert.equal(await one.isDone(signal), true)
    })
    it('leaves nothing after undo', async () => {
      using bridge = testBridge()
      const one = step(specOf(bridge.name))
      const before = snapshot()
      await one.apply(signal)
      assert.notDeepEqual(snapshot(), before, 'the snapshot does not see this step')
      await one.undo(signal)
      assert.deepEqual(snapshot(), before)
    })
    it('can be undone without having been applied', async () => {
      using bridge = testBridge()
      const before = snapshot()
      await step(specOf(bridge.name)).undo(signal)
      assert.deepEqual(snapshot(), before)
    })
  })

  it('are complete after make; a second time there is nothing to do; remove leaves no trace', async () => {
    using bridge = testBridge()
    const spec = specOf(bridge.name, { vlan: '5' })
    const before = snapshot()
    assert.deepEqual(
      await missing(host, spec),
      REMOTES.map((remote) => `the tunnel to ${remote}`),
    )
    assert.equal(await make(host, spec), 1)
    assert.deepEqual(await missing(host, spec), [])
    const rows = seen()
    assert.equal(rows.length, 2)
    assert.equal(await make(host, spec), 0)
    assert.deepEqual(seen(), rows)
    await remove(host, spec)
    assert.deepEqual(snapshot(), before)
    await remove(host, spec)
    assert.deepEqual(snapshot(), before)
  })

  const damages: Readonly<Record<string, (port: string) => readonly string[]>> = {
    'its port is gone': (port) => ['del-port', port],
    'its key is another': (port) => ['set', 'Interface', port, 'options:key=99'],
    'it has an option more': (port) => ['set', 'Interface', port, 'options:local_ip=198.51.100.1'],
    'its tag is another': (port) => ['set', 'Port', port, 'tag=9'],
    'it is a trunk': (port) => ['clear', 'Port', port, 'tag'],
    'it is not protected': (port) => ['set', 'Port', port, 'protected=false'],
    'it is no tunnel': (port) => ['set', 'Interface', port, 'type=internal'],
  }
  for (const [what, damage] of Object.entries(damages))
    it(`are made whole when of one ${what}; the other is not touched`, async () => {
      using bridge = testBridge()
      const spec = specOf(bridge.name, { vlan: '5' })
      await make(host, spec)
      const whole = snapshot()
      const [first, second] = tunnelsOfSpec(spec)
      const others = seen().filter((row) => row.includes(second?.port ?? ''))
      vsctl(...damage(first?.port ?? ''))
      const found = await missing(host, spec)
      assert.equal(found.length, 1)
      assert.match(found[0] ?? '', /^the tunnel to 198\.51\.100\.2/)
      assert.equal(await make(host, spec), 1)
      assert.deepEqual(await missing(host, spec), [])
      const links = (view: ReturnType<typeof snapshot>) => ({
        ...view,
        ovs: view.ovs.map((row) => row.replaceAll(/[0-9a-f-]{36}/g, '')).sort(),
      })
      assert.deepEqual(links(snapshot()), links(whole))
      assert.deepEqual(
        seen().filter((row) => row.includes(second?.port ?? '')),
        others,
      )
    })

  it('that the network should not have go when it is made whole, and with it', async () => {
    using bridge = testBridge()
    await make(host, specOf(bridge.name))
    const spec = specOf(bridge.name, { vxlan: [remote6] })
    assert.match((await missing(host, spec))[0] ?? '', /^the removal of the old tunnel vx/)
    const kept = seen().filter((row) => row.includes(tunnelsOfSpec(spec)[0]?.port ?? ''))
    await make(host, spec)
    assert.deepEqual(seen(), kept)
    await make(host, specOf(bridge.name))
    await remove(host, spec)
    assert.deepEqual(seen(), [])
  })

  it('that ovs-vswitchd does not run are seen, refused as long as somebody is in the way, and made anew', async () => {
    using bridge = testBridge()
    const spec = specOf(bridge.name)
    const [first = assert.fail()] = tunnelsOfSpec(spec)
    // Theirs comes first, as it may when ovs-vswitchd starts.
    addForeign(bridge.name, 'theirs', 'options:remote_ip=198.51.100.2', 'options:key=77')
    await pause(300)
    const marks = Object.entries(first.marks).map(([key, value]) => `external_ids:${key}="${value}"`)
    addForeign(
      bridge.name,
      first.port,
      'options:remote_ip=198.51.100.2',
      'options:key=77',
      ...marks,
      '--',
      'set',
      'Port',
      first.port,
      'tag=0',
      'protected=true',
    )
    await pause(500)
    const found = await missing(host, spec)
    assert.match(found[0] ?? '', /^the tunnel to 198\.51\.100\.2 \(.*File exists\)+$/)
    assert.match((await tunnelsOf(host, spec))[0]?.reason ?? '', /File exists/)
    await assert.rejects(make(host, spec), refusal('TunnelTaken', /^The port theirs has the tunnel/))
    vsctl('set', 'Interface', 'theirs', 'options:key=5')
    await make(host, spec)
    assert.deepEqual(await missing(host, spec), [])
  })

  it('are shown with their counters, and with what is wrong with them', async () => {
    using bridge = testBridge()
    const spec = specOf(bridge.name)
    assert.deepEqual(
      (await tunnelsOf(host, spec)).map(({ state, reason, ofport, over }) => [state, reason, ofport, over]),
      REMOTES.map(() => ['missing', 'its port is gone', null, null]),
    )
    await make(host, spec)
    const [first = assert.fail()] = await tunnelsOf(host, spec)
    const { port, ofport, ...rest } = first
    assert.ok(ofport !== null && ofport > 0)
    assert.deepEqual(rest, {
      ...{ remote: '198.51.100.2', state: 'ok', reason: '', over: BETWEEN, bfd: null },
      ...{ rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0 },
    })
    vsctl('set', 'Interface', port, 'bfd:enable=true')
    const bfd = async () => (await tunnelsOf(host, spec))[0]?.bfd
    for (let tries = 0; tries < 50 && (await bfd()) === null; tries++) await pause(100)
    assert.equal(await bfd(), 'down', 'nobody is there')
    vsctl('set', 'Port', port, 'protected=false')
    assert.deepEqual((await tunnelsOf(host, spec))[0]?.reason, 'it forwards to the others')
  })

  it('are looked for without a process', async () => {
    using bridge = testBridge()
    const spec = specOf(bridge.name)
    await make(host, spec)
    const quiet: Host = { ...host, run: () => Promise.reject(new Error('a process')) }
    assert.deepEqual(await missing(quiet, spec), [])
    assert.equal((await lookAtTunnels(quiet, spec)).own.length, 2)
  })
})
