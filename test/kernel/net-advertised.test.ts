// A host that has learnt its default route from a router keeps it, whatever nat networks come and go.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { createNat, removeAll, removeNat } from '../support/nat.ts'
import { advertise } from '../support/router-advert.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'

const WAN = 'wanra'
const learnt = (): boolean => /via fe80::9 .*proto ra/.test(tool('ip', '-6', 'route', 'show', 'default', 'dev', WAN))

describe('a default route that a router has advertised', function () {
  this.timeout(60_000)
  afterEach(removeAll)

  it('stays when a second network comes, when a link is set up again, and when they go', async () => {
    using bridge = testBridge()
    using stack = new DisposableStack()
    tool('ip', 'link', 'add', WAN, 'type', 'veth', 'peer', 'name', 'swra')
    stack.defer(() => tool('ip', 'link', 'del', WAN))
    tool('sysctl', '-qw', `net/ipv6/conf/${WAN}/accept_dad=0`, `net/ipv6/conf/${WAN}/accept_ra=1`)
    for (const link of [WAN, 'swra']) tool('ip', 'link', 'set', link, 'up')
    tool('ovs-vsctl', 'add-port', bridge.name, 'swra')
    const learn = async (): Promise<void> => {
      advertise(bridge.name, 'swra')
      await until(learnt, 'the route')
    }
    await createNat({ name: 'blue', bridge: 'bn0', subnet: ['fd03::/64'] })
    await learn()
    const red = await createNat({ name: 'red', bridge: 'bn1', subnet: ['10.4.0.0/24', 'fd04::/64'], vlan: '7' })
    assert.ok(learnt(), 'a second network')
    tool('ip', 'link', 'set', red.link, 'group', '0')
    await createNat({ name: 'red', bridge: 'bn1', subnet: ['10.4.0.0/24', 'fd04::/64'], vlan: '7' })
    assert.ok(learnt(), 'a link that is set up again')
    await createNat({ name: 'green', bridge: 'bn2', subnet: ['fd05::/64'] })
    await removeNat('green')
    assert.ok(learnt(), 'the own port of a bridge')
    // What this test would see if one of them said so of its link.
    tool('sysctl', '-qw', `net/ipv6/conf/${red.link}/forwarding=1`)
    assert.ok(!learnt())
    tool('sysctl', '-qw', `net/ipv6/conf/${red.link}/forwarding=0`)
    await learn()
    await removeNat('red')
    await removeNat('blue')
    assert.ok(learnt(), 'the last network')
  })

  it('refuses a network without IPv6, too, when another one needs what would take it', async () => {
    await createNat({ name: 'blue', bridge: 'bn0', subnet: ['fd03::/64'] })
    tool('sysctl', '-qw', 'net/ipv6/conf/all/forwarding=0')
    using stack = new DisposableStack()
    tool('ip', 'link', 'add', WAN, 'type', 'veth', 'peer', 'name', 'swra')
    stack.defer(() => tool('ip', 'link', 'del', WAN))
    for (const link of [WAN, 'swra']) tool('ip', 'link', 'set', link, 'up')
    tool('ip', '-6', 'route', 'add', 'default', 'via', 'fe80::9', 'dev', WAN, 'proto', 'ra')
    await assert.rejects(createNat({ name: 'red', bridge: 'bn1', subnet: ['10.4.0.0/24'] }), {
      code: 'RouterAdvertised',
    })
    assert.equal(tool('sysctl', '-n', 'net/ipv6/conf/all/forwarding').trim(), '0')
  })
})
