// Another host that tunnels lead to. The userspace datapath sends them over a bridge only, which has the host's address.
import { execaSync } from 'execa'
import { bareNamespace } from './namespace.ts'
import { tool, toolIn } from './tool.ts'

export interface WayOut extends Disposable {
  /** The other host's namespace, its link, and its address (RFC 5737) of each version. */
  readonly path: string
  readonly link: string
  readonly there: string
  readonly there6: string
  /** The bridge in that direction, with this host's address. */
  readonly bridge: string
  readonly here: string
}

let count = 0

/** Gone at the end of the `using` block. */
export function wayOut(): WayOut {
  const namespace = bareNamespace()
  const n = count++
  const [bridge, near] = [`wo${n}`, `wl${n}`]
  const [here, there] = [`198.51.100.${n * 4 + 1}`, `198.51.100.${n * 4 + 2}`]
  const [here6, there6] = [`fd00:51:${n}::1`, `fd00:51:${n}::2`]
  tool('ovs-vsctl', 'add-br', bridge, '--', 'set', 'Bridge', bridge, 'datapath_type=netdev')
  tool('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'nic', 'netns', namespace.name)
  // The kernel would give them addresses of its own, some time later.
  for (const link of [near, bridge]) tool('ip', 'link', 'set', link, 'addrgenmode', 'none')
  // Frames with a checksum that the receiving NIC would have to compute are worth nothing here (ethtool(8), "tx").
  tool('ethtool', '-K', near, 'tx', 'off')
  tool('ip', 'link', 'set', near, 'up')
  tool('ovs-vsctl', 'add-port', bridge, near)
  tool('ip', 'address', 'add', `${here}/30`, 'dev', bridge)
  tool('ip', 'address', 'add', `${here6}/64`, 'dev', bridge, 'nodad')
  tool('ip', 'link', 'set', bridge, 'up')
  toolIn(namespace.path, 'ip', 'address', 'add', `${there}/30`, 'dev', 'nic')
  toolIn(namespace.path, 'ip', 'address', 'add', `${there6}/64`, 'dev', 'nic', 'nodad')
  toolIn(namespace.path, 'ip', 'link', 'set', 'nic', 'up')
  return {
    ...{ path: namespace.path, link: 'nic', there, there6, bridge, here },
    [Symbol.dispose]() {
      tool('ovs-vsctl', 'del-br', bridge)
      execaSync('ip', ['link', 'del', 'dev', near], { reject: false })
      namespace[Symbol.dispose]()
    },
  }
}
