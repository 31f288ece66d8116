// docker run --publish in networks of the driver, with a real engine and a machine outside of the host.
import { strict as assert } from 'node:assert'
import { execa } from 'execa'
import { answers, asks } from '../support/asking.ts'
import { listed } from '../support/attachments.ts'
import { container, netnsOf, onRemoval } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { restartOvs } from '../support/engine.ts'
import { HOST6, internet } from '../support/internet.ts'
import { natState as stateNow } from '../support/nat.ts'
import { json, ok } from '../support/ovsd.ts'
import { pairs } from '../support/pairs.ts'
import { HOST, OUT } from '../support/outside.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const HERE = `/proc/${String(process.pid)}/ns/net`
/** The host, when the pairs of endpoints that are gone have followed them: that is after Docker was answered. */
const natState = (): unknown => {
  pairs()
  return stateNow()
}
const publishedOf = (id: string) =>
  listed()
    .find(({ port }) => port === portOf(id))
    ?.publishedPorts.map(({ hostPort }) => hostPort) ?? []
const endpointOf = (id: string): string =>
  tool('docker', 'inspect', '--format={{range .NetworkSettings.Networks}}{{.EndpointID}}{{end}}', id).trim()
const portOf = (id: string): string =>
  tool(
    'ovs-vsctl',
    '--bare',
    '--columns=name',
    'find',
    'Interface',
    `external_ids:ovsd_endpoint=${endpointOf(id)}`,
  ).trim()

describe('ports that docker run publishes in networks of the driver', function () {
  this.timeout(240_000)
  let driver: Watcher
  let net: ReturnType<typeof internet>
  let untouched: unknown
  let clean: unknown
  before(async () => {
    net = internet()
    untouched = natState()
    driver = await plugin()
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
    net[Symbol.dispose]()
  })
  const logs = holdsThroughout(() => driver)
  beforeEach(async () => {
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', '--ipv6', '--subnet=fd09::/64', 'blue')
    const isNamed = (): boolean => JSON.stringify(json('net', 'ls')).includes('"blue"')
    await until(isNamed, 'the name of the network', 20)
    clean = natState()
  })
  afterEach(() => {
    // What containers had is gone with them, and then what the network had.
    assert.deepEqual(natState(), clean)
    tool('docker', 'network', 'rm', 'blue')
    assert.deepEqual(natState(), untouched)
  })

  it('are reached from outside, from the host and from containers, by TCP and UDP; after a restart, too', async () => {
    using a = container('--network=blue', '--publish=8080:80', '--publish=8080:80/udp', '--publish=127.0.0.1:8081:80')
    using b = container('--network=blue')
    for (const how of ['started', 'restarted']) {
      if (how === 'restarted') tool('docker', 'restart', '-t', '0', a.name)
      await using _web = await answers(netnsOf(a.name), 'web', 80)
      for (const protocol of ['tcp', 'udp'] as const) {
        assert.equal(asks(net.path, protocol, HOST, 8080), `web ${OUT}`, how)
        assert.equal(asks(net.path, protocol, HOST6, 8080), 'web 2001:db8::9', how)
        assert.equal(asks(HERE, protocol, '127.0.0.1', 8080), 'web 10.9.0.1', how)
        assert.equal(asks(netnsOf(b.name), protocol, HOST, 8080), 'web 10.9.0.1', how)
        assert.equal(asks(netnsOf(a.name), protocol, HOST, 8080), 'web 10.9.0.1', how)
      }
      assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8081), 'web 10.9.0.1')
      assert.equal(asks(net.path, 'tcp', HOST, 8081), 'ECONNREFUSED')
      assert.deepEqual(publishedOf(a.id).toSorted(), [8080, 8080, 8081])
    }
    assert.match(ok('list'), /PUBLISHED[\s\S]*8080->80\/tcp/)
    assert.match(ok('net', 'inspect', 'blue'), /published of .*127\.0\.0\.1:8081->80\/tcp/)
    ok('gc')
    tool('docker', 'stop', '-t', '0', a.name)
    assert.equal(asks(net.path, 'tcp', HOST, 8080), 'ECONNREFUSED')
    assert.deepEqual(
      listed().flatMap(({ publishedPorts }) => publishedPorts),
      [],
    )
    tool('docker', 'start', a.name)
    assert.equal(publishedOf(a.id).length, 3)
  })

  it('at free ports: --publish-all, a range, and no port', async () => {
    using a = container('--network=blue', '--expose=80', '--expose=81/udp', '--publish-all')
    using b = container('--network=blue', '--publish=9000-9002:80')
    using c = container('--network=blue', '--publish=9000-9002:80')
    using d = container('--network=blue', '--publish=80')
    const [ofA, ofD] = [publishedOf(a.id), publishedOf(d.id)]
    assert.ok(ofA.length === 2 && ofD.length === 1 && [...ofA, ...ofD].every((port) => port >= 32_768))
    assert.deepEqual([publishedOf(b.id), publishedOf(c.id)], [[9000], [9001]])
    await using _web = await answers(netnsOf(d.name), 'free', 80)
    assert.equal(asks(net.path, 'tcp', HOST, ofD[0] ?? 0), `free ${OUT}`)
  })

  it('are given to one container: the other one is told who has it, and leaves nothing', async () => {
    logs.except(/call\.failed|Handler for POST/)
    using a = container('--network=blue', '--publish=8080:80')
    await until(() => listed().some(({ container: name }) => name === a.name), 'whose port it is', 20)
    const before = natState()
    const args = ['run', '--detach', '--name=second', '--network=blue', '--publish=8080:80', 'busybox', '/bin/busybox']
    const { exitCode, stderr } = await execa('docker', [...args, 'sleep', '9'], { reject: false })
    assert.notEqual(exitCode, 0)
    assert.match(stderr, new RegExp(`TCP port 8080 of the host is taken: ${a.name} in `))
    tool('docker', 'rm', '--force', 'second')
    assert.deepEqual(natState(), before)
    await using _host = await answers(HERE, 'host', 8090)
    const other = await execa(
      'docker',
      ['run', '--rm', '--network=blue', '--publish=8090:80', 'busybox', '/bin/true'],
      {
        reject: false,
      },
    )
    assert.match(other.stderr, /TCP port 8090 of the host is taken: node\S* \(process \d+\) of the host is there/)
    assert.deepEqual(natState(), before)
  })

  it('stay when the driver is killed and the firewall is emptied; what was removed meanwhile goes', async () => {
    using a = container('--network=blue', '--publish=8080:80')
    await using _web = await answers(netnsOf(a.name), 'web', 80)
    await driver.stop('SIGKILL')
    assert.equal(asks(net.path, 'tcp', HOST, 8080), `web ${OUT}`)
    tool('nft', 'flush', 'ruleset')
    tool('sysctl', '-qw', 'net/ipv4/conf/ovsbr0/route_localnet=0')
    assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080), 'ECONNREFUSED')
    driver = await plugin()
    await until(() => asks(net.path, 'tcp', HOST, 8080) === `web ${OUT}`, 'the rules to come back', 30)
    await until(() => asks(HERE, 'tcp', '127.0.0.1', 8080) === 'web 10.9.0.1', '127.0.0.1 to come back', 30)
    tool('docker', 'rm', '--force', a.name)
    assert.deepEqual(natState(), clean)
  })

  it('work again when Open vSwitch was killed, and after the container is started anew without the driver having known', async () => {
    logs.except(/database\.lost/)
    using a = container('--network=blue', '--publish=8080:80')
    await restartOvs()
    {
      await using _web = await answers(netnsOf(a.name), 'web', 80)
      await until(() => asks(net.path, 'tcp', HOST, 8080) === `web ${OUT}`, 'the way from outside', 40)
      await until(() => asks(HERE, 'tcp', '127.0.0.1', 8080) === 'web 10.9.0.1', '127.0.0.1', 40)
    }
    // As after a reboot: the rows are there, the links are not.
    tool('ip', 'link', 'del', 'dev', portOf(a.id))
    tool('docker', 'restart', '-t', '0', a.name)
    await using _web = await answers(netnsOf(a.name), 'again', 80)
    assert.equal(asks(net.path, 'tcp', HOST, 8080), `again ${OUT}`)
  })

  it('are taken back with a network that is removed by force', () => {
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.8.0.0/24', '--opt=vlan=8', 'red')
    const name = tool('docker', 'network', 'ls', '--quiet', '--filter=name=red').trim()
    {
      using a = container('--network=red', '--publish=8080:80')
      assert.equal(publishedOf(a.id)[0], 8080)
      ok('net', 'rm', name, '--force')
      // What Docker still believes in is not there any more.
      onRemoval(undefined)
      assert.deepEqual(natState(), clean)
    }
    tool('docker', 'network', 'rm', 'red')
  })
})
