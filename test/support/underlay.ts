// Several hosts with a network between them. The first is the private host that the test runs in; the others are started
// beside it, each with its own Open vSwitch (and Docker), and end with the test. Nothing else is in that network.
import { here, outputOf, type Host } from '../../lab/host.ts'
import { startHost, type PrivateHost, type Services } from '../../lab/private-host.ts'
import { PROGRAM, type Ended } from './ovsd.ts'
import { tool } from './tool.ts'

/** Bridge of each host that has its address between the hosts, and its link there (on the first, the links to all). */
export const BETWEEN = 'phy0'

/** One host of several. */
export interface Site {
  readonly host: Host
  /** Its addresses between the hosts, of TEST-NET-2 (RFC 5737) and of fd00::/8. */
  readonly address: string
  readonly address6: string
  /** Runs a command, and gives what it printed; throws with its words when it fails. */
  run(...argv: string[]): Promise<string>
  /** Runs ovsd to its end, whatever its status. */
  ovsd(...args: string[]): Promise<Ended>
  /** Runs ovsd, and throws unless it succeeds; gives its standard output. */
  ok(...args: string[]): Promise<string>
}

export interface FarSite extends Site {
  readonly host: PrivateHost
  /** The first host's end of the link to it: every frame of it passes here. */
  readonly link: string
}

export interface Underlay extends AsyncDisposable {
  readonly near: Site
  readonly far: readonly FarSite[]
  /** All of them. */
  readonly sites: readonly Site[]
}

/** Settings: what runs on the other hosts (only Open vSwitch), and the MTU between the hosts in bytes (1500). */
export interface UnderlayOptions {
  readonly services?: Services
  readonly mtu?: number
}

/** Those that have not been stopped. */
const running = new Set<PrivateHost>()

/** Stops the hosts of a suite that failed to; gives their ids. */
export async function abandonedHosts(): Promise<readonly string[]> {
  const hosts = [...running]
  running.clear()
  await Promise.all(hosts.map((host) => host.stop().catch(() => undefined)))
  return hosts.map(({ id }) => `the host ${id}`)
}

/** Starts `count` hosts beside this one, and joins them all. */
export async function underlay(count: number, options: UnderlayOptions = {}): Promise<Underlay> {
  const { services = 'ovs', mtu = 1500 } = options
  const hosts = await Promise.all(Array.from({ length: count }, () => startHost({ services })))
  for (const host of hosts) running.add(host)
  tool('ovs-vsctl', 'add-br', BETWEEN, '--', 'set', 'Bridge', BETWEEN, 'datapath_type=netdev')
  const near = site(here, 1)
  await addressed(near)
  const far: FarSite[] = []
  for (const [i, host] of hosts.entries()) {
    const one = { ...site(host, i + 2), host, link: `u${i + 2}` }
    tool(...link(one.link, host.pid, mtu))
    // Frames with a checksum that the receiving NIC would have to compute are worth nothing here (ethtool(8), "tx").
    tool('ethtool', '-K', one.link, 'tx', 'off')
    tool('ip', 'link', 'set', one.link, 'addrgenmode', 'none')
    tool('ip', 'link', 'set', one.link, 'up')
    tool('ovs-vsctl', 'add-port', BETWEEN, one.link)
    await one.run('ethtool', '-K', 'nic', 'tx', 'off')
    await one.run('ip', 'link', 'set', 'nic', 'up')
    await one.run('ovs-vsctl', 'add-br', BETWEEN, '--', 'set', 'Bridge', BETWEEN, 'datapath_type=netdev')
    await one.run('ovs-vsctl', 'add-port', BETWEEN, 'nic')
    await addressed(one)
    far.push(one)
  }
  return {
    ...{ near, far, sites: [near, ...far] },
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map((host) => host.stop()))
      for (const host of hosts) running.delete(host)
      tool('ovs-vsctl', '--if-exists', 'del-br', BETWEEN)
      // ovn-controller has a queue at the link of its tunnels, and leaves the row of it.
      tool('ovs-vsctl', '--all', 'destroy', 'QoS')
    },
  }
}

const link = (name: string, pid: number, mtu: number): [string, ...string[]] => [
  ...(['ip', 'link', 'add', name, 'mtu', String(mtu), 'type', 'veth', 'peer', 'name', 'nic', 'mtu'] as const),
  ...[String(mtu), 'netns', `/proc/${pid}/ns/net`],
]

function site(host: Host, n: number): Site {
  const ovsd = (...args: string[]): Promise<Ended> => host.exec([...PROGRAM, ...args], { env: { CI: 'true' } })
  return {
    ...{ host, address: `198.51.100.${n}`, address6: `fd00:198:51:100::${n}`, ovsd },
    run: (...argv) => outputOf(host, argv),
    async ok(...args) {
      const { status, stdout, stderr } = await ovsd(...args)
      if (status !== 0) throw new Error(`ovsd ${args.join(' ')}: status ${status}: ${stderr}${stdout}`)
      return stdout
    },
  }
}

async function addressed(one: Site): Promise<void> {
  await one.run('ip', 'address', 'add', `${one.address}/24`, 'dev', BETWEEN)
  await one.run('ip', 'address', 'add', `${one.address6}/64`, 'dev', BETWEEN, 'nodad')
  // The kernel's own addresses come a moment later, and a look at the host would not be like the one before.
  await one.run('ip', 'link', 'set', BETWEEN, 'addrgenmode', 'none')
  await one.run('ip', 'link', 'set', BETWEEN, 'up')
}
