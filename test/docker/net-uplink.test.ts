// Flat networks with real containers, made and removed as people do it, and kept by `ovsd watch`.
import { strict as assert } from 'node:assert'
import { container, netnsOf } from '../support/containers.ts'
import { lan, switchedLan } from '../support/lan.ts'
import { hears, pings } from '../support/outside.ts'
import { bridgesSeen, portOf } from '../support/ovs-rows.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { sniffer } from '../support/sniffer.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { hostNow, settle } from '../support/uplink.ts'
import { watch } from '../support/watch.ts'

const SUBNET = ['--subnet=203.0.113.0/24', '--ip-range=203.0.113.64/26', '--gateway=203.0.113.9']
const connect = (network: string, name: string) =>
  json('net', 'connect', network, name) as { readonly addresses: readonly string[] }

describe('flat networks', function () {
  this.timeout(120_000)

  it('a container speaks with a machine outside by its address, and is reached from there; nothing is left', async () => {
    using net = switchedLan()
    const outside = net.machine(100, '203.0.113.9/24')
    const before = hostNow()
    ok('net', 'create', 'blue', '--bridge=bflat', `--uplink=${net.nic}`, '--vlan=100', ...SUBNET)
    {
      using a = container()
      await using seen = await sniffer(net.far)
      assert.deepEqual(connect('blue', a.name).addresses, ['203.0.113.64/24'])
      assert.ok(answers(a.name, '203.0.113.9') && pings(outside, '203.0.113.64'))
      assert.equal(await hears(outside, netnsOf(a.name), '203.0.113.64', 'into'), 'into')
      assert.equal(await hears(netnsOf(a.name), outside, '203.0.113.9', 'out'), 'out')
      assert.equal(portOf(a.id)?.tag, 100)
      const tags = net.fromHost(await seen.stop()).map((frame) => /vlan (\d+)/.exec(frame)?.[1])
      assert.deepEqual([...new Set(tags)], ['100'])
      assert.match(ovsd(['net', 'rm', 'blue']).stderr, /in use by eth1 of/)
      assert.match(ok('net', 'rm', 'blue', '--force'), /blue removed, and with it port \S+ and bridge bflat/)
    }
    assert.deepEqual(hostNow(), before)
  })

  it('addresses that the host has itself are given to nobody', () => {
    using net = lan()
    settle(net)
    ok('net', 'create', 'blue', '--bridge=bflat', `--uplink=${net.nic}`, '--force', '--subnet=203.0.113.0/24')
    {
      using a = container()
      using b = container()
      assert.deepEqual(connect('blue', a.name).addresses, ['203.0.113.3/24'])
      const { status, stderr } = ovsd(['net', 'connect', 'blue', b.name, '--ip=203.0.113.2'])
      assert.equal(status, 1)
      assert.match(stderr, /203\.0\.113\.2 is this host's own address in the network blue/)
    }
    ok('net', 'rm', 'blue', '--force')
  })

  it('watch puts back a NIC that somebody took away, and then has nothing to do', async () => {
    using net = lan()
    ok('net', 'create', 'blue', '--bridge=bflat', `--uplink=${net.nic}`, ...SUBNET)
    {
      using a = container()
      connect('blue', a.name)
      assert.ok(answers(a.name, '203.0.113.9'))
      await using watcher = await watch(['--bridge=bflat'])
      const about = { event: 'upkeep.mended', about: 'network blue' }
      await watcher.after(() => tool('ovs-vsctl', 'del-port', net.nic), about)
      assert.ok(answers(a.name, '203.0.113.9'))
      const from = watcher.lines.length
      await watcher.during(2)
      assert.deepEqual(watcher.all({ event: 'upkeep.mended' }, from), [])
      assert.deepEqual(
        watcher.lines.filter(({ level }) => level === 'warn' || level === 'error'),
        [],
      )
    }
    ok('net', 'rm', 'blue', '--force')
  })

  it('watch takes back a network that nobody confirmed, when its watchdog is gone', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    const line = ['net', 'create', 'blue', '--bridge=bflat', `--uplink=${net.nic}`, '--force', '--confirm-within=2s']
    const { pending } = json(...line) as { pending: { watchdog: number } }
    process.kill(pending.watchdog, 'SIGKILL')
    await using watcher = await watch(['--bridge=bflat', '--resync=5'])
    await watcher.sees({ event: 'upkeep.mended', about: 'network blue' }, { seconds: 15 })
    assert.deepEqual(bridgesSeen(), [])
    assert.deepEqual(hostNow(), before)
  })
})
