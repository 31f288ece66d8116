// Hosts with Open vSwitch alone, broken in one way at a time.
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { ok, ovsd } from '../support/ovsd.ts'
import { carries } from '../support/nat.ts'
import { testBridge } from '../support/bridge.ts'
import { dhcpServer } from '../support/dhcp-server.ts'
import {
  alone,
  clientProcesses,
  detach,
  lease,
  portOfAlone,
  supervisorsOf,
  udhcpcOf,
  type Alone,
} from '../support/dhcp-site.ts'
import { until } from '../support/until.ts'
import { OUT, outside, pings, type Outside } from '../support/outside.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { tool, toolIn } from '../support/tool.ts'
import { zoo, type Fault } from '../support/zoo.ts'

const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args).trim()

interface World extends AsyncDisposable {
  readonly web: BareNamespace
  readonly db: BareNamespace
  /** Of a network with a VLAN. */
  readonly tagged: BareNamespace
  /** Of a nat network, beyond whose gateway is `world`. */
  readonly guest: BareNamespace
  readonly wan: Outside
}

/** The host's end of the interface of a namespace. */
const portOf = ({ path }: BareNamespace, iface = 'eth1'): string =>
  vsctl(
    ...['--bare', '--columns=name', 'find', 'Interface'],
    ...[`external_ids:ovsd_netns=${path}`, `external_ids:container_iface=${iface}`],
  )

const inside = ({ path }: BareNamespace, ...words: string[]): string => toolIn(path, words[0] ?? '', ...words.slice(1))

/** A world, and what takes it away whatever has been done to it. */
function makeWorld(): Promise<World> {
  const [web, db, tagged, guest] = [bareNamespace(), bareNamespace(), bareNamespace(), bareNamespace()]
  const wan = outside()
  const at = ({ path }: BareNamespace): string => `--netns=${path}`
  vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev')
  ok('add-port', 'br0', 'eth1', 'web', at(web), '--ipaddress=10.9.0.2/24', '--gateway=10.9.0.3', '--mtu=1400')
  ok('add-port', 'br0', 'eth1', 'db', at(db), '--ipaddress=10.9.0.3/24', '--route=10.99.0.0/16,10.9.0.2')
  ok('net', 'create', 'blue', '--bridge=br0', '--vlan=20', '--subnet=10.20.0.0/24', '--mode=l2', '--ipam=static')
  // What net connect does, which takes containers of an engine only.
  ok('add-port', 'br0', 'eth1', 'tagged', at(tagged), '--ipaddress=10.20.0.2/24', '--vlan=20')
  vsctl('set', 'Interface', portOf(tagged), 'external_ids:ovsd_network=blue')
  // What lies between the hosts of a network with tunnels: on a userspace bridge they leave by one.
  vsctl('add-br', 'br-phy', '--', 'set', 'Bridge', 'br-phy', 'datapath_type=netdev')
  tool('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'br-phy')
  tool('ip', 'link', 'set', 'br-phy', 'up')
  ok('net', 'create', 'green', '--bridge=br1', '--subnet=10.30.0.0/24', '--mode=nat')
  ok('add-port', 'br1', 'eth1', 'guest', at(guest), '--ipaddress=10.30.0.2/24', '--gateway=10.30.0.1')
  ok(
    ...['net', 'create', 'far', '--bridge=br0', '--vxlan=192.0.2.2', '--key=7', '--subnet=10.40.0.0/24'],
    '--ipam=static',
  )
  ok('add-port', 'br0', 'eth2', 'tagged', at(tagged), '--ipaddress=10.40.0.2/24', '--mtu=1450')
  vsctl('set', 'Interface', portOf(tagged, 'eth2'), 'external_ids:ovsd_network=far')
  // What is behind the others, by routes.
  for (const [one, address] of [[web, BEHIND_WEB] as const, [db, BEHIND_DB] as const]) {
    inside(one, 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo')
    inside(one, 'ip', 'link', 'set', 'lo', 'up')
  }
  return Promise.resolve({
    ...{ web, db, tagged, guest, wan },
    [Symbol.asyncDispose]() {
      wan[Symbol.dispose]()
      for (const one of [web, db, tagged, guest]) if (existsSync(one.path)) one[Symbol.dispose]()
      ok('gc')
      for (const name of ['blue', 'green', 'far']) ovsd(['net', 'rm', name, '--force'])
      for (const name of ['br0', 'br1', 'br-phy']) vsctl('--if-exists', 'del-br', name)
      for (const table of ['QoS', 'Queue']) vsctl('--all', 'destroy', table)
      return Promise.resolve()
    },
  })
}

const [BEHIND_WEB, BEHIND_DB] = ['10.99.0.1', '198.51.100.3']

const reaches = ({ web }: World): boolean => pings(web.path, '10.9.0.3')
const byDefault = ({ web }: World): boolean => pings(web.path, BEHIND_DB)
const byRoute = ({ db }: World): boolean => pings(db.path, BEHIND_WEB)
/** Beyond the gateway nobody knows the subnet: it takes forwarding, masquerade and the way back. */
const goesOut = ({ guest }: World): boolean => pings(guest.path, OUT)

/** Packets as long as the MTU of `web` allows; what sends them has a larger one (IP and ICMP take 28 bytes). */
const carriesLong = ({ db }: World): boolean => pings(db.path, '10.9.0.2', '-s', String(1400 - 28))

/** Whether somebody answers at the address of `db`: itself, or who gets the address when it is left over. */
function isAnswered({ web, db }: World): boolean {
  if (existsSync(db.path)) return pings(web.path, '10.9.0.3')
  using heir = bareNamespace()
  const words = ['add-port', 'br0', 'eth1', 'heir', `--netns=${heir.path}`, '--ipaddress=10.9.0.3/24']
  if (ovsd(words).status !== 0) return false
  const answers = pings(web.path, '10.9.0.3')
  ok('del-port', 'br0', 'eth1', 'heir')
  return answers
}

const FAULTS: readonly Fault<World>[] = [
  {
    ...{
      name: 'the interface is set down in the container',
      check: 'port.interface-down',
      says: /eth1 is down inside/,
    },
    breaks: ({ db }) => inside(db, 'ip', 'link', 'set', 'eth1', 'down'),
  },
  {
    ...{ name: "the host's end is set down", check: 'port.link-down', says: /host's end of the pair is down/ },
    ...{ mends: true, works: reaches },
    breaks: ({ db }) => tool('ip', 'link', 'set', portOf(db), 'down'),
  },
  {
    ...{ name: 'the pair is deleted', check: 'port.link-gone', says: /link of the port is gone/ },
    breaks: ({ db }) => tool('ip', 'link', 'del', portOf(db)),
  },
  {
    ...{ name: 'the namespace of a container is gone', check: 'port.stale', says: /namespace is gone/ },
    ...{ mends: true, works: isAnswered, cuts: false },
    breaks: ({ db }) => {
      // What holds the port is the pair; without the namespace it goes with it, as with a container that was killed.
      db[Symbol.dispose]()
    },
  },
  {
    ...{ name: 'the interface is renamed in the container', check: 'port.interface-gone', says: /no eth1 inside/ },
    breaks: ({ db }) => {
      inside(db, 'ip', 'link', 'set', 'eth1', 'down')
      inside(db, 'ip', 'link', 'set', 'eth1', 'name', 'lan0')
    },
  },
  {
    ...{ name: 'an address is removed', check: 'port.address-gone', says: /10\.9\.0\.3\/24 is missing/ },
    ...{ mends: true, works: reaches },
    breaks: ({ db }) => {
      inside(db, 'ip', 'route', 'flush', 'dev', 'eth1')
      inside(db, 'ip', 'address', 'del', '10.9.0.3/24', 'dev', 'eth1')
    },
  },
  {
    ...{
      name: 'the default route is removed',
      check: 'port.default-route',
      says: /via 10\.9\.0\.3 is missing/,
    },
    ...{ mends: true, works: byDefault },
    breaks: ({ web }) => inside(web, 'ip', 'route', 'del', 'default'),
  },
  {
    ...{ name: 'the default route leads elsewhere', check: 'port.default-route', says: /leads to 10\.9\.0\.77/ },
    breaks: ({ web }) => inside(web, 'ip', 'route', 'replace', 'default', 'via', '10.9.0.77'),
  },
  {
    ...{
      name: 'another default route comes first',
      check: 'port.default-route',
      says: /comes before the one via 10\.9\.0\.3/,
    },
    breaks: ({ web }) => {
      inside(web, 'ip', 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1')
      for (const link of ['lan0', 'lan1']) inside(web, 'ip', 'link', 'set', link, 'up')
      inside(web, 'ip', 'route', 'prepend', 'default', 'dev', 'lan0')
    },
  },
  {
    ...{ name: 'a static route is removed', check: 'port.route', says: /10\.99\.0\.0\/16/ },
    ...{ mends: true, works: byRoute },
    breaks: ({ db }) => inside(db, 'ip', 'route', 'del', '10.99.0.0/16'),
  },
  {
    ...{ name: 'the MAC is changed', check: 'port.mac-changed', says: /has the MAC 02:00:00:00:00:99/ },
    breaks: ({ db }) => inside(db, 'ip', 'link', 'set', 'eth1', 'address', '02:00:00:00:00:99'),
  },
  {
    ...{
      name: 'the MTU of the container is changed',
      check: 'port.mtu',
      says: /1400 on the host and 1300 in/,
    },
    ...{ mends: true, works: carriesLong },
    breaks: ({ web }) => inside(web, 'ip', 'link', 'set', 'eth1', 'mtu', '1300'),
  },
  {
    ...{
      name: 'the MTU of the host end is changed',
      check: 'port.mtu',
      says: /1200 on the host and 1400 in/,
    },
    ...{ mends: true, works: carriesLong },
    breaks: ({ web }) => tool('ip', 'link', 'set', portOf(web), 'mtu', '1200'),
  },
  {
    ...{
      name: 'checksum offload is turned on',
      check: 'port.offload',
      says: /TCP from the container is dropped/,
    },
    ...{ mends: true, works: ({ web, db }) => carries(db.path, web.path, '10.9.0.2') },
    breaks: ({ db }) => inside(db, 'ethtool', '-K', 'eth1', 'tx', 'on'),
  },
  {
    ...{
      name: 'what lies between the hosts of tunnels carries less',
      check: 'port.mtu-tunnel',
      says: /MTU 1450 leaves no room for the tunnel to 192\.0\.2\.2: by br-phy, which carries 1400 bytes, it is 1350 at most/,
    },
    breaks: () => vsctl('set', 'Interface', 'br-phy', 'mtu_request=1400'),
  },
  {
    ...{ name: 'an address is there twice', check: 'port.address-twice', says: /10\.9\.0\.3 is there twice on br0/ },
    breaks: ({ web }) => inside(web, 'ip', 'address', 'add', '10.9.0.3/24', 'dev', 'eth1'),
  },
  {
    ...{ name: 'the tag of a port is cleared', check: 'port.untagged', says: /sees every VLAN of br0/ },
    breaks: ({ tagged }) => vsctl('clear', 'Port', portOf(tagged), 'tag'),
  },
  {
    ...{
      name: 'the tag of a port is another',
      check: 'port.vlan',
      says: /carries VLAN 30, but its network blue is VLAN 20/,
    },
    breaks: ({ tagged }) => vsctl('set', 'Port', portOf(tagged), 'tag=30'),
  },
  {
    ...{ name: 'the device of a port cannot be used', check: 'port.error', says: /cannot use the device/ },
    breaks: async ({ db }) => {
      vsctl('--no-wait', 'set', 'Interface', portOf(db), 'type=nosuchtype')
      // ovs-vswitchd says so when it has tried.
      await until(() => vsctl('get', 'Interface', portOf(db), 'error') !== '[]', 'the row has an error', 10)
    },
  },
  {
    ...{ name: 'what ovsd has recorded of a port is damaged', check: 'port.marks', says: /ovsd_spec cannot be read/ },
    breaks: ({ db }) => vsctl('set', 'Interface', portOf(db), 'external_ids:ovsd_spec={'),
  },
  {
    ...{ name: 'what ovsd has recorded of a port is gone', check: 'port.marks', says: /ovsd_spec is missing/ },
    breaks: ({ db }) => vsctl('remove', 'Interface', portOf(db), 'external_ids', 'ovsd_spec'),
  },
  {
    ...{ name: 'forwarding to a port is switched off', check: 'port.switched-off', says: /sends nothing to the port/ },
    breaks: ({ db }) => tool('ovs-ofctl', 'mod-port', 'br0', portOf(db), 'no-forward'),
  },
  {
    ...{ name: 'flooding to a port is switched off', check: 'port.switched-off', says: /hears no broadcast/ },
    breaks: ({ db }) => tool('ovs-ofctl', 'mod-port', 'br0', portOf(db), 'no-flood'),
  },
  {
    ...{
      name: 'a bridge takes flows from everybody',
      check: 'bridge.listeners',
      says: /put flows into the bridge br0/,
    },
    breaks: () => vsctl('set-controller', 'br0', 'ptcp:6653'),
  },
  {
    ...{ name: 'fail_mode is secure', check: 'bridge.fail-mode', says: /secure and no controller/ },
    breaks: () => vsctl('set-fail-mode', 'br0', 'secure'),
  },
  {
    ...{ name: 'RSTP is turned on', check: 'bridge.stp', says: /br0 runs RSTP/ },
    breaks: () => vsctl('set', 'Bridge', 'br0', 'rstp_enable=true'),
  },
  {
    ...{ name: 'only new OpenFlow is spoken', check: 'bridge.openflow', says: /OpenFlow15 only/ },
    breaks: () => vsctl('set', 'Bridge', 'br0', 'protocols=OpenFlow15'),
  },
  {
    ...{ name: 'half a patch port', check: 'bridge.patch', says: /no other half/ },
    breaks: () =>
      vsctl('add-port', 'br0', 'half', '--', 'set', 'Interface', 'half', 'type=patch', 'options:peer=nobody'),
  },
  {
    ...{
      name: "a bridge of the kernel's datapath without the module",
      check: 'ovs.datapath',
      says: /br2 has no datapath/,
    },
    breaks: () => vsctl('--no-wait', 'add-br', 'br2', '--', 'set', 'Bridge', 'br2', 'datapath_type=system'),
    restores: () => vsctl('--no-wait', '--if-exists', 'del-br', 'br2'),
  },
  {
    ...{ name: 'an uplink is down', check: 'bridge.uplink', says: /up0, a port of br0, is down/ },
    breaks: () => {
      tool('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1')
      tool('ip', 'link', 'set', 'up1', 'up')
      vsctl('add-port', 'br0', 'up0')
      tool('ip', 'link', 'set', 'up0', 'down')
    },
    restores: () => tool('ip', 'link', 'del', 'up0'),
  },
  {
    ...{ name: 'an uplink without a carrier', check: 'bridge.uplink', says: /up0, a port of br0, has no carrier/ },
    breaks: () => {
      tool('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1')
      vsctl('add-port', 'br0', 'up0')
      tool('ip', 'link', 'set', 'up0', 'up')
    },
    restores: () => tool('ip', 'link', 'del', 'up0'),
  },
  {
    ...{ name: 'an uplink that the host does not have', check: 'bridge.uplink', says: /no link nic7/ },
    breaks: () => vsctl('--no-wait', 'add-port', 'br0', 'nic7'),
  },
  {
    ...{ name: 'a mirror whose output was deleted', check: 'ovs.mirrors', says: /m0 of br0 sends to no port/ },
    breaks: () =>
      vsctl(
        '--',
        '--id=@m',
        'create',
        'Mirror',
        'name=m0',
        'select_all=true',
        '--',
        'add',
        'Bridge',
        'br0',
        'mirrors',
        '@m',
      ),
  },
  {
    ...{ name: 'QoS rows that nobody uses', check: 'ovs.qos', says: /2 rows of QoS and Queue are used by no port/ },
    breaks: () => {
      vsctl('create', 'QoS', 'type=linux-htb')
      vsctl('create', 'Queue', 'other_config:max-rate=1000')
    },
  },
  {
    ...{ name: 'a manager for everybody', check: 'ovs.managers', says: /Anybody who reaches this host at ptcp:6640/ },
    breaks: () => vsctl('--no-wait', 'set-manager', 'ptcp:6640'),
    restores: () => vsctl('--no-wait', 'del-manager'),
  },
  {
    ...{
      name: 'the socket of the database is open to all',
      check: 'ovs.sockets',
      says: /Every user of this host may write/,
    },
    breaks: () => {
      chmodSync('/run/openvswitch/db.sock', 0o777)
    },
    restores: () => {
      chmodSync('/run/openvswitch/db.sock', 0o750)
    },
  },
  {
    ...{
      name: 'a link in /run/netns that leads nowhere',
      check: 'host.netns-links',
      says: /process that is gone/,
    },
    breaks: () => {
      symlinkSync('/proc/4194304/ns/net', '/run/netns/4194304')
    },
    restores: () => {
      rmSync('/run/netns/4194304', { force: true })
    },
  },
  {
    ...{ name: 'a pair of a killed run', check: 'host.orphan-links', says: /connected to no bridge/ },
    ...{ mends: true, works: reaches, cuts: false },
    breaks: () => {
      tool('ip', 'link', 'add', 'abcdef0123456_l', 'type', 'veth', 'peer', 'name', 'abcdef0123456_c')
      tool('ip', 'link', 'set', 'abcdef0123456_l', 'alias', 'ovsd/0123456789ab/eth1')
    },
  },
  {
    ...{ name: 'the record of a network is damaged', check: 'network.record', says: /blue cannot be used/ },
    breaks: () => vsctl('set', 'Bridge', 'br0', 'external_ids:ovsd_net.blue={'),
    restores: () => vsctl('remove', 'Bridge', 'br0', 'external_ids', 'ovsd_net.blue'),
  },
  {
    ...{
      name: 'the firewall is flushed',
      check: 'network.parts',
      says: /green is not complete.*rules of nftables/,
    },
    ...{ mends: true, works: goesOut },
    breaks: () => tool('nft', 'flush', 'ruleset'),
  },
  {
    ...{
      name: 'a chain of the firewall is flushed',
      check: 'network.parts',
      says: /green is not complete: nftables lacks 2 rules \(chain leaving: /,
    },
    ...{ mends: true, works: goesOut },
    breaks: () => tool('nft', 'flush', 'chain', 'inet', 'ovsd_nat', 'leaving'),
  },
  {
    ...{
      name: "somebody puts a rule among ovsd's",
      check: 'network.parts',
      says: /nftables has 1 rule.*chain passing, of somebody else/,
    },
    ...{ mends: true, works: goesOut },
    breaks: () => tool('nft', 'insert', 'rule', 'inet', 'ovsd_nat', 'passing', 'drop'),
  },
  {
    ...{
      name: 'the host gets another way out',
      check: 'network.parts',
      says: /^The host has a way out by dsl0, which the rules of the network green do not know yet\.$/,
    },
    ...{ mends: true, works: goesOut, cuts: false },
    breaks: () => {
      tool('ip', 'link', 'add', 'dsl0', 'type', 'veth', 'peer', 'name', 'dsl1')
      for (const link of ['dsl0', 'dsl1']) tool('ip', 'link', 'set', link, 'up')
      tool('ip', 'address', 'add', '192.0.2.129/25', 'dev', 'dsl0')
    },
    restores: () => tool('ip', 'link', 'del', 'dsl0'),
  },
  {
    ...{ name: 'the gateway does not forward', check: 'network.parts', says: /does not forward/ },
    ...{ mends: true, works: goesOut },
    breaks: () => tool('sysctl', '-qw', 'net.ipv4.conf.br1.forwarding=0'),
  },
  {
    ...{ name: 'the gateway has lost its address', check: 'network.parts', says: /green is not complete/ },
    ...{ mends: true, works: goesOut },
    breaks: () => tool('ip', 'address', 'flush', 'dev', 'br1'),
  },
  {
    ...{
      name: 'another route takes the subnet',
      check: 'network.way-back',
      says: /sends what is for 10\.30\.0\.0\/24/,
    },
    breaks: () => tool('ip', 'route', 'add', 'unreachable', '10.30.0.0/28'),
    restores: () => tool('ip', 'route', 'del', 'unreachable', '10.30.0.0/28'),
  },
  {
    ...{ name: 'the database has lost a network', check: 'own.drift', says: /network green is missing/ },
    breaks: () => vsctl('remove', 'Bridge', 'br1', 'external_ids', 'ovsd_net.green'),
    restores: () => ok('state', 'import'),
  },
  {
    ...{ name: 'a policy that is no YAML', check: 'own.policy', says: /policy/ },
    breaks: () => {
      mkdirSync('/etc/ovsd', { recursive: true })
      writeFileSync('/etc/ovsd/policy.yaml', 'vlans: [')
    },
    restores: () => {
      rmSync('/etc/ovsd/policy.yaml')
    },
  },
  {
    ...{ name: 'ovs-vswitchd is stopped', check: 'ovs.vswitchd', says: /does not run, or does not answer/ },
    breaks: () => {
      process.kill(vswitchd(), 'SIGSTOP')
    },
    restores: () => {
      process.kill(vswitchd(), 'SIGCONT')
    },
  },
]

const vswitchd = (): number => Number(tool('cat', '/run/openvswitch/ovs-vswitchd.pid'))

interface Leased extends AsyncDisposable {
  readonly web: Alone
}

async function makeLeased(): Promise<Leased> {
  const all = new AsyncDisposableStack()
  const bridge = all.use(testBridge())
  all.use(await dhcpServer(bridge.name))
  const web = all.use(await alone())
  all.defer(async () => {
    await until(() => clientProcesses().length === 0, 'all clients to end', 5)
  })
  await lease(bridge.name, web)
  all.defer(() => detach(bridge.name, web))
  return { web, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

const LEASED: readonly Fault<Leased>[] = [
  {
    ...{ name: 'the DHCP client of a container is gone', check: 'port.dhcp', says: /nobody renews the lease/ },
    breaks: ({ web }) => {
      // The client first, which ends with who looks after it.
      for (const pid of supervisorsOf(portOfAlone(web)))
        for (const one of [udhcpcOf(pid), pid]) tool('sh', '-c', `kill -9 ${String(one)} || true`)
      return until(() => clientProcesses().length === 0, 'it has ended', 5)
    },
  },
]

describe('doctor, on hosts with addresses by DHCP', function () {
  this.timeout(60_000)
  zoo(makeLeased, LEASED)
})

describe('doctor, on hosts with Open vSwitch', function () {
  this.timeout(60_000)
  zoo(makeWorld, FAULTS)
})
