// Records test/captured/ anew, in a private host: node lab/run.ts -- node test/support/capture.ts
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { here, insidePrivateHost, outputOf } from '../../lab/host.ts'
import { format } from './captured.ts'

if (!insidePrivateHost()) throw new Error('this changes links and bridges: run it through lab/run.ts')

const folder = new URL('../captured/', import.meta.url)
const sh = (script: string) => outputOf(here, ['sh', '-euc', script])

function save(name: string, content: string | Buffer): void {
  const file = new URL(name, folder)
  mkdirSync(dirname(file.pathname), { recursive: true })
  writeFileSync(file, content)
}

const VERSION: Readonly<Record<string, readonly string[]>> = {
  ip: ['ip', '-V'],
  ethtool: ['ethtool', '--version'],
  sysctl: ['sysctl', '--version'],
  arping: ['arping', '-V'],
  'ovsdb-client': ['ovsdb-client', '--version'],
  'ovs-docker': ['ovs-vsctl', '--version'],
  'ovs-vsctl': ['ovs-vsctl', '--version'],
}

/** Records one command; `within` is what is put in front of it to have it run elsewhere. */
async function record(
  name: string,
  argv: readonly string[],
  options: { within?: readonly string[]; input?: string } = {},
): Promise<void> {
  const { within = [], input } = options
  const result = await here.exec([...within, ...argv], input === undefined ? {} : { input })
  const [version = ''] = (await outputOf(here, VERSION[argv[0] ?? ''] ?? ['false'])).split('\n')
  const line = argv.map((word) => (/^[\w=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
  const command = input === undefined ? line : `${line} <<< ${JSON.stringify(input)}`
  save(`${name}.txt`, format({ command, version, ...result }))
}

async function recordIp(): Promise<void> {
  await sh(`ip netns add one; ip netns add two
    ip link add h1 type veth peer name eth1 address 02:42:0a:00:00:02 mtu 1450 netns one
    ip link set dev h1 alias ovsd/c474a0e2830e/eth1; ip link set h1 up
    ip link add h2 type veth peer name eth2 netns one
    ip -n one link add eth3 type veth peer name eth3 netns two
    ip -n one addr add 10.0.0.2/24 dev eth1; ip -n one addr add fd00::2/64 dev eth1 nodad
    ip -n one link set lo up; ip -n one link set eth1 up
    ip -n one link set eth3 up; ip -n two link set eth3 up
    ip -n one addr add fd00:3::7/64 dev eth3 nodad; ip -n one addr add 10.3.0.7/24 dev eth3`)
  await sleep(2500)
  await sh('ip -n two addr add fd00:3::7/64 dev eth3; ip -n two addr add fd00:3::8/64 dev eth3')
  const one = { within: ['ip', 'netns', 'exec', 'one'] }
  const two = { within: ['ip', 'netns', 'exec', 'two'] }
  await record('ip/address-show-asking', ['ip', '-json', 'address', 'show'], two)
  await sleep(2500)
  await record('ip/address-show-duplicate', ['ip', '-json', 'address', 'show'], two)
  await record('ip/address-show', ['ip', '-json', 'address', 'show'], one)
  await record('arping/taken', ['arping', '-D', '-q', '-c', '2', '-w', '2', '-I', 'eth3', '10.3.0.7'], two)
  await record('arping/free', ['arping', '-D', '-q', '-c', '2', '-w', '2', '-I', 'eth3', '10.3.0.9'], two)
  await record('ip/link-show-veth', ['ip', '-json', 'link', 'show', 'type', 'veth'])
  await record('ip/link-show-alias', ['ip', '-json', 'link', 'show', 'dev', 'h1'])
  await record('ip/link-show-no-alias', ['ip', '-json', 'link', 'show', 'dev', 'h2'])
  await record('ethtool/on', ['ethtool', '-k', 'eth1'], one)
  await sh('ip netns exec one ethtool -K eth1 tx off')
  await record('ethtool/off', ['ethtool', '-k', 'eth1'], one)
  await record('sysctl/off', ['sysctl', '-ne', 'net/ipv6/conf/eth1/ndisc_notify'], one)
  await sh('ip netns exec one sysctl -qw net/ipv6/conf/eth1/ndisc_notify=1')
  await record('sysctl/on', ['sysctl', '-ne', 'net/ipv6/conf/eth1/ndisc_notify'], one)
  await recordRoutes(one)
  await record('ip/batch-name-taken', ['ip', '-batch', '-'], {
    input: 'link add h9 type veth peer name eth1 netns one\nlink set dev h9 up\n',
  })
  await record('ip/batch-second-line', ['ip', '-batch', '-'], {
    input: 'link add h9 type veth peer name eth9 netns one\nlink add h1 type veth peer name eth8\n',
  })
  await record('ip/link-del-missing', ['ip', 'link', 'del', 'dev', 'h8'])
  await sh('ip link del h1; ip link del h2; ip link del h9; ip netns del one; ip netns del two')
  await record('ip/link-show-veth-none', ['ip', '-json', 'link', 'show', 'type', 'veth'])
}

async function recordRoutes(one: { within: readonly string[] }): Promise<void> {
  await record('ip/route-default-4-none', ['ip', '-4', '-json', 'route', 'show', 'default'], one)
  await sh(`ip -n one route add default via 10.0.0.1 dev eth1
    ip -n one route add default via 203.0.113.1 dev eth1 onlink proto static metric 50 src 10.0.0.2
    ip -n one route add default dev eth3 metric 70
    ip -n one -6 route add default via fd00::1 dev eth1 metric 30`)
  await record('ip/route-default-4', ['ip', '-4', '-json', 'route', 'show', 'default'], one)
  await record('ip/route-default-6', ['ip', '-6', '-json', 'route', 'show', 'default'], one)
  await sh('ip -n one route add default metric 90 nexthop via 10.0.0.7 dev eth1 nexthop via 10.0.0.8 dev eth1 weight 2')
  await record('ip/route-default-4-multipath', ['ip', '-4', '-json', 'route', 'show', 'default', 'metric', '90'], one)
}

const COLUMNS = {
  Bridge: ['_uuid', 'name', 'datapath_type', 'fail_mode', 'ports'],
  Port: ['_uuid', 'name', 'tag', 'trunks', 'vlan_mode', 'interfaces'],
  Interface: ['_uuid', 'name', 'external_ids', 'ofport', 'error'],
}

async function recordOvs(): Promise<void> {
  await sh(`ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev
    ovs-vsctl add-br br1 -- set bridge br1 datapath_type=netdev fail_mode=secure
    ovs-vsctl --no-wait add-br br2
    for n in plain access trunk native every; do ip link add $n type veth peer name $n-p; done
    ovs-vsctl add-port br0 plain
    ovs-vsctl add-port br0 access tag=10 -- set interface access external_ids:container_id=web \\
      external_ids:container_iface=eth1 'external_ids:ovsd_name="a \\"b\\" {c} \\\\ d"'
    ovs-vsctl add-port br0 trunk trunks=10,20,100-103
    ovs-vsctl add-port br0 native tag=5 trunks=7 vlan_mode=native-untagged
    ovs-vsctl add-port br1 every vlan_mode=trunk`)
  await here.exec(['ovs-vsctl', 'add-port', 'br1', 'nowhere'])
  const selects = Object.entries(COLUMNS).map(([table, columns]) => ({ op: 'select', table, where: [], columns }))
  await record('ovsdb/everything', ['ovsdb-client', 'transact', JSON.stringify(['Open_vSwitch', ...selects])])
  const wrong = { op: 'select', table: 'Brigde', where: [] }
  await record('ovsdb/wrong-table', ['ovsdb-client', 'transact', JSON.stringify(['Open_vSwitch', wrong])])
  await sh('for b in br0 br1 br2; do ovs-vsctl --no-wait del-br $b; done')
}

/** What the engine answers to a GET as ovsd writes it, byte for byte. */
async function recordHttp(name: string, path: string): Promise<void> {
  const socket = connect('/var/run/docker.sock')
  socket.write(`GET ${path} HTTP/1.0\r\nHost: docker\r\nUser-Agent: ovsd\r\n\r\n`)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  save(`docker/${name}.http`, Buffer.concat(chunks))
}

async function recordDocker(): Promise<void> {
  const run = (name: string, ...options: string[]) =>
    outputOf(here, ['docker', 'run', '-d', '--name', name, '--hostname', name, ...options, 'busybox'])
  const owner = await run('web', '--network', 'none')
  await run('onhost', '--network', 'host')
  await outputOf(here, ['docker', 'run', '-d', '--name', 'sharer', '--network', 'container:web', 'busybox'])
  await outputOf(here, ['docker', 'create', '--name', 'stopped', '--network', 'none', 'busybox'])
  await recordHttp('inspect-running', '/containers/web/json')
  await recordHttp('inspect-by-id', `/containers/${owner.slice(0, 12)}/json`)
  await recordHttp('inspect-host', '/containers/onhost/json')
  await recordHttp('inspect-sharer', '/containers/sharer/json')
  await recordHttp('inspect-created', '/containers/stopped/json')
  await recordHttp('inspect-missing', '/containers/nobody/json')
  await recordHttp('list', '/containers/json?all=1')
  await recordHttp('no-such-path', '/no/such/path')
  const ids = [owner]
  const twin = () => ids.find((id, i) => ids.slice(0, i).some((other) => other.startsWith(id.slice(0, 1))))
  while (twin() === undefined) ids.push(await outputOf(here, ['docker', 'create', '--network', 'none', 'busybox']))
  await recordHttp('inspect-ambiguous', `/containers/${twin()?.[0] ?? ''}/json`)
  const [version = ''] = (await outputOf(here, ['docker', 'version', '--format', '{{.Server.Version}}'])).split('\n')
  save('docker/README', `Answers of Docker engine ${version} to GET requests as HTTP/1.0, byte for byte.\n`)
}

/** Command lines without any effect, and the statuses of the real script. */
async function recordOvsDocker(): Promise<void> {
  const lines: Record<string, readonly string[]> = {
    'no-arguments': [],
    help: ['--help'],
    'short-help': ['-h'],
    'unknown-command': ['frob', 'br0'],
    'add-port-too-few': ['add-port', 'br0', 'eth1'],
    'add-port-empty': ['add-port', 'br0', '', 'web'],
    'add-port-unknown-option': ['add-port', 'br0', 'eth1', 'web', '--frob=1'],
    'add-port-separate-value': ['add-port', 'br0', 'eth1', 'web', '--ipaddress', '10.0.0.2/24'],
    'del-port-too-few': ['del-port', 'br0', 'eth1'],
    'del-ports-too-few': ['del-ports', 'br0'],
    'set-vlan-too-few': ['set-vlan', 'br0', 'eth1', 'web'],
    'del-port-none': ['del-port', 'br0', 'eth1', 'nobody'],
    'del-ports-none': ['del-ports', 'br0', 'nobody'],
    'set-vlan-none': ['set-vlan', 'br0', 'eth1', 'nobody', '10'],
    'add-port-no-container': ['add-port', 'br0', 'eth1', 'nobody'],
  }
  for (const [name, args] of Object.entries(lines)) await record(`ovs-docker/${name}`, ['ovs-docker', ...args])
}

await recordIp()
await recordOvs()
await recordDocker()
await recordOvsDocker()
