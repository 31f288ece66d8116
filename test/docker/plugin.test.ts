// `docker network create -d ovsd` and what people do with such networks, with a real engine.
import { strict as assert } from 'node:assert'
import { request } from 'node:http'
import { execa } from 'execa'
import { openHost } from '../../src/lib/host.ts'
import { leftEndpoints } from '../../src/lib/plugin/left-endpoints.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { refused } from '../support/docker-cli.ts'
import { listed } from '../support/attachments.ts'
import { container, inside, netnsOf } from '../support/containers.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { pairs } from '../support/pairs.ts'
import { json, ok, PROGRAM } from '../support/ovsd.ts'
import { pinging } from '../support/pinging.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'
import { called, dockerId, endpointCall } from '../support/plugin-call.ts'
import { reaches, transfers } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

interface Inside {
  readonly ifname: string
  readonly mtu: number
  readonly address: string
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[]
}

/** A network of Docker's, gone at the end of a `using` block. */
function network(name: string, ...args: string[]): Disposable & { readonly id: string } {
  const id = tool('docker', 'network', 'create', '--driver=ovsd', ...args, name).trim()
  return {
    id,
    [Symbol.dispose]() {
      tool('docker', 'network', 'rm', name)
    },
  }
}

/** The interfaces that a container has, as the kernel tells it. */
const interfaces = (name: string): readonly Inside[] =>
  (JSON.parse(toolIn(netnsOf(name), 'ip', '-json', 'address', 'show')) as readonly Inside[]).filter(
    ({ ifname }) => ifname !== 'lo',
  )
const addressesOf = (name: string, iface = 'eth0'): readonly string[] =>
  (interfaces(name).find(({ ifname }) => ifname === iface)?.addr_info ?? [])
    .filter(({ scope }) => scope === 'global')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
const macOf = (name: string, iface = 'eth0') => interfaces(name).find(({ ifname }) => ifname === iface)?.address
const defaultOf = (name: string, family = '-4'): string =>
  toolIn(netnsOf(name), 'ip', family, 'route', 'show', 'default').trim()
/** What the networks of this host are called by Docker, as far as that is known. */
const titles = (): readonly (string | null)[] =>
  (json('net', 'ls') as { networks: readonly { readonly title: string | null }[] }).networks.map(({ title }) => title)
/** Makes a container by the engine's API: docker(1) says a MAC to new engines only. */
async function created(name: string, settings: object): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const asking = request(
    {
      ...{ socketPath: '/run/docker.sock', method: 'POST', path: `/containers/create?name=${name}` },
      headers: { 'Content-Type': 'application/json' },
    },
    (response) => {
      response.resume()
      response.on('end', () => {
        resolve(response.statusCode)
      })
    },
  )
  asking.on('error', reject)
  asking.end(JSON.stringify(settings))
  assert.equal(await promise, 201)
}
const rm = (name: string): void => void tool('docker', 'rm', '--force', name)

describe('ovsd as a network driver of Docker', function () {
  this.timeout(180_000)
  let driver: Watcher
  before(async () => {
    driver = await plugin()
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
  })
  const logs = holdsThroughout(() => driver)

  it('containers reach each other, the gateway, and nobody when they are gone', () => {
    const before = snapshot()
    {
      using net = network('blue', '--subnet=10.9.0.0/24', '--gateway=10.9.0.9', '--opt=vlan=7', '--opt=mtu=1400')
      using a = container('--network=blue')
      using b = container('--network=blue', '--ip=10.9.0.77')
      assert.deepEqual([addressesOf(a.name), addressesOf(b.name)], [['10.9.0.1/24'], ['10.9.0.77/24']])
      assert.deepEqual(
        interfaces(a.name).map(({ ifname, mtu }) => [ifname, mtu]),
        [['eth0', 1400]],
      )
      assert.match(defaultOf(a.name), /^default via 10\.9\.0\.9 dev eth0/)
      assert.ok(reaches(a.name, '10.9.0.77'))
      assert.ok(reaches(a.name, '10.9.0.9'))
      assert.ok(transfers(a.name, b.name, '10.9.0.77', 256))
      const ports = listed().filter(({ network: name }) => name === net.id.slice(0, 12))
      assert.deepEqual(
        ports.map(({ vlan, owner, state }) => [vlan, owner, state]),
        [
          ['7', 'ovsd plugin', 'ok'],
          ['7', 'ovsd plugin', 'ok'],
        ],
      )
      for (const { port } of ports) assert.match(tool('ip', 'link', 'show', 'dev', port), / mtu 1400 /)
    }
    assert.deepEqual(pairs(), [])
    assert.deepEqual(snapshot(), before)
  })

  it('a container that is started again has its address and its MAC again', () => {
    using _net = network('blue', '--subnet=10.9.0.0/24')
    using a = container('--network=blue', '--ip=10.9.0.5')
    using b = container('--network=blue')
    const mac = macOf(a.name)
    for (const how of [
      ['restart', '-t', '0'],
      ['kill', 'start'],
    ]) {
      if (how[0] === 'kill') for (const word of how) tool('docker', word, a.name)
      else tool('docker', ...how, a.name)
      assert.deepEqual([addressesOf(a.name), macOf(a.name)], [['10.9.0.5/24'], mac])
      assert.ok(reaches(b.name, '10.9.0.5'))
    }
    assert.equal(pairs().length, 2)
  })

  it('a container has the MAC that was asked for, in every life', async () => {
    using _net = network('blue', '--subnet=10.9.0.0/24')
    using a = container('--network=blue')
    await created('with-mac', {
      ...{ Image: 'busybox', Cmd: ['/bin/busybox', 'sleep', '100000'], MacAddress: '02:11:22:33:44:55' },
      HostConfig: { NetworkMode: 'blue' },
    })
    try {
      for (const how of ['start', 'restart']) {
        tool('docker', how, ...(how === 'restart' ? ['-t', '0'] : []), 'with-mac')
        assert.equal(macOf('with-mac'), '02:11:22:33:44:55')
        assert.ok(reaches(a.name, (addressesOf('with-mac')[0] ?? '').replace(/\/.*/, '')))
      }
    } finally {
      rm('with-mac')
    }
  })

  it('running containers are connected and disconnected; two networks of one bridge are apart', () => {
    const before = snapshot()
    {
      using _blue = network('blue', '--subnet=10.9.0.0/24')
      using _red = network('red', '--subnet=10.8.0.0/24')
      using a = container('--network=blue')
      using b = container('--network=red')
      assert.ok(!reaches(a.name, '10.8.0.2'))
      tool('docker', 'network', 'connect', '--ip=10.8.0.50', 'red', a.name)
      assert.deepEqual(addressesOf(a.name, 'eth1'), ['10.8.0.50/24'])
      assert.ok(reaches(b.name, '10.8.0.50'))
      assert.match(defaultOf(a.name), /via 10\.9\.0\.1 dev eth0/)
      tool('docker', 'network', 'disconnect', 'blue', a.name)
      assert.match(defaultOf(a.name), /via 10\.8\.0\.1 dev eth1/)
      tool('docker', 'network', 'disconnect', 'red', a.name)
      assert.deepEqual(interfaces(a.name), [])
      assert.ok(!reaches(b.name, '10.8.0.50'))
      assert.equal(pairs().length, 1)
    }
    assert.deepEqual(snapshot(), before)
  })

  it('containers find each other by name and alias', () => {
    using _net = network('blue', '--subnet=10.9.0.0/24')
    using _store = container('--network=blue', '--network-alias=store')
    using a = container('--network=blue')
    assert.match(
      tool('docker', 'exec', a.name, '/bin/busybox', 'ping', '-c', '1', '-W', '2', 'store'),
      / 0% packet loss/,
    )
  })

  it('containers have the routes of their network', () => {
    using _net = network(
      'blue',
      '--subnet=10.9.0.0/24',
      '--opt=mode=l2',
      '--opt=routes=10.50.0.0/16 via 10.9.0.254 10.51.0.0/16',
    )
    using a = container('--network=blue')
    const routes = toolIn(netnsOf(a.name), 'ip', 'route', 'show')
    assert.match(routes, /^10\.50\.0\.0\/16 via 10\.9\.0\.254 dev eth0/m)
    assert.match(routes, /^10\.51\.0\.0\/16 dev eth0/m)
    ok(
      'net',
      'create',
      'other',
      '--bridge=ovsbr0',
      '--vlan=9',
      '--subnet=10.6.0.0/24',
      '--mode=l2',
      '--route=10.52.0.0/16,10.6.0.9',
    )
    try {
      ok('net', 'connect', 'other', a.name, '--interface=eth7')
      assert.match(toolIn(netnsOf(a.name), 'ip', 'route', 'show'), /^10\.52\.0\.0\/16 via 10\.6\.0\.9 dev eth7/m)
      assert.match(ok('net', 'inspect', 'other'), /route +10\.52\.0\.0\/16 by 10\.6\.0\.9/)
    } finally {
      ok('net', 'rm', 'other', '--force')
    }
  })

  it('both IP versions, and networks that lead nowhere', () => {
    const before = snapshot()
    {
      using _blue = network('blue', '--subnet=10.9.0.0/24', '--ipv6', '--subnet=fd00:9::/64')
      using _dark = network('dark', '--subnet=10.7.0.0/24', '--internal')
      using a = container('--network=blue')
      using b = container('--network=blue')
      using c = container('--network=dark')
      using d = container('--network=dark')
      const [four = '', six = ''] = addressesOf(b.name)
      assert.match(four, /^10\.9\.0\./)
      assert.match(six, /^fd00:9::\d+\/64$/)
      assert.match(defaultOf(a.name, '-6'), /via fd00:9::1 dev eth0/)
      assert.ok(reaches(a.name, four.replace(/\/.*/, '')))
      assert.doesNotThrow(() => inside(a.name, 'ping', '-6', '-c', '3', '-W', '2', six.replace(/\/.*/, '')))
      assert.equal(defaultOf(c.name), '')
      assert.deepEqual(
        interfaces(c.name).map(({ ifname }) => ifname),
        ['eth0'],
      )
      assert.ok(reaches(c.name, (addressesOf(d.name)[0] ?? '').replace(/\/.*/, '')))
    }
    assert.deepEqual(snapshot(), before)
  })

  it('no packet is lost while the driver is restarted, or killed; it goes on with what there is', async () => {
    using _net = network('blue', '--subnet=10.9.0.0/24')
    using a = container('--network=blue')
    using b = container('--network=blue', '--ip=10.9.0.20')
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await using traffic = await pinging(a.name, '10.9.0.20')
      await driver.stop(signal)
      driver = await plugin()
      const c = container('--network=blue')
      rm(c.name)
      const { sent, lost } = await traffic.stop()
      assert.ok(sent > 25, `only ${sent} were sent`)
      assert.equal(lost, 0, `${lost} of ${sent} after ${signal}`)
    }
    tool('docker', 'restart', '-t', '0', b.name)
    assert.ok(reaches(a.name, '10.9.0.20'))
    tool('docker', 'network', 'disconnect', 'blue', a.name)
    assert.equal(pairs().length, 1)
  })

  it('what cannot be had is refused with the reason, and leaves nothing', async () => {
    logs.except(/NetworkDriver\.CreateNetwork/)
    const before = snapshot()
    const create = (...args: string[]) => refused('network', 'create', '--driver=ovsd', ...args, 'bad')
    assert.match(await create('--subnet=10.9.0.0/24', '--opt=vlan=4095'), /--opt vlan: .*4095/)
    assert.match(await create('--subnet=10.9.0.0/24', '--opt=vlna=7'), /there is no option "vlna"[\s\S]*vlan=VALUE/)
    assert.match(await create('--subnet=10.9.0.0/24', '--opt=mode=flat'), /needs the NIC that joins its bridge/)
    assert.match(
      await create('--subnet=10.9.0.0/24', '--internal', '--opt=mode=nat'),
      /--internal: a nat network leads out/,
    )
    assert.match(
      await create('--subnet=10.9.0.0/24', '--opt=ovn.switch=ls1'),
      /does not know of any OVN central[\s\S]*ovsd ovn bootstrap/,
    )
    assert.deepEqual(snapshot(), before)
    assert.doesNotMatch(tool('docker', 'network', 'ls'), /\bbad\b/)
    {
      using _net = network('blue', '--subnet=10.9.0.0/24', '--opt=mode=l2')
      await until(() => titles().includes('blue'), 'the name of the network', 20)
      const created = snapshot()
      ok('net', 'create', 'other', '--bridge=ovsbr0', '--vlan=9', '--subnet=10.6.0.0/24')
      assert.match(await create('--subnet=10.5.0.0/24', '--opt=vlan=9'), /VLAN 9 of ovsbr0 is the network other/)
      ok('net', 'rm', 'other')
      assert.deepEqual(snapshot(), created)
    }
    assert.deepEqual(snapshot(), before)
  })

  it('the rest of ovsd knows them, and leaves them to Docker', () => {
    using net = network('blue', '--subnet=10.9.0.0/24', '--opt=tenant_id=acme')
    using a = container('--network=blue', '--label=ovs.ip_address=192.0.2.5/24')
    const name = net.id.slice(0, 12)
    const { networks } = json('net', 'ls') as { networks: readonly Readonly<Record<string, unknown>>[] }
    assert.deepEqual(
      networks.map(({ network: one, owner, tenant, ports }) => [one, owner, tenant, ports]),
      [[name, 'plugin', 'acme', 1]],
    )
    ok('gc')
    ok('watch', '--once', '--bridge=bw0')
    ok('net', 'prune')
    assert.ok(reaches(a.name, '10.9.0.1'))
    assert.deepEqual(
      interfaces(a.name)
        .map(({ ifname }) => ifname)
        .sort(),
      ['eth0', 'eth1'],
    )
    ok('del-ports', 'bw0', a.name)
    tool('ovs-vsctl', 'del-br', 'bw0')
    // Docker does not know what ovsd gives out, so an address has to be named.
    using b = container()
    assert.throws(() => ok('net', 'connect', name, b.name), /gives no addresses of its own \(Docker does\)/)
    ok('net', 'connect', name, b.name, '--ip=10.9.0.200')
    assert.ok(reaches(a.name, '10.9.0.200'))
    ok('net', 'disconnect', name, b.name)
  })

  it('whom Docker knows nothing of, and who loses the interface when it removes the network, is told of', async () => {
    logs.except(/network\.emptied/)
    const from = driver.lines.length
    using b = container()
    {
      using net = network('blue', '--subnet=10.9.0.0/24')
      ok('net', 'connect', net.id.slice(0, 12), b.name, '--ip=10.9.0.200', '--interface=eth7')
    }
    const { msg } = await driver.sees('network.emptied', { from })
    assert.match(msg, new RegExp(`^Docker removes the network \\w+, with what it knows nothing of: eth7 of ${b.name}$`))
    assert.deepEqual(addressesOf(b.name, 'eth7'), [])
    {
      using _net = network('red', '--subnet=10.8.0.0/24')
      using _a = container('--network=red')
    }
    assert.equal(driver.all('network.emptied', from).length, 1)
  })

  it('whose a port is, and what a network is called, is known as soon as Docker can be asked', async () => {
    using net = network('blue', '--subnet=10.9.0.0/24')
    using a = container('--network=blue')
    using b = container('--network=none')
    tool('docker', 'network', 'disconnect', 'none', b.name)
    tool('docker', 'network', 'connect', 'blue', b.name)
    const seen = () =>
      listed()
        .filter(({ network: name }) => name === net.id.slice(0, 12))
        .map(({ container: name, containerId, interface: iface, state }) => [name, containerId, iface, state])
        .sort()
    const expected = [
      [a.name, a.id, 'eth0', 'ok'],
      [b.name, b.id, 'eth0', 'ok'],
    ].sort()
    await until(() => JSON.stringify(seen()) === JSON.stringify(expected), JSON.stringify(expected), 30)
    const { title } = json('net', 'inspect', 'blue') as { readonly title: string | null }
    assert.equal(title, 'blue')
    assert.match(ok('list'), new RegExp(`${a.name} .* blue +ovsd plugin +ok`))
    assert.match(ok('net', 'ls'), new RegExp(`${net.id.slice(0, 12)} \\(blue\\) +nat`))
    assert.match(ok('net', 'inspect', 'blue'), /given out through Docker[\s\S]*eth0/)
    assert.throws(() => ok('net', 'rm', 'blue'), /docker network rm blue/)
    ok('gc')
    ok('watch', '--once')
    assert.ok(reaches(a.name, (addressesOf(b.name)[0] ?? '').replace(/\/.*/, '')))
    const { stderr } = await execa(PROGRAM[0] ?? '', [...PROGRAM.slice(1), 'add-port', 'ovsbr0', 'eth0', a.name], {
      reject: false,
    })
    assert.match(stderr, /Port already attached for/)
    assert.throws(() => ok('net', 'disconnect', net.id.slice(0, 12), a.name), /was put into the network .* by Docker/)
    const unplugged = /eth0 of \S+ was put into the network .* by Docker/
    assert.throws(() => ok('del-port', 'ovsbr0', 'eth0', a.name), unplugged)
    assert.throws(() => ok('set-vlan', 'ovsbr0', 'eth0', a.name, '9'), unplugged)
    ok('del-ports', 'ovsbr0', a.name)
    assert.ok(reaches(a.name, (addressesOf(b.name)[0] ?? '').replace(/\/.*/, '')))
    // Another life of the container has another endpoint, which is known by the same name.
    tool('docker', 'restart', '-t', '0', a.name)
    await until(() => JSON.stringify(seen()) === JSON.stringify(expected), JSON.stringify(expected), 30)
    ok('gc')
    assert.ok(reaches(b.name, (addressesOf(a.name)[0] ?? '').replace(/\/.*/, '')))
  })

  it('an endpoint that Docker has forgotten goes, and no other', async () => {
    using net = network('blue', '--subnet=10.9.0.0/24')
    using a = container('--network=blue')
    const lost = dockerId('7')
    await called('CreateEndpoint', endpointCall(net.id, lost, '10.9.0.99/24'))
    using host = openHost()
    const { signal } = new AbortController()
    const chore = leftEndpoints(0)
    assert.deepEqual(await chore(host, signal), [], 'at the first look it may be under way')
    const dues = await chore(host, signal)
    assert.deepEqual(
      dues.map(({ about }) => about),
      ['endpoint 777777777777'],
    )
    const plan = await dues[0]?.plan(signal)
    assert.ok(plan)
    await runPlan(plan, signal, nobody)
    assert.equal(pairs().length, 1)
    assert.ok(reaches(a.name, '10.9.0.1'))
    assert.deepEqual(await chore(host, signal), [])
  })

  it('a hundred containers at once', async () => {
    // So many processes want the processors that ovs-vswitchd has to wait for its turn.
    logs.except(/\|timeval\|WARN\|/)
    using _net = network('blue', '--subnet=10.9.0.0/24')
    const names = Array.from({ length: 100 }, (_, i) => `many-${i}`)
    const before = driver.lines.length
    const run = ['run', '--detach', '--network=blue', '--stop-timeout=0']
    try {
      await Promise.all(
        names.map((one) => execa('docker', [...run, `--name=${one}`, 'busybox', '/bin/busybox', 'sleep', '100000'])),
      )
      assert.equal(pairs().length, 100)
      assert.equal(new Set(names.flatMap((one) => addressesOf(one))).size, 100)
      assert.ok(reaches('many-0', (addressesOf('many-99')[0] ?? '').replace(/\/.*/, '')))
      driverHolds()
    } finally {
      await execa('docker', ['rm', '--force', ...names], { reject: false })
    }
    await until(() => pairs().length === 0, 'every pair to go', 30)
    assert.deepEqual(driver.all('call.failed', before), [])
  })
})
