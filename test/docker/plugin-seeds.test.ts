// What the README files of other Docker network drivers tell people to type, with the driver's name changed: what works, and what is
// refused with which words. Images are all busybox, and containers with a server in them sleep.
import { strict as assert } from 'node:assert'
import { request } from 'node:http'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { addressOf, refusedLine, sh } from '../support/docker-cli.ts'
import { inside, netnsOf } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { logicalHolds } from '../support/logical-invariants.ts'
import { comesTrue } from '../support/ovn.ts'
import { ok } from '../support/ovsd.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { sniffer } from '../support/sniffer.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const SLEEP = 'busybox /bin/busybox sleep 100000'

/** Removes every container but central, and every network of the driver. */
function cleanUp(): void {
  const ours = sh("docker ps --all --format='{{.ID}} {{.Names}}'").split('\n')
  const ids = ours
    .filter((line) => line !== '' && !line.endsWith(' ovn-central'))
    .map((line) => line.split(' ')[0] ?? '')
  if (ids.length > 0) tool('docker', 'rm', '--force', ...ids)
  const networks = sh('docker network ls --quiet --filter=driver=ovsd').split('\n').filter(Boolean)
  if (networks.length > 0) tool('docker', 'network', 'rm', ...networks)
}

describe('what READMEs of other drivers say, on Open vSwitch alone', function () {
  this.timeout(120_000)
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  before(async () => {
    untouched = snapshot()
    driver = await plugin()
  })
  after(() => driver[Symbol.asyncDispose]())
  holdsThroughout(() => driver)
  afterEach(() => {
    cleanUp()
    assert.deepEqual(snapshot(), untouched)
  })

  it('ovs-container-network: a network, one with a VLAN, one of a tenant; and those of its compose file', () => {
    sh(`docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      my-network`)
    sh(`docker network create --driver ovsd \\
      --subnet 10.1.0.0/24 \\
      --opt vlan=100 \\
      vlan-network`)
    sh(`docker network create --driver ovsd \\
      --subnet 10.2.0.0/24 \\
      --opt tenant_id=tenant-a \\
      --opt vlan=200 \\
      tenant-network`)
    sh(`docker network create --driver ovsd --opt bridge=br-int --opt tenant_id=prod --opt vlan=100 ovs-net`)
    sh('docker run --rm --network my-network busybox /bin/busybox ping -c 1 10.0.0.1')
    for (const name of ['vlan-network', 'tenant-network', 'ovs-net'])
      sh(`docker run -d --network ${name} --name in-${name} ${SLEEP}`)
    const of = (name: string) => sh(`docker network ls --quiet --filter=name=^${name}$`)
    const networks = (
      JSON.parse(ok('net', 'ls', '--json')) as { networks: readonly Readonly<Record<string, unknown>>[] }
    ).networks
    const shown = (name: string) => {
      const { vlan, tenant, bridge } = networks.find(({ network }) => network === of(name)) ?? {}
      return [vlan, tenant, bridge]
    }
    assert.deepEqual(shown('vlan-network').slice(0, 2), [100, null])
    assert.deepEqual(shown('tenant-network').slice(0, 2), [200, 'tenant-a'])
    assert.deepEqual(shown('ovs-net'), [100, 'prod', 'br-int'])
    assert.ok(!reaches('in-vlan-network', addressOf('in-tenant-network')))
  })

  it('ovs-container-network wants one subnet after the other: the same one twice is refused by Docker', async () => {
    sh('docker network create --driver ovsd --subnet 10.0.0.0/24 my-network')
    const again = 'docker network create --driver ovsd --subnet 10.0.0.0/24 --opt vlan=100 vlan-network'
    assert.match(await refusedLine(again), /Pool overlaps with other one on this address space/)
  })

  it('docker-ovn-driver: a network with a range of addresses and a VRF, and its database over the socket', async () => {
    sh(
      `docker network create -d ovsd --subnet=10.10.10.0/23 --gateway=10.10.10.1 --ip-range 10.10.10.32/27 --opt vrf=default public`,
    )
    sh(`docker run -d -t --net=public --name=box1 ${SLEEP}`)
    assert.match(addressOf('box1'), /^10\.10\.10\.(3[2-9]|[45]\d|6[0-3])$/)
    assert.ok(reaches('box1', '10.10.10.1'))
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    request({ socketPath: SOCKET, path: '/NetworkDriver.Database' }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => {
        resolve(Buffer.concat(parts).toString())
      })
    })
      .on('error', reject)
      .end()
    const { networks, endpoints } = JSON.parse(await promise) as {
      readonly networks: readonly { readonly network: string }[]
      readonly endpoints: readonly { readonly addresses: readonly string[] }[]
    }
    assert.deepEqual(
      networks.map(({ network }) => network),
      [sh('docker network ls --quiet --filter=name=^public$')],
    )
    assert.deepEqual(
      endpoints.map(({ addresses }) => addresses),
      [[`${addressOf('box1')}/23`]],
    )
    sh('docker stop --time=0 box1')
    sh('docker rm box1')
    assert.equal(sh('ovs-vsctl list-ports ovsbr0'), '')
  })

  it('docker-ovn-driver tells nobody on the network of itself, and ovsd does not either', () => {
    assert.doesNotMatch(sh('ss -lntp'), new RegExp(`:9105|pid=${String(driver.pid)},`))
  })

  it('docker-ovs-plugin: a route, and containers that reach each other', () => {
    sh(`docker network create -d ovsd --subnet=172.18.40.0/24 -o net.gopher.ovs.bridge.name=ovsbr-docker0 mynet`)
    sh(`docker run -d --net mynet --name one ${SLEEP}`)
    sh(`docker run -d --net mynet --name other ${SLEEP}`)
    assert.match(inside('one', 'route', '-n'), /^0\.0\.0\.0 +172\.18\.40\.1 /m)
    assert.match(inside('one', 'ifconfig'), /inet addr:172\.18\.40\.2 .*Mask:255\.255\.255\.0[\s\S]*MTU:1500/)
    assert.ok(reaches('one', addressOf('other')))
    assert.match(sh('ovs-vsctl show'), /Bridge ovsbr-docker0/)
  })
})

describe('what READMEs of other drivers say, where all networks have to be on OVN', function () {
  this.timeout(240_000)
  let base: TestImage
  let image: TestImage
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  const CONNECTIONS = `--opt ovn.nb_connection=tcp:172.30.0.5:6641 \\
      --opt ovn.sb_connection=tcp:172.30.0.5:6642`
  const transit = `docker network create --driver ovsd \\
      --subnet 192.168.100.0/24 \\
      --opt ovn.role=transit \\
      --opt ovn.external_gateway=192.168.100.1 \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      transit-net`
  /** What a transit network leads to: 192.168.100.1, and behind it 203.0.113.9. It is at the link ext0. */
  const outside = (): Disposable => {
    sh('ip netns add outside; ip link add ext0 type veth peer name ext1 netns outside')
    sh('ip -n outside address add 192.168.100.1/24 dev ext1; ip -n outside address add 203.0.113.9/32 dev lo')
    for (const words of ['set ext0', '-n outside set ext1', '-n outside set lo'])
      sh(`ip ${words.replace('set', 'link set')} up`)
    return { [Symbol.dispose]: () => void sh('ip netns del outside') }
  }
  const nbctl = (words: string): string => sh(`docker exec ovn-central ovn-nbctl ${words}`)
  const areUp = async (...names: string[]): Promise<void> => {
    const [first = '', ...others] = names
    for (const other of others)
      await comesTrue(() => Promise.resolve(reaches(first, addressOf(other))), `${first} reaches ${other}`, 60)
    logicalIsWhole()
  }
  /** The invariants of logical ports; ovn-nbctl is told where central is. */
  const logicalIsWhole = (): void => {
    process.env['OVN_NB_DB'] = 'tcp:172.30.0.5:6641'
    try {
      logicalHolds()
    } finally {
      delete process.env['OVN_NB_DB']
    }
  }

  before(async () => {
    base = ovnBase()
    image = ovnImage(base)
    sh('ip link add host0 type veth peer name host1')
    sh('ip address add 192.0.2.7/24 dev host0')
    for (const end of ['host0', 'host1']) sh(`ip link set ${end} addrgenmode none up`)
    untouched = snapshot()
    driver = await plugin(['--require-ovn'])
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(snapshot(), untouched)
    sh('ip link del host0')
    image[Symbol.dispose]()
    base[Symbol.dispose]()
  })
  const logs = holdsThroughout(() => driver)
  afterEach(cleanUp)

  it('what will fail: without ovn.switch, without both connections, with one of them; and without a central', async () => {
    logs.except(/NetworkDriver\.CreateNetwork/)
    const create = 'docker network create --driver ovsd --subnet 10.0.0.0/24'
    assert.match(
      await refusedLine(`${create} my-network`),
      /ovn\.switch is required - this plugin requires OVN configuration/,
    )
    const required = /ovn\.nb_connection and ovn\.sb_connection are required when using ovn\.switch/
    const one = '--opt ovn.nb_connection=tcp:172.30.0.5:6641'
    assert.match(await refusedLine(`${create} --opt ovn.switch=ls-my-network ${one} my-network`), required)
    assert.match(await refusedLine(`${create} --opt ovn.switch=ls-my-network my-network`), required)
    assert.match(
      await refusedLine(`${create} --opt ovn.switch=ls-my-network ${CONNECTIONS} my-network`),
      /OVN central not reachable at tcp:172\.30\.0\.5:6641 and auto-create not enabled/,
    )
    assert.equal(sh('docker network ls --quiet --filter=driver=ovsd'), '')
    assert.deepEqual(snapshot(), untouched)
  })

  it('basic usage: central is made, a container runs; and what is there to look at', async () => {
    sh(`docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-my-network \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      my-ovn-network`)
    sh('docker run --rm --network my-ovn-network busybox /bin/busybox true')
    await driver.sees({ event: 'upkeep.mended', about: 'OVN' }, { seconds: 90 })
    for (const name of ['one', 'other']) sh(`docker run -d --name ${name} --network my-ovn-network ${SLEEP}`)
    await areUp('one', 'other')
    assert.match(nbctl('show'), /switch .*ls-my-network[\s\S]*port lsp-/)
    assert.match(nbctl('ls-list'), /\(ls-my-network\)/)
    assert.equal(nbctl('lr-list'), '')
    assert.match(
      sh('docker exec ovn-central ovn-sbctl show'),
      /Encap geneve[\s\S]*192\.0\.2\.7[\s\S]*Port_Binding lsp-/,
    )
    assert.match(sh('ovs-vsctl show'), /Bridge br-int/)
    assert.equal(sh('ovs-vsctl list-ports br-int').split('\n').length, 2)
    assert.match(sh('ovs-ofctl dump-flows br-int'), /table=0/)
    const [port = ''] = sh('ovs-vsctl list-ports br-int').split('\n')
    assert.match(sh(`ovs-vsctl list interface ${port}`), /iface-id=lsp-/)
    assert.match(sh('docker network inspect my-ovn-network'), /"ovn\.switch": "ls-my-network"/)
    assert.match(sh('docker network ls --format "table {{.ID}}\\t{{.Name}}\\t{{.Driver}}"'), /my-ovn-network +ovsd/)
  })

  it('required configuration: without auto_create where central is, and with it', async () => {
    sh(`docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-my-network \\
      ${CONNECTIONS} \\
      my-ovn-network`)
    sh(`docker network create --driver ovsd \\
      --subnet 10.1.0.0/24 \\
      --opt ovn.switch=ls-tenant2 \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      tenant2-overlay`)
    sh(`docker run -d --name one-a --network my-ovn-network ${SLEEP}`)
    sh(`docker run -d --name one-b --network my-ovn-network ${SLEEP}`)
    sh(`docker run -d --name one-c --network tenant2-overlay ${SLEEP}`)
    await areUp('one-a', 'one-b')
    assert.ok(!reaches('one-a', addressOf('one-c')))
  })

  it('required configuration: a VLAN needs a physical network, and without it the same network is made', async () => {
    logs.except(/NetworkDriver\.CreateNetwork/)
    const create = (options: string): string => `docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-tenant1 \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      --opt bridge=br-int \\
      --opt tenant_id=tenant-1 ${options} \\
      tenant1-network`
    assert.match(
      await refusedLine(create('--opt vlan=100')),
      /--opt vlan: tunnels of OVN carry no VLANs; one is used where a logical switch leads to a physical network/,
    )
    sh(create(''))
    assert.match(nbctl('--columns=external_ids list Logical_Switch'), /tenant_id"?="?tenant-1/)
  })

  it('required configuration: a transit network with an external gateway needs a bridge that leads there', async () => {
    logs.except(/NetworkDriver\.CreateNetwork/)
    const words = await refusedLine(transit)
    assert.match(
      words,
      /This host leads no bridge to a physical network.*\n.*ovsd ovn join --bridge-mapping physnet1:BRIDGE/,
    )
    sh(transit.replace('--opt ovn.external_gateway=192.168.100.1', ''))
    assert.match(nbctl('lr-list'), /\(lr-gateway-/)
  })

  it('multi-VPC: two of them reach each other and what is outside over a transit network', async () => {
    // The first packets may come before ovn-controller has made all of their flows.
    logs.except(/Unable to NAT due to tuple space exhaustion/)
    using _outside = outside()
    // Of the same datapath as br-int, which OVN joins it with.
    sh('ovs-vsctl add-br br-ext -- set bridge br-ext datapath_type=netdev -- add-port br-ext ext0')
    ok('ovn', 'join', 'tcp:172.30.0.5', '--insecure', '--bridge-mapping=physnet1:br-ext')
    sh(transit)
    for (const [vpc, subnet] of [
      ['a', '10.0.0.0/24'],
      ['b', '10.1.0.0/24'],
    ] as const)
      sh(`docker network create --driver ovsd \\
        --subnet ${subnet} \\
        --opt tenant_id=tenant-${vpc} \\
        --opt ovn.switch=ls-vpc-${vpc} \\
        --opt ovn.router=lr-vpc-${vpc} \\
        --opt ovn.transit_network=transit-net \\
        ${CONNECTIONS} \\
        vpc-${vpc}-net`)
    sh(`docker run -d --network vpc-a-net --name app-a ${SLEEP}`)
    sh(`docker run -d --network vpc-b-net --name app-b ${SLEEP}`)
    await areUp('app-a', 'app-b')
    await areUp('app-b', 'app-a')
    for (const app of ['app-a', 'app-b'])
      await comesTrue(() => Promise.resolve(reaches(app, '203.0.113.9')), `${app} reaches what is outside`, 20)
    assert.match(nbctl('lr-list'), /lr-gateway-[\s\S]*lr-vpc-a[\s\S]*lr-vpc-b/)
    cleanUp()
    assert.equal(nbctl('lr-list'), '')
    sh('ovs-vsctl del-br br-ext -- remove Open_vSwitch . external_ids ovn-bridge-mappings')
  })

  it('multi-tenant: two networks without VLANs are apart all the same', () => {
    for (const [tenant, subnet] of [
      ['tenant-a', '10.0.0.0/24'],
      ['tenant-b', '10.1.0.0/24'],
    ] as const)
      sh(`docker network create --driver ovsd \\
        --subnet ${subnet} \\
        --opt ovn.switch=ls-${tenant} \\
        ${CONNECTIONS} \\
        --opt ovn.auto_create=true \\
        --opt tenant_id=${tenant} \\
        ${tenant}-net`)
    sh(`docker run -d --network tenant-a-net --name app-a ${SLEEP}`)
    sh(`docker run -d --network tenant-b-net --name app-b ${SLEEP}`)
    assert.ok(!reaches('app-a', addressOf('app-b')))
    logicalIsWhole()
  })

  it('IPAM modes: addresses by Docker, and one that is asked for', async () => {
    sh(`docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-my-network \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      my-network`)
    sh(`docker run -d --name static --network my-network --ip 10.0.0.100 ${SLEEP}`)
    sh(`docker run -d --name one --network my-network ${SLEEP}`)
    assert.equal(addressOf('static'), '10.0.0.100')
    await areUp('one', 'static')
  })

  it('IPAM modes: DHCP by OVN tells a container the address that Docker gave it', async () => {
    sh(`docker network create --driver ovsd \\
      --opt ovn.switch=ls-dhcp-network \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      --opt ipam=external \\
      --opt dhcp=ovn \\
      dhcp-network`)
    sh(`docker run -d --name one --network dhcp-network ${SLEEP}`)
    sh(`docker run -d --name other --network dhcp-network ${SLEEP}`)
    await areUp('one', 'other')
    // The script does nothing, so that what the server says is all that comes of it.
    const said = toolIn(netnsOf('one'), ...['sh', '-c', 'busybox udhcpc -i eth0 -n -q -f -t 5 -T 2 -s /bin/true 2>&1'])
    assert.match(said, new RegExp(`lease of ${addressOf('one').replaceAll('.', '\\.')} obtained`))
  })

  it('port mirroring: what goes through the network is copied to a port of the bridge', async () => {
    sh('ip link add monitor-port type veth peer name monitor0')
    for (const end of ['monitor-port', 'monitor0'])
      sh(`sysctl -qw net.ipv6.conf.${end}.disable_ipv6=1; ip link set ${end} up`)
    sh('ovs-vsctl add-port br-int monitor-port')
    sh(`docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-monitored \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      --opt mirror.ports=all \\
      --opt mirror.dest=monitor-port \\
      monitored-network`)
    for (const name of ['one', 'other']) sh(`docker run -d --name ${name} --network monitored-network ${SLEEP}`)
    await areUp('one', 'other')
    await comesTrue(() => Promise.resolve(ok('mirror', 'ls').includes(' ok')), 'the mirror is made')
    const capture = await sniffer('monitor0', 'icmp')
    assert.ok(reaches('other', addressOf('one')))
    const seen = (await capture.stop()).join('\n')
    assert.match(seen, /echo request/)
    assert.match(seen, /echo reply/)
    cleanUp()
    sh('ovs-vsctl del-port br-int monitor-port; ip link del monitor-port')
  })

  it('overlay with geneve and DHCP', async () => {
    sh(`docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-prod \\
      --opt ovn.encap=geneve \\
      ${CONNECTIONS} \\
      --opt ovn.auto_create=true \\
      --opt dhcp=ovn \\
      ovn-overlay`)
    for (const name of ['one', 'other']) sh(`docker run -d --name ${name} --network ovn-overlay ${SLEEP}`)
    await areUp('one', 'other')
    assert.match(inside('one', 'ip', 'link', 'show', 'eth0'), / mtu 14\d\d /)
  })

  it('state persistence: the driver ends and starts again, and everything goes on', async () => {
    sh(`docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-prod \\
      --opt ovn.auto_create=true \\
      ${CONNECTIONS} \\
      production-net`)
    sh(`docker run -d --name web1 --network production-net ${SLEEP}`)
    sh(`docker run -d --name web2 --network production-net ${SLEEP}`)
    await areUp('web1', 'web2')
    const was = [addressOf('web1'), addressOf('web2')]
    sh('docker exec web1 /bin/busybox ping -c 2 web2')
    await driver.stop()
    sh('docker exec web1 /bin/busybox ping -c 2 web2')
    driver = await plugin(['--require-ovn'])
    sh('docker exec web1 /bin/busybox ping -c 2 web2')
    sh(`docker run -d --name web3 --network production-net ${SLEEP}`)
    await areUp('web3', 'web1')
    sh('docker exec web3 /bin/busybox ping -c 2 web1')
    assert.deepEqual([addressOf('web1'), addressOf('web2')], was)
    assert.equal(new Set([...was, addressOf('web3')]).size, 3)
    // With a store that nobody took anything from, there is nothing to be put back.
    assert.deepEqual(
      driver.all({ event: 'upkeep.mended', msg: /the store had no copy/ }).map(({ msg }) => msg),
      [],
    )
    assert.match(sh('find /var/lib/ovsd -name "*.json" -path "*/networks/*" | head -5'), /\.json$/m)
  })
})

describe('what READMEs of other drivers say of the network that OVN central is in', function () {
  this.timeout(180_000)
  it('is one that was made before, with other addresses', async () => {
    const before = snapshot()
    using base = ovnBase()
    using _image = ovnImage(base)
    sh('ip link add host0 type veth peer name host1')
    sh('ip address add 192.0.2.7/24 dev host0')
    for (const end of ['host0', 'host1']) sh(`ip link set ${end} addrgenmode none up`)
    try {
      sh(`docker network create --driver bridge \\
        --subnet 10.200.0.0/24 \\
        --gateway 10.200.0.1 \\
        my-transit-overlay`)
      await using driver = await plugin()
      sh(`docker network create --driver ovsd \\
        --subnet 10.0.0.0/24 \\
        --opt ovn.switch=ls-my-network \\
        --opt ovn.transit_overlay_network=my-transit-overlay \\
        --opt ovn.nb_connection=tcp:10.200.0.5:6641 \\
        --opt ovn.sb_connection=tcp:10.200.0.5:6642 \\
        --opt ovn.auto_create=true \\
        my-network`)
      for (const name of ['one', 'other']) sh(`docker run -d --name ${name} --network my-network ${SLEEP}`)
      await driver.sees({ event: 'upkeep.mended', about: 'OVN' }, { seconds: 90 })
      await comesTrue(() => Promise.resolve(reaches('one', addressOf('other'))), 'both reach each other', 60)
      assert.equal(addressOf('ovn-central'), '10.200.0.5')
      cleanUp()
      ok('ovn', 'leave')
      ok('ovn', 'teardown', '--delete-data')
      sh('docker network rm my-transit-overlay')
    } finally {
      sh('ip link del host0')
    }
    assert.deepEqual(snapshot(), before)
  })
})
