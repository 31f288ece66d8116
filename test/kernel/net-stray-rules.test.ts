// Rules of the host's firewall do not outlive their networks, whatever became of ports and bridges.
import { strict as assert } from 'node:assert'
import { openHost, type Host } from '../../src/lib/host.ts'
import { collectGarbage } from '../../src/lib/plan/collect-garbage.ts'
import { seldom } from '../../src/lib/reconcile/seldom.ts'
import { unwantedRules } from '../../src/lib/reconcile/stray-rules.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { testBridge } from '../support/bridge.ts'
import { internet } from '../support/internet.ts'
import { lan, type Lan } from '../support/lan.ts'
import { createNat, natState, removeAll } from '../support/nat.ts'
import { pings } from '../support/outside.ts'
import { tool } from '../support/tool.ts'
import { createFlat, removeFlat } from '../support/uplink.ts'

const signal = new AbortController().signal
const tables = (): string => tool('nft', 'list', 'tables')

/** Whether the host hears on the NIC: an address of its own there, asked by the machine outside. */
function hostHears(net: Lan): boolean {
  const { nic, path } = net
  // It may still be waiting for an answer to its last question.
  net.outside('ip', 'neigh', 'flush', 'all')
  tool('ip', 'address', 'add', '203.0.113.1/24', 'dev', nic)
  const heard = pings(path, '203.0.113.1', '-W', '1')
  tool('ip', 'address', 'del', '203.0.113.1/24', 'dev', nic)
  return heard
}

/** One look of `ovsd watch`, or one `ovsd gc`: what was taken away, in words. */
const CLEANERS: Readonly<Record<string, (host: Host) => Promise<readonly string[]>>> = {
  watch: async (host) => {
    const dues = await unwantedRules(host, signal)
    for (const due of dues) {
      const plan = await due.plan(signal)
      if (plan !== undefined) await runPlan(plan, signal, nobody)
    }
    return dues.map(({ about }) => about)
  },
  gc: async (host) => {
    const { plan, result } = await collectGarbage(host, undefined)
    if (plan !== undefined) await runPlan(plan, signal, nobody)
    return result.removed.map(({ port }) => port)
  },
}

describe('rules of networks that are gone', function () {
  this.timeout(120_000)
  afterEach(removeAll)

  it('net rm: the host hears on the NIC again, though somebody took its port', async () => {
    using bridge = testBridge()
    using net = lan()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic })
    assert.ok(tables().includes(`ovsd_uplink_${net.nic}`) && !hostHears(net))
    tool('ovs-vsctl', 'del-port', bridge.name, net.nic)
    await removeFlat('blue')
    assert.equal(tables(), '')
    assert.ok(hostHears(net))
  })

  it('net rm: though its record is gone, too', async () => {
    using bridge = testBridge()
    using net = lan()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic })
    tool('ovs-vsctl', 'del-port', bridge.name, net.nic)
    tool('ovs-vsctl', 'remove', 'Bridge', bridge.name, 'external_ids', `ovsd_uplink.${net.nic}`)
    await removeFlat('blue')
    assert.ok(hostHears(net))
  })

  for (const [name, clean] of Object.entries(CLEANERS)) {
    it(`${name}: the NIC of a bridge that somebody deleted, with the host's addresses on it`, async () => {
      using bridge = testBridge()
      using other = testBridge()
      using net = lan()
      using kept = lan()
      using host = openHost()
      tool('ip', 'address', 'add', '203.0.113.2/24', 'dev', net.nic)
      await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic }, { force: true })
      await createFlat({ name: 'red', bridge: other.name, uplink: kept.nic })
      assert.deepEqual(await clean(host), [])
      tool('ovs-vsctl', 'del-br', bridge.name)
      assert.ok(!hostHears(net))
      assert.deepEqual(await clean(host), [`the nftables table of ${net.nic}`])
      assert.ok(hostHears(net))
      // That of another network stays.
      assert.ok(!hostHears(kept) && tables().includes(`ovsd_uplink_${kept.nic}`))
      assert.deepEqual(await clean(host), [])
      // Without its network's record it still is Open vSwitch's, as long as its port is there.
      tool('ovs-vsctl', 'clear', 'Bridge', other.name, 'external_ids')
      assert.deepEqual(await clean(host), [])
      tool('ovs-vsctl', 'del-port', other.name, kept.nic)
      assert.deepEqual(await clean(host), [`the nftables table of ${kept.nic}`])
    })

    it(`${name}: rules and forwarding of a nat network whose bridge somebody deleted`, async () => {
      using net = internet()
      using host = openHost()
      const before = natState()
      const blue = { name: 'blue', bridge: 'bn0', subnet: ['10.3.0.0/24', 'fd03::/64'] }
      await createNat(blue)
      assert.deepEqual(await clean(host), [])
      tool('ovs-vsctl', 'del-br', 'bn0')
      assert.ok(tables().includes('ovsd_nat'))
      assert.equal(tool('sysctl', '-n', `net/ipv4/conf/${net.link}/forwarding`).trim(), '1')
      assert.deepEqual(await clean(host), ['the rules for nat networks'])
      assert.deepEqual(natState(), before)
      assert.deepEqual(await clean(host), [])
    })
  }

  it('are left alone where another database was named, and while a record cannot be read', async () => {
    using net = internet()
    using host = openHost()
    await createNat({ name: 'blue', bridge: 'bn0', subnet: ['10.3.0.0/24'] })
    const settings = ['datapath_type=netdev', 'external_ids:ovsd_net.x=broken']
    tool('ovs-vsctl', 'add-br', 'bn1', '--', 'set', 'Bridge', 'bn1', ...settings)
    tool('ovs-vsctl', 'del-br', 'bn0')
    assert.deepEqual(await unwantedRules(host, signal), [])
    tool('ovs-vsctl', 'del-br', 'bn1')
    assert.deepEqual(await unwantedRules({ ...host, isDefaultDatabase: false }, signal), [])
    assert.deepEqual(await CLEANERS['gc']?.({ ...host, isDefaultDatabase: false }), [])
    assert.equal(tool('sysctl', '-n', `net/ipv4/conf/${net.link}/forwarding`).trim(), '1')
    assert.deepEqual(await CLEANERS['watch']?.(host), ['the rules for nat networks'])
  })

  it('cost one process when there are none, and none when asked again at once', async () => {
    using opened = openHost()
    let processes = 0
    const host: Host = {
      ...opened,
      run: (command, ...rest) => {
        processes++
        return opened.run(command, ...rest)
      },
    }
    const chore = seldom(unwantedRules)
    for (let i = 0; i < 3; i++) assert.deepEqual(await chore(host, signal), [])
    assert.equal(processes, 1)
    const often = seldom(unwantedRules, 0)
    for (let i = 0; i < 3; i++) await often(host, signal)
    assert.equal(processes, 4)
  })
})
