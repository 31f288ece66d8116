// What users do all day, with the real program, a real engine and a real switch.
import { strict as assert } from 'node:assert'
import { listed } from '../support/attachments.ts'
import { testBridge } from '../support/bridge.ts'
import { container, netnsOf } from '../support/containers.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { reaches, transfers } from '../support/traffic.ts'
import { tool, toolIn } from '../support/tool.ts'

describe('two containers on a bridge', () => {
  it('reach each other by IPv4, IPv6 and TCP, with the MAC, MTU and VLAN that were asked for', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    const common = ['--mtu=1400', '--vlan=100']
    ok(
      'add-port',
      bridge.name,
      'eth1',
      a.name,
      '--ipaddress=10.1.0.2/24',
      '--ipaddress=fd01::2/64',
      '--macaddress=02-00-00-00-00-AA',
      ...common,
    )
    ok('add-port', bridge.name, 'eth1', b.id.slice(0, 12), '--ipaddress=10.1.0.3/24,fd01::3/64', ...common)
    assert.ok(reaches(a.name, '10.1.0.3'))
    assert.ok(reaches(a.name, 'fd01::3'))
    assert.ok(transfers(a.name, b.name, '10.1.0.3', 2000))
    const [first, second] = listed(`--bridge=${bridge.name}`)
    assert.ok(first !== undefined && second !== undefined)
    assert.equal(first.mac, '02:00:00:00:00:aa')
    assert.deepEqual([first.mtu, second.mtu], [1400, 1400])
    assert.deepEqual([first.vlan, second.vlan], ['100', '100'])
    assert.match(tool('ip', 'link', 'show', first.port), /mtu 1400/)
  })

  it('in different VLANs do not, until set-vlan brings them together', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24', '--vlan=10')
    ok('add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.1.0.3/24', '--vlan=20')
    assert.equal(reaches(a.name, '10.1.0.3'), false)
    ok('set-vlan', bridge.name, 'eth1', b.name, '10')
    assert.ok(reaches(a.name, '10.1.0.3'))
    ok('set-vlan', bridge.name, 'eth1', b.name, '--none')
    assert.equal(reaches(a.name, '10.1.0.3'), false)
  })

  it('attached untagged, an address may be used once per VLAN only', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24', '--vlan=10')
    const refused = ovsd(['add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.1.0.2/24', '--vlan=10'])
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, new RegExp(`10\\.1\\.0\\.2 belongs to eth1 of ${a.name}`))
    ok('add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.1.0.2/24', '--vlan=11')
  })

  it('--probe finds an address that only the wire knows', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24')
    const path = netnsOf(a.name)
    toolIn(path, 'ip', 'address', 'add', '10.1.0.9/24', 'dev', 'eth1')
    // Docker turns IPv6 off; ovsd turns it on where it was asked for an IPv6 address.
    toolIn(path, 'sysctl', '-qw', 'net/ipv6/conf/eth1/disable_ipv6=0')
    toolIn(path, 'ip', '-6', 'address', 'add', 'fd01::9/64', 'dev', 'eth1', 'nodad')
    for (const address of ['10.1.0.9/24', 'fd01::9/64']) {
      const { status, stderr } = ovsd(['add-port', bridge.name, 'eth1', b.name, `--ipaddress=${address}`, '--probe'])
      assert.equal(status, 1)
      assert.match(stderr, /already answers for .*\n.*host is as before/)
      assert.equal(listed(`--container=${b.name}`).length, 0)
    }
    ok('add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.1.0.10/24', '--ipaddress=fd01::10/64', '--probe')
    assert.ok(reaches(a.name, '10.1.0.10'))
  }).timeout(60_000)

  it('a re-attached interface keeps its MAC; a changed one is announced to the neighbours', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24')
    const add = ['add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.1.0.3/24']
    ok(...add)
    const { mac } = listed(`--container=${b.name}`)[0] ?? { mac: '' }
    assert.ok(reaches(a.name, '10.1.0.3'))
    ok('del-port', bridge.name, 'eth1', b.name)
    ok(...add)
    assert.equal(listed(`--container=${b.name}`)[0]?.mac, mac)
    ok('del-port', bridge.name, 'eth1', b.name)
    ok(...add, '--macaddress=02:00:00:00:00:bb')
    // Nobody pinged since: the neighbour knows because it was told.
    assert.match(toolIn(netnsOf(a.name), 'ip', 'neigh', 'show', '10.1.0.3'), /02:00:00:00:00:bb/)
  })

  it('a gateway replaces the default route of another network and no other route', () => {
    using bridge = testBridge()
    using a = container()
    const path = netnsOf(a.name)
    toolIn(path, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'far0')
    toolIn(path, 'ip', 'address', 'add', '192.0.2.2/24', 'dev', 'eth0')
    toolIn(path, 'ip', 'link', 'set', 'eth0', 'up')
    toolIn(path, 'ip', 'route', 'add', 'default', 'via', '192.0.2.1')
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24')
    assert.match(
      toolIn(path, 'ip', 'route'),
      /default via 192\.0\.2\.1 dev eth0/,
      'without --gateway the default route stays',
    )
    ok(
      'add-port',
      bridge.name,
      'eth2',
      a.name,
      '--ipaddress=10.2.0.2/24',
      '--gateway=10.99.0.1',
      '--route=10.3.0.0/16,10.2.0.7',
    )
    const routes = toolIn(path, 'ip', 'route')
    assert.match(routes, /default via 10\.99\.0\.1 dev eth2/)
    assert.match(routes, /10\.99\.0\.1 dev eth2 scope link/)
    assert.match(routes, /10\.3\.0\.0\/16 via 10\.2\.0\.7 dev eth2/)
    assert.doesNotMatch(routes, /192\.0\.2\.1/)
    assert.match(routes, /192\.0\.2\.0\/24 dev eth0/)
  })
})

describe('answers', () => {
  it('--json has the keys that the manual promises', () => {
    using bridge = testBridge()
    using a = container()
    const attached = json('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24') as object
    assert.deepEqual(Object.keys(attached).sort(), [
      ...[
        'addresses',
        'bridge',
        'container',
        'containerId',
        'gateways',
        'interface',
        'mac',
        'mtu',
        'port',
        'replaced',
        'status',
        'vlan',
      ],
    ])
    const again = ovsd(['add-port', bridge.name, 'eth1', a.name, '--json'])
    assert.equal(again.status, 1)
    assert.equal((JSON.parse(again.stdout) as { error: { code: string } }).error.code, 'AlreadyAttached')
    assert.equal(again.stderr, '')
    const same = json('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24', '--may-exist') as {
      status: string
    }
    assert.equal(same.status, 'unchanged')
    const other = ovsd(['add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.7/24', '--may-exist', '--json'])
    assert.equal((JSON.parse(other.stdout) as { error: { code: string } }).error.code, 'AttachedDifferently')
  })

  it('--dry-run prints commands that do the very same when they are pasted', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    ok('add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.1.0.3/24')
    const script = ok(
      'add-port',
      bridge.name,
      'eth1',
      a.name,
      '--ipaddress=10.1.0.2/24',
      '--gateway=10.1.0.3',
      '--vlan=0'.replace('0', '5'),
      '--dry-run',
    )
    assert.equal(listed(`--container=${a.name}`).length, 0, 'nothing was done')
    tool('sh', '-e', '-c', script)
    const [pasted] = listed(`--container=${a.name}`)
    assert.deepEqual([pasted?.state, pasted?.vlan, pasted?.addresses], ['ok', '5', ['10.1.0.2/24']])
    tool('sh', '-e', '-c', ok('set-vlan', bridge.name, 'eth1', a.name, '--none', '--dry-run'))
    assert.ok(reaches(a.name, '10.1.0.3'))
    tool('sh', '-e', '-c', ok('del-port', bridge.name, 'eth1', a.name, '--dry-run'))
    assert.equal(listed(`--container=${a.name}`).length, 0)
  })

  it('--verbose shows each command with its time, --quiet nothing', () => {
    using bridge = testBridge()
    using a = container()
    const { stderr } = ovsd(['add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.1.0.2/24', '--verbose'])
    assert.match(stderr, /^\+ ovs-vsctl .* # \d+\.\d ms$/m)
    assert.deepEqual(ovsd(['del-port', bridge.name, 'eth1', a.name, '--quiet']), { status: 0, stdout: '', stderr: '' })
  })
})
