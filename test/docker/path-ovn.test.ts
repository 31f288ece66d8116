// `ovsd path` on OVN: containers on two hosts, and what the logical network does with a packet.
import { strict as assert } from 'node:assert'
import { runContainer } from '../../lab/containers.ts'
import { localnet } from '../support/localnet.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { underlay, type FarSite, type Site, type Underlay } from '../support/underlay.ts'

interface Said {
  readonly arrives: boolean | null
  readonly said: string
  readonly cause: string | null
  readonly fix: readonly string[]
}

describe('path on OVN, over two hosts', function () {
  this.timeout(180_000)
  let net: Underlay
  let near: Site
  let far: FarSite
  const made: { readonly site: Site; readonly name: string }[] = []

  const nb = (...words: string[]) => near.run('ovn-nbctl', '--wait=hv', ...words)
  const inside = async (name: string, ...argv: string[]) => {
    const pid = (await near.run('docker', 'inspect', '--format', '{{.State.Pid}}', name)).trim()
    return near.run('nsenter', `--net=/proc/${pid}/ns/net`, ...argv)
  }
  /** Name of the logical port of a container. */
  const portOf = async (name: string) => (await near.run(...lsp('name'), `external_ids:ovsd_name=${name}`)).trim()
  const lsp = (column: string): [string, ...string[]] => [
    ...(['ovn-nbctl', '--bare', '--no-headings', `--columns=${column}`, 'find', 'Logical_Switch_Port'] as const),
  ]

  async function path(...args: string[]): Promise<Said> {
    const { stdout, stderr } = await near.ovsd('path', ...args, '--json')
    assert.match(stdout, /"said"/, stderr)
    return JSON.parse(stdout) as Said
  }
  /** It does not get there, for that reason; what it says to type can be typed. */
  async function keeps(words: readonly string[], cause: string, says: RegExp): Promise<void> {
    const found = await path(...words)
    assert.deepEqual([found.arrives, found.cause], [false, cause], found.said)
    assert.match(found.said, says)
    assert.notEqual(found.fix.length, 0, found.said)
    for (const line of found.fix) {
      const { status, stderr } = await near.host.exec(['sh', '-c', line])
      // ovsd says by 1 that something is wrong, which is so.
      assert.ok(status === 0 || (status === 1 && line.startsWith('ovsd ')), `${line}: ${stderr}`)
    }
  }

  before(async () => {
    net = await underlay(1, { services: 'docker' })
    near = net.near
    far = net.far[0] ?? assert.fail()
    await near.ok('ovn', 'bootstrap', '--central=local', `--listen=${near.address}`, '--insecure')
    await far.ok('ovn', 'join', `tcp:${near.address}`, '--insecure')
    for (const [name, subnet] of [
      ['a', '10.1.0.0/24,fd00:a::/64'],
      ['b', '10.2.0.0/24,fd00:b::/64'],
    ] as const)
      for (const site of net.sites)
        await site.ok('net', 'create', name, `--switch=ls-${name}`, `--subnet=${subnet}`, '--router=lr')
    await near.ok('net', 'create', 'lone', '--switch=ls-lone', '--subnet=10.1.0.0/24')
    for (const [site, name, network, address] of [
      [near, 'web', 'a', '10.1.0.2'],
      [near, 'db', 'a', '10.1.0.3'],
      [near, 'app', 'b', '10.2.0.2'],
      [near, 'alone', 'lone', '10.1.0.9'],
      [far, 'away', 'a', '10.1.0.4'],
      [far, 'beyond', 'b', '10.2.0.4'],
    ] as const) {
      await runContainer(site.host, { name, command: ['sleep', '3600'] })
      made.push({ site, name })
      await site.ok('net', 'connect', network, name, `--ip=${address}`)
    }
  })
  after(async () => {
    for (const { site, name } of made) await site.run('docker', 'rm', '--force', name)
    for (const site of net.sites)
      for (const name of ['a', 'b', 'lone', 'wide']) await site.ovsd('net', 'rm', name, '--force')
    await far.ok('ovn', 'leave')
    await near.ok('ovn', 'leave')
    await near.ok('ovn', 'teardown', '--delete-data')
    await net[Symbol.asyncDispose]()
  })

  it('gets there on a switch, by a router, and on another host', async () => {
    for (const b of ['db', 'app', '10.1.0.4', '10.2.0.4']) {
      const { arrives, cause, said } = await path('web', b)
      assert.deepEqual([arrives, cause], [true, null], said)
    }
  })

  it('names the ACL: what it drops, the answer that it drops, and what it refuses', async () => {
    try {
      await nb('acl-add', 'ls-a', 'to-lport', '1000', 'icmp4', 'drop')
      await keeps(
        ['web', 'db'],
        'acl',
        /an ACL of the logical switch ls-a drops it \(icmp4, priority 1000; table \d+, ls_out_acl/,
      )
      await nb('acl-del', 'ls-a')
      await nb('acl-add', 'ls-b', 'from-lport', '1001', 'icmp4.type == 0', 'drop')
      await keeps(
        ['web', 'app'],
        'acl',
        /it gets to the logical port \S+ of app, and an ACL of the logical switch ls-b drops the answer of app/,
      )
      await nb('acl-del', 'ls-b')
      await nb('acl-add', 'ls-a', 'from-lport', '1000', 'tcp', 'reject')
      await keeps(['web', 'db', 'tcp/80'], 'acl', /an ACL of the logical switch ls-a refuses it \(tcp, priority 1000/)
      await nb('acl-del', 'ls-a')
      assert.equal((await path('web', 'db', 'tcp/80')).cause, 'refused')
      // Where answers are let through because of the question, nothing is wrong with them.
      await nb('acl-add', 'ls-a', 'to-lport', '1', 'ip4', 'drop')
      await nb('acl-add', 'ls-a', 'from-lport', '2', 'ip4', 'allow-related')
      await nb('acl-add', 'ls-a', 'to-lport', '2', 'ip4.src == 10.1.0.2', 'allow-related')
      assert.equal((await path('web', 'db')).arrives, true)
      await keeps(['db', 'web'], 'acl', /ls-a drops it \(ip4, priority 1;/)
    } finally {
      for (const name of ['ls-a', 'ls-b']) await nb('acl-del', name)
    }
  })

  it('names port security', async () => {
    await inside('web', 'ip', 'address', 'add', '10.1.0.77/24', 'dev', 'eth1')
    await inside('web', 'ip', 'route', 'add', '10.1.0.3/32', 'dev', 'eth1', 'src', '10.1.0.77')
    try {
      await keeps(
        ['web', 'db'],
        'port-security',
        /port security of the logical switch ls-a drops it: .*may not send as 10\.1\.0\.77/,
      )
    } finally {
      await inside('web', 'ip', 'address', 'del', '10.1.0.77/24', 'dev', 'eth1')
    }
    assert.equal((await path('web', 'db')).arrives, true)
  })

  it('names the router that has no route, a policy of it, and an address that nobody behind it has', async () => {
    await keeps(['web', '10.77.0.1'], 'router-no-route', /the router lr has no route to 10\.77\.0\.1/)
    await keeps(['web', '10.2.0.99'], 'neighbour', /the router lr asks in vain who has 10\.2\.0\.99/)
    await keeps(
      ['web', '10.1.0.99'],
      'neighbour',
      /no logical port on the switch ls-a of web has the address 10\.1\.0\.99/,
    )
    await nb('lr-policy-add', 'lr', '10', 'ip4.dst == 10.2.0.2', 'drop')
    try {
      await keeps(['web', 'app'], 'router-policy', /a policy of the router lr drops it \(ip4\.dst == 10\.2\.0\.2;/)
    } finally {
      await nb('lr-policy-del', 'lr')
    }
  })

  it('names the same of IPv6', async () => {
    const six = (await near.run(...lsp('addresses'), 'external_ids:ovsd_name=app')).trim().split(' ').at(-1) ?? ''
    assert.match(six, /^fd00:b::/)
    assert.equal((await path('web', six)).arrives, true)
    await keeps(['web', 'fd00:77::1'], 'router-no-route', /the router lr has no route to fd00:77::1/)
    await keeps(['web', 'fd00:b::99'], 'neighbour', /the router lr asks in vain who has fd00:b::99/)
    await nb('acl-add', 'ls-b', 'to-lport', '1000', 'icmp6.type == 128', 'drop')
    try {
      await keeps(['web', six], 'acl', /an ACL of the logical switch ls-b drops it \(icmp6\.type == 128, priority 1000/)
    } finally {
      await nb('acl-del', 'ls-b')
    }
  })

  it('says whose port OVN delivers it to, and where, when no answer comes', async () => {
    const pid = (await far.run('docker', 'inspect', '--format', '{{.State.Pid}}', 'away')).trim()
    const eth1 = (state: string) => far.run('nsenter', `--net=/proc/${pid}/ns/net`, 'ip', 'link', 'set', 'eth1', state)
    await eth1('down')
    try {
      const { cause, said } = await path('web', '10.1.0.4')
      assert.equal(cause, 'unanswered', said)
      assert.match(said, /OVN delivers it to the logical port \S+ of away on the host \S+, and no answer comes back\.$/)
    } finally {
      await eth1('up')
    }
  })

  it('names routers that send it round in a circle', async () => {
    await nb('lr-add', 'lr2')
    await nb('lrp-add', 'lr', 'lr-lr2', '02:00:00:00:99:01', '10.99.0.1/24', 'peer=lr2-lr')
    await nb('lrp-add', 'lr2', 'lr2-lr', '02:00:00:00:99:02', '10.99.0.2/24', 'peer=lr-lr2')
    await nb('lr-route-add', 'lr', '10.55.0.0/16', '10.99.0.2')
    await nb('lr-route-add', 'lr2', '10.55.0.0/16', '10.99.0.1')
    try {
      await keeps(['web', '10.55.0.1'], 'ttl', /throws it away after too many hops/)
    } finally {
      await nb('lr-del', 'lr2', '--', 'lrp-del', 'lr-lr2', '--', 'lr-route-del', 'lr', '10.55.0.0/16')
    }
  })

  it('names two switches with one subnet, and a logical port that is disabled', async () => {
    await keeps(['web', 'alone'], 'logical-switch', /different logical switches .*web on ls-a, alone on ls-lone/)
    const port = await portOf('db')
    await nb('lsp-set-enabled', port, 'disabled')
    try {
      await keeps(
        ['web', 'db'],
        'logical-port',
        /the logical port that it is for is disabled on the logical switch ls-a/,
      )
      await keeps(['db', 'web'], 'logical-port', /the logical port that it comes in by is disabled/)
    } finally {
      await nb('lsp-set-enabled', port, 'enabled')
    }
  })

  it('names the host that has the port, when it is not reached', async () => {
    await near.run('ip', 'link', 'set', far.link, 'down')
    try {
      await keeps(
        ['web', '10.1.0.4'],
        'tunnel',
        new RegExp(
          `it is for the logical port \\S+ of away on the host \\S+, and \\S+ does not answer at ${far.address}`,
        ),
      )
    } finally {
      await near.run('ip', 'link', 'set', far.link, 'up')
    }
    await comesTrue(async () => (await path('web', '10.1.0.4')).arrives === true, 'it is reached again')
  })

  it('names the tunnel that has no room for what a container may send', async () => {
    for (const [site, name, address] of [
      [near, 'wide1', '10.3.0.2'],
      [far, 'wide2', '10.3.0.4'],
    ] as const) {
      await site.ok('net', 'create', 'wide', '--switch=ls-wide', '--subnet=10.3.0.0/24', '--mtu=1500', '--force')
      await runContainer(site.host, { name, command: ['sleep', '3600'] })
      made.push({ site, name })
      await site.ok('net', 'connect', 'wide', name, `--ip=${address}`)
    }
    const { arrives, cause, said, fix } = await path('wide1', '10.3.0.4')
    assert.deepEqual([arrives, cause], [true, 'mtu'], said)
    assert.match(said, /those of 1500 bytes do not: the tunnel \S+ to 198\.51\.100\.2, over phy0, has room for 1442\.$/)
    for (const line of fix) await near.run('sh', '-c', line)
    assert.notEqual((await path('wide1', '10.3.0.4')).said, said)
  })

  it('says how OVN leads it out, and that nobody answers there', async () => {
    await using physical = await localnet(near, ['192.168.100.1/24'], ['203.0.113.9/32'])
    for (const words of [
      [
        'transit',
        '--role=transit',
        '--subnet=192.168.100.0/24',
        '--external-gateway=192.168.100.1',
        '--physnet=physnet1',
      ],
      ['vpc', '--switch=ls-vpc', '--subnet=10.4.0.0/24', '--router=lr-vpc', '--transit-network=transit'],
    ] as const)
      await near.ok('net', 'create', ...words)
    await runContainer(near.host, { name: 'out', command: ['sleep', '3600'] })
    try {
      await near.ok('net', 'connect', 'vpc', 'out')
      const { arrives, cause, said } = await path('out', '203.0.113.9')
      assert.deepEqual([arrives, cause], [true, null], said)
      await physical.outside.run(['ip', 'address', 'del', '203.0.113.9/32', 'dev', 'lo'])
      await keeps(
        ['out', '203.0.113.9'],
        'outside',
        /OVN leads it out to the physical network physnet1 by br-ex of this host, as 192\.168\.100\.\d+, and no answer/,
      )
      await nb('lr-nat-del', 'lr-gateway-transit')
      await keeps(['out', '203.0.113.9'], 'outside', /by br-ex of this host, still as 10\.4\.0\.\d+, and no answer/)
      await near.run('ovs-vsctl', 'remove', 'Open_vSwitch', '.', 'external_ids', 'ovn-bridge-mappings')
      await comesTrue(
        async () => !(await near.run('ovn-sbctl', 'list', 'Chassis')).includes('physnet1'),
        'the chassis has no mapping',
      )
      await keeps(
        ['out', '203.0.113.9'],
        'physical-network',
        /physical network physnet1 by this host, which has no bridge for that/,
      )
      await near.run('ovn-sbctl', '--all', 'destroy', 'MAC_Binding')
      await keeps(
        ['out', '203.0.113.9'],
        'neighbour',
        /the router lr-gateway-transit asks in vain who has 192\.168\.100\.1:/,
      )
    } finally {
      await near.run('docker', 'rm', '--force', 'out')
      for (const name of ['vpc', 'transit']) await near.ovsd('net', 'rm', name, '--force')
    }
  })

  it('names a logical port that no host has, and why', async () => {
    await far.run(
      'ovs-vsctl',
      'del-port',
      (
        await far.run('ovs-vsctl', '--bare', '--columns=name', 'find', 'Interface', 'external_ids:ovsd_name=away')
      ).trim(),
    )
    await near.run('ovn-nbctl', '--wait=hv', 'sync')
    await keeps(['web', '10.1.0.4'], 'logical-port', /it is for the logical port \S+ of away, which no host has/)
    const port = await portOf('db')
    await nb('lsp-set-options', port, 'requested-chassis=nowhere')
    await keeps(['web', 'db'], 'logical-port', /the logical port \S+ \(port \S+ \(eth1 of db\)\) does not work: /)
  })

  it('goes on without central, and without ovn-trace, and says so', async () => {
    const program = (await near.run('sh', '-c', 'command -v ovn-trace')).trim()
    await nb('acl-add', 'ls-b', 'to-lport', '1000', 'ip4', 'drop')
    await near.run('mount', '--bind', '/bin/false', program)
    try {
      const { cause, said } = await path('web', 'app')
      assert.equal(cause, 'flow', said)
      assert.match(said, /the bridge br-int drops it \(table \d+: .*; OVN could not be asked .*ovn-trace .* fails/)
    } finally {
      await near.run('umount', program)
      await nb('acl-del', 'ls-b')
    }
    const flow = 'priority=65535,table=0,icmp,actions=drop'
    await near.run(OVN_CTL, 'stop_northd')
    await near.run('ovs-ofctl', 'add-flow', 'br-int', flow)
    try {
      const { cause, said } = await path('web', 'app')
      assert.equal(cause, 'flow', said)
      assert.match(said, /the bridge br-int drops it \(table 0: .*; OVN could not be asked .*does not answer/)
    } finally {
      await near.run('ovs-ofctl', '--strict', 'del-flows', 'br-int', 'priority=65535,table=0,icmp')
      await near.run(OVN_CTL, 'start_northd')
    }
  })
})
