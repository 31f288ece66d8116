// What has to be true whenever things are quiet, whatever happened before.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { describeVlan, parseTrunks } from '../../src/lib/net/vlan.ts'
import { listed } from './attachments.ts'
import { complaintsSince, hostView, type HostView, type LogEnds } from './host-view.ts'
import { insideSeen, type InterfaceSeen } from './inside-seen.ts'
import type { Want, Wanting } from './labelled.ts'
import { ownPortsSeen, portsSeen, type PortSeen } from './ovs-rows.ts'
import { ovsd } from './ovsd.ts'
import { tool } from './tool.ts'
import type { Watcher } from './watch.ts'

export interface Expectations {
  /** Running containers, and what they have to have. Ports of ovsd for any other container are an error. */
  readonly containers: readonly Wanting[]
  /** The daemon's default bridge. */
  readonly bridge: string
  /** What the host was like before ovsd did anything. */
  readonly before?: HostView & LogEnds
  /** Bridges that the test itself changes, or that ovsd creates. */
  readonly except?: readonly string[]
  /** The policy allows every trunk; else a port without a VLAN is confined to untagged frames, as VLAN 0. */
  readonly allTrunks?: boolean
  /** The daemon: its log may have no warning and no error but the expected events, and it has nothing left to do. */
  readonly watcher?: Watcher
  readonly expected?: readonly string[]
  /** Lines of the logs of Open vSwitch that belong to the test. */
  readonly complaints?: readonly RegExp[]
  /** How long to wait until all of it is true, in seconds. */
  readonly seconds?: number
}

/**
 * Complaints that nobody can prevent. With a container the kernel takes its end of the pair, and so the other one, before
 * anybody could take the port away; ovs-vswitchd sends and receives on it until it has heard of that. And any client,
 * ovs-vsctl too, may end while the database sends it what others have changed.
 */
export const USUAL: readonly RegExp[] = [
  /netdev_linux\|WARN\|error (receiving|sending) Ethernet packet on [0-9a-f]{13}_l: (Network is down|No such device)/,
  /netdev_linux\|WARN\|ethtool command \w+ on network device [0-9a-f]{13}_l failed: No such device/,
  /netdev_linux\|WARN\|[0-9a-f]{13}_l: removing policing failed: No such device/,
  /dpif_netdev\|ERR\|error receiving data from [0-9a-f]{13}_l: (Network is down|No such device)/,
  /(netdev_linux|dpif_netdev)\|(WARN|ERR)\|Dropped \d+ log messages in last \d+ seconds/,
  /ovsdb-server: .*\|(jsonrpc|reconnect)\|WARN\|unix#\d+: .*(Broken pipe|Connection reset by peer)/,
  /ovsdb-server: .*\|jsonrpc\|WARN\|Dropped \d+ log messages in last \d+ seconds/,
  // It waited for a processor or the disk, and did next to nothing itself: other tests had them.
  /\|timeval\|WARN\|(Unreasonably long \d+ms poll interval \(\d{1,2}ms user, \d{1,2}ms system\)|(context switches|faults|disk): )/,
]

/** A kernel without policing (CONFIG_NET_ACT_POLICE) leaves a rate without effect, and this is all that says so. */
export const NO_POLICING = /netdev_linux\|WARN\|[0-9a-f]{13}_l: adding cls_basic policing action failed/

/** Checks I1 to I6, I8, I10 and I11 of a host; tries again until they hold or the time is over. */
export async function holds(expectations: Expectations): Promise<void> {
  const end = performance.now() + (expectations.seconds ?? 0) * 1000
  for (;;) {
    const looked = performance.now()
    try {
      check(expectations)
      return
    } catch (error) {
      if (performance.now() > end) throw error
      // A look starts a dozen processes: waiting leaves the processors to what is waited for.
      await pause(Math.max(100, Math.min(500, performance.now() - looked)))
    }
  }
}

interface Life {
  readonly id: string
  readonly name: string
  readonly pid: number
  readonly started: string
}

function running(): readonly Life[] {
  const ids = tool('docker', 'ps', '--quiet', '--no-trunc').split('\n').filter(Boolean)
  if (ids.length === 0) return []
  const format = '{{.Id}} {{.Name}} {{.State.Pid}} {{.State.StartedAt}}'
  return tool('docker', 'inspect', `--format=${format}`, ...ids)
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([id = '', name = '', pid, started = '']) => ({ id, name: name.slice(1), pid: Number(pid), started }))
}

function check(expectations: Expectations): void {
  const lives = running()
  const ports = ownPortsSeen()
  const insides = new Map(
    lives
      .filter(({ id }) => ports.some(({ ids }) => ids['ovsd_id'] === id))
      .map(({ id, pid }) => [id, insideSeen(`/proc/${pid}/ns/net`)]),
  )
  for (const container of expectations.containers) {
    assert.ok(
      lives.some(({ id }) => id === container.id),
      `${container.name} does not run`,
    )
    for (const want of container.wants) checkOne(container, want, expectations, { ports, insides })
  }
  checkPorts(expectations.containers, ports, lives)
  checkUnique(ports, insides)
  checkList(ports, insides)
  checkHost(expectations)
  checkDaemon(expectations)
}

type Insides = ReadonlyMap<string, ReadonlyMap<string, InterfaceSeen>>

/** I1: one port, as it is wanted, and the interface inside. */
function checkOne(
  { id, name }: Wanting,
  want: Want,
  { bridge: defaultBridge, allTrunks = false }: Expectations,
  { ports, insides }: { readonly ports: readonly PortSeen[]; readonly insides: Insides },
): void {
  const { iface = 'eth1', bridge = defaultBridge, addresses = [], mac, mtu, gateways = [], routes = [] } = want
  const [port, ...more] = ports.filter(({ ids }) => ids['ovsd_id'] === id && ids['container_iface'] === iface)
  const what = `${iface} of ${name}`
  assert.ok(port !== undefined, `${what} has no port`)
  assert.equal(more.length, 0, `${what} has several ports`)
  const { error, ofport = 0, tag, trunks, mode, rate, ids } = port
  assert.ok(ofport > 0 && error === '', `${what}: ofport ${ofport}, error ${error}`)
  assert.deepEqual(
    { what, bridge: port.bridge, tag, trunks, mode, rate, tenant: ids['ovsd_tenant'] },
    { what, bridge, ...columnsOf(want, allTrunks), rate: want.rate ?? 0, tenant: want.tenant },
  )
  const inside = insides.get(id)?.get(iface)
  assert.ok(inside !== undefined, `${what} is not there`)
  const defaults = gateways.map((via) => `${via.includes(':') ? '::/0' : '0.0.0.0/0'},${via}`)
  assert.deepEqual(
    { what, up: inside.up, addresses: inside.addresses, routes: inside.routes, mtu: inside.mtu, mac: inside.mac },
    {
      ...{ what, up: true, addresses: [...addresses].sort(), routes: [...defaults, ...routes].sort() },
      ...{ mtu: mtu ?? 1500, mac: mac ?? inside.mac },
    },
  )
}

function columnsOf({ vlan, trunks, native }: Want, allTrunks: boolean): Pick<PortSeen, 'tag' | 'trunks' | 'mode'> {
  const list = trunks === undefined ? [] : parseTrunks(trunks)
  if (native !== undefined) return { tag: native, trunks: list, mode: 'native-untagged' }
  if (trunks !== undefined) return { tag: undefined, trunks: list, mode: 'trunk' }
  return { tag: vlan ?? (allTrunks ? undefined : 0), trunks: [], mode: '' }
}

/** I2, I3: no port but for a life that wants it, no port more than is wanted, no pair of ours outside of Open vSwitch. */
function checkPorts(containers: readonly Wanting[], ports: readonly PortSeen[], lives: readonly Life[]): void {
  for (const { port, ids } of ports.filter(({ ids: { ovsd_netns: netns } }) => netns === undefined)) {
    const life = lives.find(({ id }) => id === ids['ovsd_id'])
    const whose = `port ${port} is for ${ids['container_iface'] ?? ''} of ${ids['ovsd_name'] ?? ''}`
    assert.ok(life !== undefined, `${whose}, which does not run`)
    assert.equal(ids['ovsd_generation'], life.started, `${whose}, which was restarted`)
    const wanting = containers.find(({ id }) => id === life.id)
    const isWanted = wanting?.wants.some(({ iface = 'eth1' }) => iface === ids['container_iface']) === true
    assert.ok(isWanted || ids['ovsd_owner'] === 'cli', `${whose}, which does not want it`)
  }
  const attached = new Set(portsSeen().map(({ port }) => port))
  const links = JSON.parse(tool('ip', '-json', 'link', 'show', 'type', 'veth')) as { ifname: string }[]
  const alone = links.map(({ ifname }) => ifname).filter((name) => name.endsWith('_l') && !attached.has(name))
  assert.deepEqual(alone, [], 'pairs of ours outside of Open vSwitch')
}

/** I5: no address and no MAC twice in a network: a VLAN of a bridge, or a logical switch. */
function checkUnique(ports: readonly PortSeen[], insides: Insides): void {
  const seen = new Map<string, string>()
  for (const { bridge, port, ids, tag = 0 } of ports) {
    const inside = insides.get(ids['ovsd_id'] ?? '')?.get(ids['container_iface'] ?? '')
    for (const value of [...(inside?.addresses ?? []).map((address) => address.split('/')[0]), inside?.mac]) {
      if (value === undefined) continue
      const isLogical = ids['iface-id'] !== undefined
      const key = `${value} on ${bridge}, ${isLogical ? (ids['ovsd_network'] ?? '') : `VLAN ${tag}`}`
      assert.ok(!seen.has(key), `${key} is at ${seen.get(key) ?? ''} and ${port}`)
      seen.set(key, port)
    }
  }
}

/** I6: what `ovsd list` says is what is there. */
function checkList(ports: readonly PortSeen[], insides: Insides): void {
  const list = listed().filter(({ owner }) => owner.startsWith('ovsd '))
  const said = list.map(({ port, state, bridge, addresses, mac, mtu, vlan, reason }) => ({
    ...{ port, state, reason, bridge, mac, mtu, vlan, addresses: [...addresses].sort() },
  }))
  const seen = ports.map(({ port, bridge, ids, tag, trunks, mode }) => {
    const {
      mac = '',
      mtu = null,
      addresses = [],
    } = insides.get(ids['ovsd_id'] ?? '')?.get(ids['container_iface'] ?? '') ?? {}
    const kind =
      mode === 'native-untagged' ? 'native' : mode === 'trunk' ? 'trunk' : tag === undefined ? 'none' : 'access'
    const vlan = describeVlan({ kind, tag: tag ?? 0, trunks })
    return { port, state: 'ok', reason: '', bridge, mac, mtu, vlan, addresses }
  })
  const byPort = (a: { port: string }, b: { port: string }): number => a.port.localeCompare(b.port)
  assert.deepEqual([...said].sort(byPort), [...seen].sort(byPort))
}

/** I4, I10, I11: nothing of others changed, and Open vSwitch has nothing to complain about. */
function checkHost({ before, except = [], bridge, complaints = [] }: Expectations): void {
  if (before === undefined) return
  const { ends } = before
  assert.deepEqual({ ...hostView(...except, bridge), ends }, before)
  const usual = [...USUAL, ...complaints]
  const unexpected = complaintsSince({ ends }).filter((line) => !usual.some((one) => one.test(line)))
  assert.deepEqual(unexpected, [], 'Open vSwitch complains')
}

/** I8, I10: the daemon has nothing to complain about, and another look finds nothing to do. */
function checkDaemon({ watcher, expected = [] }: Expectations): void {
  if (watcher === undefined) return
  const complaints = watcher.lines.filter(({ level, event }) => /warn|error/.test(level) && !expected.includes(event))
  assert.deepEqual(
    complaints.map(({ level, event, msg }) => `${level} ${event}: ${msg}`),
    [],
    'ovsd watch complains',
  )
  // Whatever is refused makes it end with status 1.
  const { stdout } = ovsd(['watch', ...watcher.args, '--quiet', '--dry-run', '--json'])
  const { commands } = JSON.parse(stdout) as { commands?: string[] }
  assert.deepEqual(commands, [], `ovsd watch would do more, or fails: ${stdout}`)
}
