// A NIC of the host with a network behind it: a pair whose far end is in a namespace that stands for a machine outside.
import { execaSync } from 'execa'
import { bareNamespace, type BareNamespace } from './namespace.ts'
import { tool, toolIn } from './tool.ts'

let count = 0

export interface Lan extends Disposable {
  /** The host's end. */
  readonly nic: string
  /** Namespace of the machine outside, whose end is called `o0`. */
  readonly path: string
  /** Runs a tool outside. */
  outside(name: string, ...args: string[]): string
}

/** Options: addresses of the machine outside (203.0.113.9/24 if left out); whether the host's end is up. */
export interface LanOptions {
  readonly addresses?: readonly string[]
  readonly up?: boolean
  readonly mtu?: number
}

/** Gone, with everything on it, at the end of the `using` block. */
export function lan({ addresses = ['203.0.113.9/24', 'fd03::9/64'], up = true, mtu = 1500 }: LanOptions = {}): Lan {
  const nic = `nic${String(process.pid)}-${String(count++)}`
  const machine: BareNamespace = bareNamespace()
  const outside = (name: string, ...args: string[]): string => toolIn(machine.path, name, ...args)
  tool('ip', 'link', 'add', nic, 'mtu', String(mtu), ...['type', 'veth', 'peer', 'name', 'o0'], 'netns', machine.name)
  outside('ip', 'link', 'set', 'o0', 'mtu', String(mtu))
  // Link-local addresses at once, and not in the middle of a test.
  tool('sysctl', '-qw', `net.ipv6.conf.${nic}.accept_dad=0`)
  if (up) tool('ip', 'link', 'set', nic, 'up')
  for (const link of ['lo', 'o0']) outside('ip', 'link', 'set', link, 'up')
  // A checksum that was left to the hardware is never filled in on the userspace datapath.
  outside('ethtool', '-K', 'o0', 'tx', 'off')
  for (const address of addresses) outside('ip', 'address', 'add', address, 'dev', 'o0', 'nodad')
  return {
    ...{ nic, outside, path: machine.path },
    [Symbol.dispose]() {
      // The pair does not go with the namespace at once: the next test would meet its address.
      execaSync('ip', ['link', 'del', 'dev', nic], { reject: false })
      machine[Symbol.dispose]()
    },
  }
}

/** A NIC of the host that is plugged into a switch with VLANs, and machines behind it. */
export interface SwitchedLan extends Disposable {
  readonly nic: string
  /** The switch's end, on which everything is seen that passes between the host and the LAN. */
  readonly far: string
  /** Plugs a machine into an access port of a VLAN (0: untagged); gives the path of its namespace. */
  machine(tag: number, ...addresses: string[]): string
  /** Those of the frames that a sniffer saw which no machine of the LAN has sent. */
  fromHost(frames: readonly string[]): readonly string[]
}

/** The switch is another bridge of Open vSwitch: this kernel need not know VLANs. Gone at the end of the `using` block. */
export function switchedLan(): SwitchedLan {
  const id = `${String(process.pid)}-${String(count++)}`
  const [nic, far, bridge] = [`nic${id}`, `far${id}`, `sw${id}`]
  using stack = new DisposableStack()
  tool('ip', 'link', 'add', nic, 'type', 'veth', 'peer', 'name', far)
  stack.defer(() => execaSync('ip', ['link', 'del', 'dev', nic], { reject: false }))
  for (const link of [nic, far]) tool('ip', 'link', 'set', link, 'addrgenmode', 'none', 'up')
  tool('ovs-vsctl', 'add-br', bridge, '--', 'set', 'Bridge', bridge, 'datapath_type=netdev')
  stack.defer(() => tool('ovs-vsctl', 'del-br', bridge))
  tool('ovs-vsctl', 'add-port', bridge, far)
  const held = stack.move()
  const macs: string[] = []
  return {
    ...{ nic, far },
    machine(tag, ...addresses) {
      const space = held.use(bareNamespace())
      const port = `m${String(process.pid)}-${String(count++)}`
      tool('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'o0', 'netns', space.name)
      held.defer(() => execaSync('ip', ['link', 'del', 'dev', port], { reject: false }))
      tool('ovs-vsctl', 'add-port', bridge, port, `tag=${String(tag)}`)
      tool('ip', 'link', 'set', port, 'addrgenmode', 'none', 'up')
      for (const link of ['lo', 'o0']) toolIn(space.path, 'ip', 'link', 'set', link, 'up')
      toolIn(space.path, 'ethtool', '-K', 'o0', 'tx', 'off')
      for (const address of addresses) toolIn(space.path, 'ip', 'address', 'add', address, 'dev', 'o0')
      macs.push(/ether (\S+)/.exec(toolIn(space.path, 'ip', 'link', 'show', 'o0'))?.[1] ?? '')
      return space.path
    },
    fromHost: (frames) => frames.filter((frame) => !macs.some((mac) => frame.includes(` ${mac} > `))),
    [Symbol.dispose]: () => {
      held.dispose()
    },
  }
}
