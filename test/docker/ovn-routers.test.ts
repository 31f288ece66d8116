// Routers between networks on OVN, over two hosts with an engine each: real containers, and the program as its users run it.
import { strict as assert } from 'node:assert'
import { runContainer } from '../../lab/containers.ts'
import { frames } from '../support/frames.ts'
import { errorOf } from '../support/ovsd.ts'
import { northboundDump } from '../support/ovn.ts'
import { localnet } from '../support/localnet.ts'
import { delivers, echoes, placeOn, type Place } from '../support/place.ts'
import { underlay, type FarSite, type Site, type Underlay } from '../support/underlay.ts'

type Connected = Place & { readonly name: string; readonly address: string; readonly address6: string }

/** The hop limit of an answer; undefined without one. */
async function ttlOf(from: Place, to: string): Promise<number | undefined> {
  for (let tries = 0; tries < 4; tries++) {
    const { stdout } = await from.run(['busybox', 'ping', '-c', '1', '-W', '1', to])
    const [, ttl] = /ttl=(\d+)/.exec(stdout) ?? []
    if (ttl !== undefined) return Number(ttl)
  }
  return undefined
}

describe('routers on OVN, over two hosts', function () {
  this.timeout(120_000)
  let net: Underlay
  let near: Site
  let far: FarSite
  let empty = ''
  const made: { readonly site: Site; readonly id: string }[] = []
  const NETWORKS = ['a', 'b', 'c', 'd', 'transit', 'transit-net']

  before(async () => {
    net = await underlay(1, { services: 'docker' })
    near = net.near
    far = net.far[0] ?? assert.fail()
    await near.ok('ovn', 'bootstrap', '--central=local', `--listen=${near.address}`, '--insecure')
    await far.ok('ovn', 'join', `tcp:${near.address}`, '--insecure')
    empty = await northboundDump(near)
  })
  after(async () => {
    await far.ok('ovn', 'leave')
    await near.ok('ovn', 'leave')
    await near.ok('ovn', 'teardown', '--delete-data')
    await net[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    for (const site of net.sites) for (const name of NETWORKS) await site.ovsd('net', 'rm', name, '--force')
    for (const { site, id } of made.splice(0)) await site.run('docker', 'rm', '--force', id)
  })

  const both = async (...words: string[]) => [await near.ok(...words), await far.ok(...words)] as const
  /** Words of a network on the switch of its own name. */
  const vpc = (name: string, subnets: readonly string[], ...words: string[]): string[] => [
    ...['net', 'create', name, `--switch=ls-${name}`, ...subnets.map((one) => `--subnet=${one}`), ...words],
  ]

  async function connected(site: Site, network: string, ...words: string[]): Promise<Connected> {
    const container = await runContainer(site.host)
    made.push({ site, id: container.id })
    const answer = await site.ok('net', 'connect', network, container.name, '--json', ...words)
    const { addresses } = JSON.parse(answer) as { addresses: readonly string[] }
    const [address = '', address6 = ''] = addresses.map((text) => text.replace(/\/.*/, ''))
    return { ...placeOn(site.host, `/proc/${container.pid}/ns/net`), name: container.name, address, address6 }
  }

  it('networks of one router reach each other, those of another one not; the router goes with the last of them', async () => {
    await both(...vpc('a', ['10.0.0.0/24', 'fd00:a::/64'], '--router=lr-x'))
    await far.ok(...vpc('b', ['10.1.0.0/24', 'fd00:b::/64'], '--router=lr-x', '--dhcp=ovn'))
    await near.ok(...vpc('c', ['10.2.0.0/24'], '--router=lr-y'))
    const [a, b, c] = [await connected(near, 'a'), await connected(far, 'b'), await connected(near, 'c')]
    assert.match((await a.run(['ip', 'route'])).stdout, /^default via 10\.0\.0\.1 dev eth1/m)
    assert.equal(await ttlOf(a, '10.0.0.1'), 254)
    assert.equal(await ttlOf(a, b.address), 63)
    assert.equal(await ttlOf(b, a.address6), 63)
    assert.ok(await delivers(a, b, b.address, 256))
    assert.ok(await delivers(b, a, a.address, 256))
    for (const [from, to] of [
      [c, a.address],
      [c, b.address],
      [a, c.address],
      [b, c.address],
    ] as const)
      assert.equal(await echoes(from, to, { tries: 2 }), false, `${from.address} to ${to}`)
    const inspected = JSON.parse(await near.ok('net', 'inspect', 'a', '--json')) as {
      overlay: { router: string }
      missing: readonly string[]
    }
    assert.equal(inspected.overlay.router, 'lr-x')
    assert.deepEqual(inspected.missing, [])
    const advertised = async (port: string) =>
      near.run('ovn-nbctl', 'get', 'Logical_Router_Port', port, 'ipv6_ra_configs')
    const ports = (
      await near.run('ovn-nbctl', '--bare', '--columns=name', 'find', 'Logical_Router_Port', 'name!=x')
    ).trim()
    const told = await Promise.all(ports.split(/\s+/).map(advertised))
    assert.deepEqual(told.map((text) => text.includes('dhcpv6_stateful')).sort(), [false, false, true])
    await near.ok('net', 'rm', 'a', '--force')
    // The other host still has it.
    assert.equal(await ttlOf(b, '10.0.0.1'), 254)
    await far.ok('net', 'rm', 'a')
    assert.match(await near.run('ovn-nbctl', 'lr-list'), /\(lr-x\)/)
    assert.equal(await echoes(b, '10.0.0.1', { tries: 1 }), false)
    await far.ok('net', 'rm', 'b', '--force')
    assert.doesNotMatch(await near.run('ovn-nbctl', 'lr-list'), /\(lr-x\)/)
    await near.ok('net', 'rm', 'c', '--force')
    assert.equal(await northboundDump(near), empty)
  })

  it('networks that one router could not tell apart, or that are of several tenants, are refused', async () => {
    await near.ok(...vpc('a', ['10.0.0.0/24'], '--router=lr-x', '--tenant=acme'))
    const before = await northboundDump(near)
    const overlapping = await far.ovsd(...vpc('b', ['10.0.0.0/16'], '--router=lr-x', '--tenant=acme'), '--json')
    assert.equal(errorOf(overlapping).code, 'SubnetOverlaps')
    const tenant = await far.ovsd(...vpc('b', ['10.1.0.0/24'], '--router=lr-x'), '--json')
    assert.equal(errorOf(tenant).code, 'TenantDiffers')
    await near.run('ovn-nbctl', 'lr-add', 'lr-hand')
    const foreign = await far.ovsd(...vpc('b', ['10.1.0.0/24'], '--router=lr-hand'), '--json')
    assert.equal(errorOf(foreign).code, 'RouterForeign')
    await near.run('ovn-nbctl', 'lr-del', 'lr-hand')
    assert.equal(await northboundDump(near), before)
  })

  it('a port of the router that was removed by hand comes back', async () => {
    await near.ok(...vpc('a', ['10.0.0.0/24'], '--router=lr-x'))
    const before = await northboundDump(near)
    const port = (await near.run('ovn-nbctl', '--bare', '--columns=name', 'list', 'Logical_Router_Port')).trim()
    await near.run('ovn-nbctl', 'lrp-del', port)
    assert.match(await near.ok('net', 'inspect', 'a'), /its port on the logical router lr-x/)
    assert.match(await near.ok(...vpc('a', ['10.0.0.0/24'], '--router=lr-x')), /completed/)
    assert.equal(await northboundDump(near), before)
  })

  const transit = ['net', 'create', 'transit', '--role=transit', '--subnet=192.168.100.0/24', '--subnet=fd00:100::/64']

  it('networks of several routers reach each other through a transit network, others do not; nothing stays', async () => {
    await near.ok(...transit)
    const bare = await northboundDump(near)
    await near.ok(...vpc('a', ['10.0.0.0/24', 'fd00:a::/64'], '--router=lr-a', '--transit-network=transit'))
    await far.ok(...vpc('b', ['172.16.0.0/20', 'fd00:b::/64'], '--router=lr-b', '--transit-network=transit'))
    await far.ok(...vpc('c', ['10.2.0.0/24'], '--router=lr-c'))
    const [a, b, c] = [await connected(near, 'a'), await connected(far, 'b'), await connected(far, 'c')]
    assert.equal(await ttlOf(a, b.address), 62)
    assert.equal(await ttlOf(b, a.address), 62)
    assert.equal(await ttlOf(a, b.address6), 62)
    assert.ok(await delivers(a, b, b.address, 256))
    for (const [from, to] of [
      [c, a.address],
      [a, c.address],
      [c, b.address],
      [b, c.address],
    ] as const)
      assert.equal(await echoes(from, to, { tries: 2 }), false, `${from.address} to ${to}`)
    // A network behind the same router that is not in the transit network has no way there.
    await near.ok(...vpc('d', ['10.3.0.0/24'], '--router=lr-a'))
    const d = await connected(near, 'd')
    assert.equal(await ttlOf(d, a.address), 63)
    assert.equal(await echoes(d, b.address, { tries: 2 }), false)
    assert.equal(await echoes(b, d.address, { tries: 1 }), false)
    // What it sends does not even arrive: nothing of it is seen where it would have to.
    const seen = await frames(b, 'eth1', 'ip src 10.3.0.2')
    await d.run(['busybox', 'ping', '-c', '2', '-W', '1', b.address])
    assert.deepEqual(await seen.taken(), [])
    const refused = await near.ovsd('net', 'rm', 'transit', '--json')
    assert.equal(errorOf(refused).code, 'NetworkInUse')
    assert.match(errorOf(refused).message, /the network a, by its router lr-a; the network b, by its router lr-b/)
    await near.ok('net', 'rm', 'a', '--force')
    assert.equal(await near.run('ovn-nbctl', 'lr-route-list', 'lr-b').then((text) => text.includes('10.0.0')), false)
    assert.match(await near.run('ovn-nbctl', 'lr-list'), /\(lr-a\)/)
    await far.ok('net', 'rm', 'b', '--force')
    await far.ok('net', 'rm', 'c', '--force')
    await near.ok('net', 'rm', 'd', '--force')
    assert.equal(await northboundDump(near), bare)
    await near.ok('net', 'rm', 'transit')
    assert.equal(await northboundDump(near), empty)
  })

  it('what the transit network could not tell apart, or reach, and one that is not there, are refused', async () => {
    await near.ok('net', 'create', 'transit', '--role=transit')
    await near.ok(...vpc('a', ['10.0.0.0/24'], '--router=lr-a', '--transit-network=transit'))
    const before = await northboundDump(near)
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['SubnetOverlaps', ['10.0.0.128/25']],
      ['SubnetOverlaps', ['192.168.0.0/16']],
      ['TransitSubnetMissing', ['10.9.0.0/24', 'fd00:9::/64']],
    ]
    for (const [code, subnets] of cases) {
      const ended = await far.ovsd(...vpc('b', subnets, '--router=lr-b', '--transit-network=transit'), '--json')
      assert.equal(errorOf(ended).code, code, subnets.join())
    }
    const none = await far.ovsd(...vpc('b', ['10.1.0.0/24'], '--router=lr-b', '--transit-network=other'), '--json')
    assert.equal(errorOf(none).code, 'TransitMissing')
    const twice = await far.ovsd('net', 'create', 'transit', '--role=transit', '--switch=ls-other', '--json')
    assert.equal(errorOf(twice).code, 'NetworkExists')
    assert.equal(await northboundDump(near), before)
  })

  it('a transit network that is removed by force leaves its members, and takes them in again when it is back', async () => {
    await near.ok('net', 'create', 'transit', '--role=transit')
    const words = (name: string, subnet: string) =>
      vpc(name, [subnet], `--router=lr-${name}`, '--transit-network=transit')
    await near.ok(...words('a', '10.0.0.0/24'))
    await far.ok(...words('b', '10.1.0.0/24'))
    await near.ok('net', 'rm', 'transit', '--force')
    assert.match(await near.ok('net', 'inspect', 'a'), /its transit network transit, which is gone/)
    const again = await near.ovsd(...words('a', '10.0.0.0/24'), '--json')
    assert.deepEqual([again.status, errorOf(again).code], [1, 'NetworkIncomplete'])
    const a = await connected(near, 'a')
    await near.ok('net', 'create', 'transit', '--role=transit')
    await near.ok(...words('a', '10.0.0.0/24'))
    await far.ok(...words('b', '10.1.0.0/24'))
    const b = await connected(far, 'b')
    assert.equal(await ttlOf(a, b.address), 62)
  })

  /** Where the frames of an echo come from, as they are seen outside. */
  async function seenAs(outside: Place, from: Place, to: string): Promise<readonly string[]> {
    const version = to.includes(':') ? 'icmp6 and ip6[40] = 128' : 'icmp[0] = 8'
    const seen = await frames(outside, 'out', version)
    assert.ok(await echoes(from, to), to)
    return [...new Set((await seen.taken()).map((line) => / (\S+) > \S+: ICMP/.exec(line)?.[1] ?? line))]
  }

  it("as in ovs-container-network's documents: whoever leaves has an address of the transit network, which leads out", async () => {
    await using physical = await localnet(near, ['192.168.100.1/24'], ['203.0.113.7/32'])
    await near.ok('net', 'create', 'transit-net', '--opt=ovn.role=transit', '--opt=ovn.external_gateway=192.168.100.1')
    const created = JSON.parse(await near.ok('net', 'inspect', 'transit-net', '--json')) as {
      subnets: readonly { subnet: string; gateway: string }[]
      overlay: object
    }
    assert.deepEqual([created.subnets[0]?.subnet, created.subnets[0]?.gateway], ['192.168.100.0/24', '192.168.100.2'])
    assert.deepEqual(created.overlay, {
      ...{ switch: 'ls-transit-net', physnet: 'physnet1', router: 'lr-gateway', transitNetwork: null, role: 'transit' },
      ...{ externalGateways: ['192.168.100.1'], externalAddresses: ['192.168.100.3/32'], dhcp: false, dns: [] },
    })
    await far.ok(...vpc('a', ['10.0.0.0/24'], '--opt=ovn.router=lr-vpc-a', '--opt=ovn.transit_network=transit-net'))
    await near.ok(...vpc('b', ['10.1.0.0/24'], '--opt=ovn.router=lr-vpc-b', '--opt=ovn.transit_network=transit-net'))
    await near.ok(...vpc('c', ['10.2.0.0/24'], '--router=lr-c'))
    const [a, b, c] = [await connected(far, 'a'), await connected(near, 'b'), await connected(near, 'c')]
    const { outside } = physical
    assert.deepEqual(await seenAs(outside, a, '203.0.113.7'), ['192.168.100.3'])
    assert.deepEqual(await seenAs(outside, b, '192.168.100.1'), ['192.168.100.3'])
    assert.ok(await delivers(a, outside, '203.0.113.7', 256))
    assert.equal(await ttlOf(a, b.address), 62)
    assert.equal(await echoes(c, '203.0.113.7', { tries: 2 }), false)
    // Between members nothing is translated.
    const between = await frames(b, 'eth1', 'icmp[0] = 8')
    assert.ok(await echoes(a, b.address))
    assert.match((await between.taken()).join(), / 10\.0\.0\.2 > 10\.1\.0\.2: ICMP/)
    // Nobody outside gets in by sending to what is behind the gateway router.
    await outside.run(['ip', 'route', 'add', '10.0.0.0/8', 'via', '192.168.100.3'])
    const in_ = await frames(a, 'eth1', 'ip src 192.168.100.1 or ip src 203.0.113.7')
    assert.equal(await echoes(outside, a.address, { tries: 2 }), false)
    assert.deepEqual(await in_.taken(), [])
    assert.ok(await echoes(a, '203.0.113.7'))
    for (const name of ['a']) await far.ok('net', 'rm', name, '--force')
    for (const name of ['b', 'c', 'transit-net']) await near.ok('net', 'rm', name, '--force')
    assert.equal(await northboundDump(near), empty)
  })

  it('a way out with addresses of its own, in a VLAN, of both IP versions; another host takes over', async () => {
    const onLink = ['192.0.2.1/24', '2001:db8::1/64']
    await using physical = await localnet(near, onLink, ['203.0.113.7/32', '2001:db8:9::7/128'], 7)
    const { outside } = physical
    const words = [
      ...[...transit, '--physnet=physnet1', '--vlan=7', '--external-gateway=192.0.2.1,2001:db8::1'],
      '--external-address=192.0.2.9/24,2001:db8::9/64',
    ]
    await both(...words)
    await near.ok(...vpc('a', ['10.0.0.0/24', 'fd00:a::/64'], '--router=lr-a', '--transit-network=transit'))
    const a = await connected(near, 'a')
    assert.deepEqual(await seenAs(outside, a, '203.0.113.7'), ['192.0.2.9'])
    assert.deepEqual(await seenAs(outside, a, '2001:db8:9::7'), ['2001:db8::9'])
    const chassis = async () => near.run('ovn-nbctl', 'get', 'Logical_Router', 'lr-gateway-transit', 'options:chassis')
    const first = await chassis()
    // The other host has the transit network, too: nobody's way goes with this one's.
    await near.ok('net', 'rm', 'transit')
    assert.notEqual(await chassis(), first)
    assert.ok(
      (await far.run('ovs-vsctl', 'get', 'Open_vSwitch', '.', 'external_ids:system-id')).includes(
        (await chassis()).trim().replaceAll('"', ''),
      ),
    )
    await near.ok('net', 'rm', 'a', '--force')
    await far.ok('net', 'rm', 'transit')
    assert.equal(await northboundDump(near), empty)
  })

  it('a way out that this host does not lead to is refused', async () => {
    const wanted = [...transit, '--external-gateway=192.168.100.1']
    assert.equal(errorOf(await near.ovsd(...wanted, '--json')).code, 'PhysnetUnknown')
    assert.equal(errorOf(await near.ovsd(...wanted, '--physnet=nowhere', '--json')).code, 'PhysnetUnknown')
    assert.equal(await northboundDump(near), empty)
  })

  it('two hosts that connect two networks at the same moment lose no route', async () => {
    await near.ok('net', 'create', 'transit', '--role=transit')
    const before = await northboundDump(near)
    const words = (name: string, subnet: string) =>
      vpc(name, [subnet], `--router=lr-${name}`, '--transit-network=transit')
    for (let round = 0; round < 3; round++) {
      await Promise.all([near.ok(...words('a', '10.0.0.0/24')), far.ok(...words('b', '10.1.0.0/24'))])
      for (const [site, name] of [
        [near, 'a'],
        [far, 'b'],
      ] as const) {
        const { missing } = JSON.parse(await site.ok('net', 'inspect', name, '--json')) as {
          missing: readonly string[]
        }
        assert.deepEqual(missing, [])
        const other = name === 'a' ? '10.1.0.0/24' : '10.0.0.0/24'
        assert.ok((await near.run('ovn-nbctl', 'lr-route-list', `lr-${name}`)).includes(other))
      }
      await Promise.all([near.ok('net', 'rm', 'a'), far.ok('net', 'rm', 'b')])
      assert.equal(await northboundDump(near), before)
    }
  })
})
