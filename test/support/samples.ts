// Values that many tests need: a host that is only its Runner, a namespace, an attachment.
import type { Attachment, Target } from '../../src/lib/attach/attachment.ts'
import type { Unique } from '../../src/lib/attach/taken.ts'
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseHostCidr } from '../../src/lib/net/cidr.ts'
import { parseBridge, parseInterface } from '../../src/lib/net/ifname.ts'
import { parseMac } from '../../src/lib/net/mac.ts'
import { NO_VLAN } from '../../src/lib/net/vlan.ts'
import type { Netns } from '../../src/lib/system/netns.ts'
import type { Runner } from '../../src/lib/system/runner.ts'

/** A full container id. */
export const ID = 'c474a0e2830e'.padEnd(64, '0')

/** A host that runs tools with `runner`, and whose database and engine do not exist unless they are named. */
export function hostWith(runner: Runner, sockets: { db?: string; docker?: string } = {}): Host {
  const { db = '/nonexistent/db.sock', docker = '/nonexistent/docker.sock' } = sockets
  return openHost({ db: `unix:${db}`, docker: `unix://${docker}`, runner })
}

/** A namespace by its path only: for what passes it on and does not enter it. */
export const NETNS: Netns = {
  fd: -1,
  inode: 4_026_531_840,
  path: '/proc/4711/ns/net',
  [Symbol.dispose]: () => undefined,
}

export const TARGET: Target = {
  typed: 'web',
  id: ID,
  name: 'web',
  generation: '2026-01-02T03:04:05.678Z',
  netnsPath: NETNS.path,
  kind: 'container',
}

/** eth1 of the container web on br0, with one address; `more` is what is different. */
export function attachment(more: Partial<Attachment> = {}): Attachment {
  return {
    bridge: parseBridge('br0'),
    iface: parseInterface('eth1'),
    target: TARGET,
    addresses: [parseHostCidr('10.0.0.2/24')],
    gateways: [],
    routes: [],
    mac: parseMac('02:42:0a:00:00:02'),
    mtu: undefined,
    vlan: NO_VLAN,
    owner: 'cli',
    ...more,
  }
}

/** What of an attachment must not be there twice; `mac` as given, or one that nobody else has. */
export const uniqueOf = ({ bridge, vlan, addresses }: Attachment, mac = '02:00:00:00:00:99'): Unique => ({
  bridge,
  vlan,
  mac,
  addresses: addresses.map(({ ip }) => ip.text),
})
