// Labels that name a network: every container gets an address of its own, keeps it, and gives it back.
import { strict as assert } from 'node:assert'
import { container, netnsOf } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { labelOptions, together, type Want, type Wanting } from '../support/labelled.ts'
import { bridgesSeen, ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { settingsFile } from '../support/settings-file.ts'
import { tool, toolIn } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { watch } from '../support/watch.ts'

/** A network of its own bridge bn0, gone with it at the end of a `using` block. */
function network(name: string, ...args: string[]): Disposable {
  ok('net', 'create', name, '--bridge=bn0', '--mode=l2', ...args)
  return { [Symbol.dispose]: () => void ovsd(['net', 'rm', name, '--force']) }
}

/** A daemon whose policy lets labels name networks. */
const ALLOWED = 'bridges: [bn0]\nnetworks: true\n'

const addressesOf = (name: string, iface = 'eth1'): readonly string[] =>
  insideSeen(netnsOf(name)).get(iface)?.addresses ?? []
const attached = (name: string, iface = 'eth1') => ({ event: 'port.attached', container: name, interface: iface })
const about = (event: string, name: string) => ({ event, container: name })
/** Keys of what bn0 keeps for containers. */
const records = (): readonly string[] =>
  bridgesSeen()
    .filter(({ name }) => name === 'bn0')
    .flatMap(({ ids }) => Object.keys(ids).filter((key) => key.startsWith('ovsd_persist.')))
const inBlue = (...more: string[]) => container('--label=ovs.network=blue', ...more)
/** What such a container is to have. */
const wanting = ({ id, name }: { id: string; name: string }, ...wants: Want[]): Wanting => ({
  ...{ id, name },
  wants: wants.map((want) => ({ bridge: 'bn0', ...want })),
})

describe('labels that name a network', () => {
  it('bring everything that the network says, of both IP versions', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network(
      ...(['blue', '--subnet=10.3.0.0/24', '--subnet=fd03::/64', '--gateway=10.3.0.1', '--vlan=30'] as const),
      ...['--tenant=acme', '--mtu=1400'],
    )
    const before = hostView('bn0')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    using a = inBlue()
    using b = container(...labelOptions({ 'ovs.eth2.network': 'blue', 'ovs.eth2.ip_address': '10.3.0.7' }))
    await watcher.sees(attached(a.name))
    await watcher.sees(attached(b.name, 'eth2'))
    const common: Want = { vlan: 30, mtu: 1400, tenant: 'acme', gateways: ['10.3.0.1'] }
    const [six] = addressesOf(b.name, 'eth2').filter((text) => text.includes(':'))
    await holds({
      containers: [
        wanting(a, { ...common, addresses: ['10.3.0.2/24', six === 'fd03::1/64' ? 'fd03::2/64' : 'fd03::1/64'] }),
        wanting(b, { ...common, iface: 'eth2', addresses: ['10.3.0.7/24', six ?? ''] }),
      ],
      ...{ bridge: 'bn0', before, watcher },
    })
    const { ids } = portOf(a.id) ?? assert.fail()
    assert.deepEqual([ids['ovsd_network'], ids['ovsd_owner'], ids['ovsd_tenant']], ['blue', 'watch', 'acme'])
    assert.ok(answers(a.name, '10.3.0.7'))
    assert.match(ok('net', 'inspect', 'blue'), new RegExp(`${a.name} +${a.id.slice(0, 12)} +eth1 +10\\.3\\.0\\.2/24`))
    const removal = ovsd(['net', 'rm', 'blue'])
    assert.equal(removal.status, 1)
    assert.match(removal.stderr, /The network blue is in use by eth/)
    assert.match(ovsd(['net', 'connect', 'blue', a.name]).stderr, /Port already attached/)
  })

  it('30 at once get 30 addresses, the lowest; stopped and started they have the same', async function () {
    this.timeout(240_000)
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24', '--gateway=10.3.0.1')
    const before = hostView('bn0')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    using many = await together(Array.from({ length: 30 }, () => ({ 'ovs.network': 'blue' })))
    await many.start()
    for (const { name } of many.all) await watcher.sees(attached(name), { seconds: 60 })
    const given = new Map(many.all.map(({ name }) => [name, addressesOf(name)]))
    assert.deepEqual(
      [...given.values()].flat().sort(),
      Array.from({ length: 30 }, (_, i) => `10.3.0.${i + 2}/24`).sort(),
    )
    const containers = many.all.map((one) =>
      wanting(one, { addresses: given.get(one.name) ?? [], gateways: ['10.3.0.1'] }),
    )
    await holds({ containers, bridge: 'bn0', before, watcher })
    const from = watcher.lines.length
    await many.kill()
    for (const { name } of many.all) await watcher.sees(about('port.detached', name), { from, seconds: 60 })
    assert.equal(records().length, 30)
    // Somebody who comes meanwhile gets none of them.
    using late = inBlue()
    await watcher.sees(attached(late.name))
    assert.deepEqual(addressesOf(late.name), ['10.3.0.32/24'])
    const then = watcher.lines.length
    await many.start()
    for (const { name } of many.all) await watcher.sees(attached(name), { from: then, seconds: 60 })
    const now = wanting(late, { addresses: ['10.3.0.32/24'], gateways: ['10.3.0.1'] })
    await holds({ containers: [...containers, now], bridge: 'bn0', before, watcher })
  })

  it('keep the address while watch is stopped; removed, before or after its start, it is free', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24')
    const args = [`--policy=${policy.path}`, '--bridge=bn0']
    const before = hostView('bn0')
    await using first = await watch(args)
    const gone = inBlue()
    await first.sees(attached(gone.name))
    using b = inBlue()
    await first.sees(attached(b.name))
    using c = inBlue()
    await first.sees(attached(c.name))
    assert.deepEqual(
      [gone, b, c].flatMap(({ name }) => addressesOf(name)),
      [...['10.3.0.1/24', '10.3.0.2/24', '10.3.0.3/24']],
    )
    await first.after(() => tool('docker', 'stop', '--time=0', b.name, gone.name), about('port.detached', gone.name))
    await first.sees(about('port.detached', b.name))
    await first.stop()
    // While nobody looks one is removed, one is restarted, and one starts.
    gone[Symbol.dispose]()
    tool('docker', 'restart', '--time=0', c.name)
    tool('docker', 'start', b.name)
    await using second = await watch(args)
    for (const { name } of [b, c]) await second.sees(attached(name))
    const containers = [wanting(b, { addresses: ['10.3.0.2/24'] }), wanting(c, { addresses: ['10.3.0.3/24'] })]
    await holds({ containers, bridge: 'bn0', before, watcher: second, seconds: 3 })
    assert.equal(records().length, 2)
    {
      using d = inBlue()
      await second.sees(attached(d.name))
      assert.deepEqual(addressesOf(d.name), ['10.3.0.1/24'])
    }
    using e = inBlue()
    await second.sees(attached(e.name))
    assert.deepEqual(addressesOf(e.name), ['10.3.0.1/24'])
    await holds({
      ...{ containers: [...containers, wanting(e, { addresses: ['10.3.0.1/24'] })], bridge: 'bn0', before },
      watcher: second,
    })
    assert.equal(records().length, 3)
  })

  it('two networks of one bridge with equal subnets: equal addresses, and no frame crosses', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24')
    using _red = network('red', '--subnet=10.3.0.0/24', '--tenant=acme')
    const before = hostView('bn0')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    using blues = await together([{ 'ovs.network': 'blue' }, { 'ovs.network': 'blue' }])
    using reds = await together([{ 'ovs.network': 'red' }, { 'ovs.network': 'red' }])
    await Promise.all([blues.start(), reds.start()])
    for (const { name } of [...blues.all, ...reds.all]) await watcher.sees(attached(name))
    const both = ['10.3.0.1/24', '10.3.0.2/24']
    assert.deepEqual(blues.all.flatMap(({ name }) => addressesOf(name)).sort(), both)
    assert.deepEqual(reds.all.flatMap(({ name }) => addressesOf(name)).sort(), both)
    using lone = container(...labelOptions({ 'ovs.network': 'red', 'ovs.ip_address': '10.3.0.77/24' }))
    await watcher.sees(attached(lone.name))
    const [red, blue] = [reds.all[0]?.name ?? '', blues.all[0]?.name ?? '']
    assert.ok(answers(red, '10.3.0.77'))
    assert.ok(!answers(blue, '10.3.0.77', 1))
    await holds({
      containers: [
        ...blues.all.map((one) => wanting(one, { addresses: addressesOf(one.name) })),
        ...reds.all.map((one) => wanting(one, { addresses: addressesOf(one.name), vlan: 2, tenant: 'acme' })),
        wanting(lone, { addresses: ['10.3.0.77/24'], vlan: 2, tenant: 'acme' }),
      ],
      ...{ bridge: 'bn0', before, watcher },
    })
  })

  it('one container in two networks: the first gives the default route, in every life', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24', '--gateway=10.3.0.1')
    using _red = network('red', '--vlan=7', '--subnet=10.4.0.0/24', '--gateway=10.4.0.1')
    const before = hostView('bn0')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0', '--resync=5'])
    using a = container(...labelOptions({ 'ovs.eth2.network': 'red', 'ovs.eth1.network': 'blue' }))
    const wants = [
      { addresses: ['10.3.0.2/24'], gateways: ['10.3.0.1'] },
      { iface: 'eth2', addresses: ['10.4.0.2/24'], vlan: 7 },
    ]
    for (const iface of ['eth1', 'eth2']) await watcher.sees(attached(a.name, iface))
    await holds({ containers: [wanting(a, ...wants)], bridge: 'bn0', before, watcher })
    // What somebody deletes comes back as it was: the route that is left inside is its own.
    const port = portOf(a.id)?.port ?? assert.fail()
    await watcher.after(() => tool('ovs-vsctl', 'del-port', 'bn0', port), attached(a.name))
    await holds({ containers: [wanting(a, ...wants)], bridge: 'bn0', before, watcher })
    const from = watcher.lines.length
    tool('docker', 'restart', '--time=0', a.name)
    for (const iface of ['eth1', 'eth2']) await watcher.sees(attached(a.name, iface), { from })
    await holds({ containers: [wanting(a, ...wants)], bridge: 'bn0', before, watcher })
    // Two looks at everything find nothing to do.
    assert.deepEqual(await watcher.during(11), [])
  })

  it('with a default route of its own a container gets none, unless labels ask for it', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24', '--gateway=10.3.0.1')
    using a = inBlue()
    using b = inBlue('--label=ovs.gateway=10.3.0.1')
    for (const { name } of [a, b]) {
      const ip = (...args: string[]) => toolIn(netnsOf(name), 'ip', ...args)
      ip('link', 'add', 'd0', 'type', 'veth', 'peer', 'name', 'd1')
      for (const link of ['d0', 'd1']) ip('link', 'set', link, 'up')
      ip('address', 'add', '10.99.0.2/24', 'dev', 'd0')
      ip('route', 'add', 'default', 'via', '10.99.0.1')
    }
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    for (const { name } of [a, b]) await watcher.sees(attached(name))
    const routes = (name: string) => toolIn(netnsOf(name), 'ip', 'route', 'show', 'default')
    assert.match(routes(a.name), /^default via 10\.99\.0\.1 dev d0/)
    assert.match(routes(b.name), /^default via 10\.3\.0\.1 dev eth1/)
    assert.deepEqual(await watcher.during(1), [])
  })

  it('a network that comes after its containers: told once, and attached at once', async () => {
    using policy = settingsFile(ALLOWED)
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    using a = inBlue()
    const line = await watcher.sees(about('port.refused', a.name))
    assert.deepEqual([line['code'], line.level], ['NetworkMissing', 'warn'])
    assert.match(line.msg, /ovs\.network: there is no network blue/)
    {
      using _blue = network('blue', '--subnet=10.3.0.0/24')
      await watcher.sees(attached(a.name), { seconds: 1 })
      await holds({
        ...{ containers: [wanting(a, { addresses: ['10.3.0.1/24'] })], bridge: 'bn0', watcher },
        expected: ['port.refused'],
      })
      // Taken away by force it is not attached again, and the bridge does not come back.
      const from = watcher.lines.length
      ok('net', 'rm', 'blue', '--force')
      await watcher.sees(about('port.refused', a.name), { from })
      await watcher.during(1)
      assert.deepEqual([ownPortsSeen(), bridgesSeen()], [[], []])
    }
    using _blue = network('blue', '--subnet=10.9.0.0/24')
    await watcher.after(
      () => undefined,
      (one) => one.event === 'port.attached' && one.msg.includes('10.9.0.1'),
      2,
    )
    assert.deepEqual(addressesOf(a.name), ['10.9.0.1/24'])
  })

  it('a full network: refused; the next one that is removed makes room, one that stops does not', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/30')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    const a = inBlue()
    await watcher.sees(attached(a.name))
    using b = inBlue()
    await watcher.sees(attached(b.name))
    using c = inBlue()
    const line = await watcher.sees(about('port.refused', c.name))
    assert.equal(line['code'], 'PoolExhausted')
    assert.match(line.msg, /The network blue has no address left: all of 10\.3\.0\.0\/30 are in use/)
    const said = await watcher.during(1, () => tool('docker', 'stop', '--time=0', a.name))
    assert.deepEqual(
      said.map(({ event }) => event),
      ['port.detached'],
    )
    await watcher.after(() => a[Symbol.dispose](), attached(c.name), 2)
    await holds({
      containers: [wanting(b, { addresses: ['10.3.0.2/30'] }), wanting(c, { addresses: ['10.3.0.1/30'] })],
      ...{ bridge: 'bn0', watcher, expected: ['port.refused'] },
    })
  })

  it('static addresses that are kept for another, or that the network does not have: refused', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    const a = inBlue()
    await watcher.sees(attached(a.name))
    await watcher.after(() => tool('docker', 'stop', '--time=0', a.name), about('port.detached', a.name))
    using b = inBlue('--label=ovs.ip_address=10.3.0.1')
    const line = await watcher.sees(about('port.refused', b.name))
    assert.equal(line['code'], 'AddressInUse')
    assert.match(line.msg, new RegExp(`10\\.3\\.0\\.1 is kept for eth1 of ${a.name} in blue`))
    const wrong: readonly (readonly [labels: Readonly<Record<string, string>>, code: string, words: RegExp])[] = [
      [{ 'ovs.ip_address': '10.4.0.1' }, 'BadInput', /in no subnet of the network blue/],
      [{ 'ovs.vlan': '7' }, 'LabelConflict', /the network blue is untagged/],
      [{ 'ovs.bridge': 'br9' }, 'LabelConflict', /the network blue is on bn0/],
      [{ 'ovs.trunks': '7' }, 'LabelConflict', /is one VLAN/],
      [{ 'ovs.tenant': 'x' }, 'LabelConflict', /has no tenant/],
      [{ 'ovs.eth2.network': 'blue' }, 'LabelConflict', /eth1 is in blue already/],
    ]
    for (const [labels, code, words] of wrong) {
      using one = container(...labelOptions({ 'ovs.network': 'blue', ...labels }))
      const { msg, code: said } = await watcher.sees(about('port.refused', one.name))
      assert.equal(said, code)
      assert.match(msg, words)
    }
    await watcher.after(() => a[Symbol.dispose](), attached(b.name), 2)
    await holds({
      ...{ containers: [wanting(b, { addresses: ['10.3.0.1/24'] })], bridge: 'bn0', watcher },
      expected: ['port.refused'],
    })
  })

  it('the policy names networks; without a file there are none', async () => {
    using _blue = network('blue', '--subnet=10.3.0.0/24')
    using _red = network('red', '--vlan=7', '--subnet=10.4.0.0/24')
    using a = inBlue()
    using b = container('--label=ovs.network=red')
    {
      await using watcher = await watch(['--bridge=bn0'])
      for (const { name } of [a, b])
        await watcher.sees({ ...about('port.refused', name), rule: 'built-in: networks', code: 'PolicyRefused' })
      await holds({ containers: [], bridge: 'bn0', watcher, expected: ['port.refused'] })
    }
    using policy = settingsFile('bridges: [bn0]\nnetworks: ["b*"]\n')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    await watcher.sees(attached(a.name))
    const { msg } = await watcher.sees({ ...about('port.refused', b.name), rule: 'networks' })
    assert.match(msg, /ovs\.network: the network red is not allowed; allowed: b\*/)
    policy.write('bridges: [bn0]\nnetworks: true\nvlans: [8]\nuntagged: true\n')
    await watcher.after(() => watcher.signal('SIGHUP'), { ...about('port.refused', b.name), rule: 'vlans' })
    const { wishes } = json('policy', 'check', policy.path, '--label=ovs.network=blue') as {
      wishes: readonly { readonly bridge: string; readonly allowed: boolean }[]
    }
    assert.deepEqual(
      wishes.map(({ bridge, allowed }) => [bridge, allowed]),
      [['bn0', true]],
    )
    policy.write(ALLOWED)
    await watcher.after(() => watcher.signal('SIGHUP'), attached(b.name))
    await holds({
      containers: [wanting(a, { addresses: ['10.3.0.1/24'] }), wanting(b, { addresses: ['10.4.0.1/24'], vlan: 7 })],
      ...{ bridge: 'bn0', watcher, expected: ['port.refused'] },
    })
  })

  it('net connect and labels at the same time: nobody gets what another has', async () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24')
    await using watcher = await watch([`--policy=${policy.path}`, '--bridge=bn0'])
    using many = await together(Array.from({ length: 12 }, () => ({ 'ovs.network': 'blue' })))
    using x = container()
    using y = container()
    const started = many.start()
    for (const { name } of [x, y]) ok('net', 'connect', 'blue', name)
    await started
    for (const { name } of many.all) await watcher.sees(attached(name), { seconds: 20 })
    const all = ownPortsSeen().flatMap(({ ids }) => Object.keys(ids).filter((key) => key.startsWith('ovsd_ip.')))
    assert.deepEqual([all.length, new Set(all).size], [14, 14])
    await holds({
      containers: [...many.all, x, y].map((one) => wanting(one, { addresses: addressesOf(one.name) })),
      ...{ bridge: 'bn0', watcher },
    })
  })

  it('--once and --dry-run do what they do for other labels', () => {
    using policy = settingsFile(ALLOWED)
    using _blue = network('blue', '--subnet=10.3.0.0/24')
    using a = inBlue()
    using b = inBlue()
    const args = ['watch', '--once', `--policy=${policy.path}`, '--bridge=bn0']
    const dry = ok(...args, '--dry-run')
    assert.deepEqual(new Set(dry.match(/ovsd_ip\.10\.3\.0\.\d+/g)), new Set(['ovsd_ip.10.3.0.1', 'ovsd_ip.10.3.0.2']))
    assert.deepEqual(ownPortsSeen(), [])
    ok(...args)
    assert.deepEqual([a, b].flatMap(({ name }) => addressesOf(name)).sort(), ['10.3.0.1/24', '10.3.0.2/24'])
    assert.equal((json(...args) as { attached: unknown[] }).attached.length, 0)
  })
})
