// Tunnels that somebody else has, and hosts that none can lead to.
import { strict as assert } from 'node:assert'
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseIp } from '../../src/lib/net/ip-address.ts'
import { tunnelsOfSpec } from '../../src/lib/network/tunnel.ts'
import { tunnelsOf } from '../../src/lib/network/tunnels-seen.ts'
import { roomTo } from '../../src/lib/network/underlay.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { testBridge } from '../support/bridge.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { addForeign, make, missing, refusal, remove, REMOTES, seen, specOf, vsctl } from '../support/tunnelling.ts'
import { BETWEEN, underlay, type Underlay } from '../support/underlay.ts'

describe('tunnels that cannot be', function () {
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

  it('that another network of the host has with the same key are refused, with another key not', async () => {
    using bridge = testBridge()
    const red = specOf(bridge.name, { name: 'red', vlan: '5', vxlan: ['198.51.100.9', remote6] })
    await assert.rejects(
      make(host, specOf(bridge.name), { others: [red] }),
      refusal('TunnelTaken', /^The network red has the tunnel to fd00:198:51:100::3 with the key 77 already\.$/),
    )
    await make(host, red)
    await assert.rejects(
      make(host, specOf(bridge.name)),
      refusal('TunnelTaken', /^The port vx[0-9a-f]+ has the tunnel/),
    )
    assert.equal(seen().length, 2)
    await make(host, specOf(bridge.name, { key: '78' }), { others: [red] })
    assert.equal(seen().length, 4)
    assert.deepEqual(await missing(host, red), [])
  })

  for (const options of [
    ['options:remote_ip=198.51.100.2', 'options:key=0x4d'],
    ['options:remote_ip=fd00:198:51:100:0::3', 'options:in_key=77', 'options:out_key=5'],
    ['options:remote_ip=198.51.100.2', 'options:key=77', 'options:local_ip=198.51.100.1'],
  ])
    it(`that somebody else has are refused: ${options.join(' ')}`, async () => {
      using bridge = testBridge()
      using other = testBridge()
      addForeign(other.name, 'theirs', ...options)
      const before = snapshot()
      await assert.rejects(
        make(host, specOf(bridge.name)),
        refusal('TunnelTaken', /^The port theirs has the tunnel to /),
      )
      assert.deepEqual(snapshot(), before)
      vsctl('set', 'Interface', 'theirs', 'options:dst_port=4790')
      await make(host, specOf(bridge.name))
    })

  it('leave a port alone that has a name of theirs, and say so', async () => {
    using bridge = testBridge()
    const spec = specOf(bridge.name)
    const [first = assert.fail()] = tunnelsOfSpec(spec)
    addForeign(bridge.name, first.port, 'options:remote_ip=203.0.113.1', 'options:key=5')
    const before = snapshot()
    assert.match((await missing(host, spec))[0] ?? '', /is not ovsd's/)
    await assert.rejects(make(host, spec), refusal('TunnelTaken', /its name is needed/))
    await remove(host, spec)
    assert.deepEqual(snapshot(), before)
  })

  describe('are refused, and nothing is changed,', () => {
    async function refused(words: Partial<NetworkWords>, code: string, message: RegExp): Promise<void> {
      using bridge = testBridge()
      const before = snapshot()
      await assert.rejects(make(host, specOf(bridge.name, words)), refusal(code, message))
      assert.deepEqual(snapshot(), before)
    }

    it('to an address of this host', () =>
      refused(
        { vxlan: ['198.51.100.1'] },
        'TunnelImpossible',
        /to 198\.51\.100\.1: that is an address of this very host/,
      ))

    it('without a route, and with one that says no', async () => {
      await refused({ vxlan: [...REMOTES, '203.0.113.7'] }, 'TunnelImpossible', /to 203\.0\.113\.7: there is no route/)
      tool('ip', 'route', 'add', 'blackhole', '203.0.113.0/24')
      try {
        await refused({ vxlan: ['203.0.113.7'] }, 'TunnelImpossible', /there is no route/)
      } finally {
        tool('ip', 'route', 'del', 'blackhole', '203.0.113.0/24')
      }
    })

    it('over an interface of the kernel, on a bridge in user space: what to do is said', async () => {
      tool('ip', 'link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan1')
      try {
        tool('ip', 'address', 'add', '203.0.113.1/24', 'dev', 'wan0')
        for (const link of ['wan0', 'wan1']) tool('ip', 'link', 'set', link, 'up')
        await refused({ vxlan: ['203.0.113.7'] }, 'TunnelImpossible', /runs in user space.*leads over wan0/)
      } finally {
        tool('ip', 'link', 'del', 'wan0')
      }
    })

    it('through the bridge of the network itself', async () => {
      using bridge = testBridge()
      tool('ip', 'address', 'add', '203.0.113.1/24', 'dev', bridge.name)
      tool('ip', 'link', 'set', bridge.name, 'up')
      const spec = specOf(bridge.name, { vxlan: ['203.0.113.7'] })
      await assert.rejects(make(host, spec), refusal('TunnelImpossible', new RegExp(`through ${bridge.name} itself`)))
      // Another network on the same bridge: its uplink would carry this VLAN, too.
      const tagged = specOf(bridge.name, { vxlan: ['203.0.113.7'], vlan: '9' })
      await assert.rejects(make(host, tagged), refusal('TunnelImpossible', /itself/))
      assert.deepEqual(seen(), [])
    })

    it('with an MTU that does not fit, of which the largest that does is named', async () => {
      await refused(
        { mtu: '1451', vxlan: ['198.51.100.2'] },
        'TunnelMtu',
        /MTU 1451 .* too large: 1450 fits into a tunnel to 198\.51\.100\.2, over phy0/,
      )
      await refused({ mtu: '1431' }, 'TunnelMtu', /too large: 1430 fits into a tunnel to fd00:198:51:100::3/)
      tool('ip', 'route', 'add', '198.51.100.2/32', 'dev', BETWEEN, 'mtu', '1400')
      try {
        await refused({ vxlan: ['198.51.100.2'] }, 'TunnelMtu', /MTU 1450 .* too large: 1350 fits/)
        assert.deepEqual(await roomTo(host, [parseIp('198.51.100.2', '')]), {
          mtu: 1350,
          remote: '198.51.100.2',
          dev: BETWEEN,
        })
      } finally {
        tool('ip', 'route', 'del', '198.51.100.2/32', 'dev', BETWEEN)
      }
      assert.deepEqual(
        await roomTo(
          host,
          REMOTES.map((text) => parseIp(text, '')),
        ),
        { mtu: 1430, remote: remote6, dev: BETWEEN },
      )
      assert.equal(await roomTo(host, [parseIp('203.0.113.7', '')]), undefined)
    })
  })

  it('leave by an internal port of a bridge, too, and by a router', async () => {
    using bridge = testBridge()
    vsctl('add-port', BETWEEN, 'in0', '--', 'set', 'Interface', 'in0', 'type=internal')
    tool('ip', 'address', 'add', '203.0.113.1/24', 'dev', 'in0')
    tool('ip', 'link', 'set', 'in0', 'up')
    tool('ip', 'route', 'add', '192.0.2.0/24', 'via', '203.0.113.254')
    const spec = specOf(bridge.name, { vxlan: ['203.0.113.7', '192.0.2.7'] })
    await make(host, spec)
    const [first, second] = await tunnelsOf(host, spec)
    assert.deepEqual([first?.state, first?.over, second?.state, second?.over], ['ok', 'in0', 'ok', 'in0'])
    vsctl('del-port', 'in0')
  })
})
