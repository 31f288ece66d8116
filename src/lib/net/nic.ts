// A network interface of the host itself, as `ip -json -details address` tells it.
import type { Runner } from '../system/runner.ts'

interface IpJsonAddress {
  readonly family: string
  readonly local: string
  /** The other end of a point-to-point link. */
  readonly address?: string
  readonly prefixlen: number
  readonly broadcast?: string
  readonly scope: string
  readonly label?: string
  readonly metric?: number
  readonly protocol?: string
  readonly valid_life_time: number
  readonly preferred_life_time: number
  readonly [flag: string]: unknown
}

interface IpJsonNic {
  readonly ifname: string
  readonly flags: readonly string[]
  readonly mtu: number
  readonly link_type: string
  readonly address?: string
  readonly master?: string
  readonly ifalias?: string
  readonly addr_info?: readonly IpJsonAddress[]
}

/** One address of a NIC. */
export interface NicAddress {
  /** What tells it apart from others: `10.0.0.5/24`, or `10.0.0.1 peer 10.0.0.2/32`. */
  readonly key: string
  /** What `ip address add` takes to make it again, without the device. */
  readonly words: string
  /** Somebody renews it: a client of DHCP, or the kernel for a router's advertisements. */
  readonly isLeased: boolean
}

export interface Nic {
  readonly name: string
  readonly mac: string
  readonly mtu: number
  readonly isUp: boolean
  /** `ether`, `loopback`, `none`, … */
  readonly linkType: string
  /** The bond, bridge or datapath (`ovs-system`) that it belongs to. */
  readonly master: string | undefined
  readonly alias: string
  /** In the order of the kernel; without those that it makes and takes by itself. */
  readonly addresses: readonly NicAddress[]
}

/** A NIC of this host; undefined when there is none of that name. */
export async function readNic(run: Runner, name: string, signal?: AbortSignal): Promise<Nic | undefined> {
  const { stdout, stderr } = await run(
    { tool: 'ip', args: ['-json', '-details', 'address', 'show', 'dev', name], okStatuses: [1] },
    signal,
  )
  const [found] = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly IpJsonNic[]
  // Another failure is no proof that there is none.
  if (found === undefined && !stderr.includes('does not exist')) throw new Error(`ip address show: ${stderr.trim()}`)
  if (found === undefined) return undefined
  const { flags, mtu, link_type: linkType, address: mac = '', master, ifalias: alias = '', addr_info: all = [] } = found
  return {
    ...{ name, mac, mtu, linkType, master, alias, isUp: flags.includes('UP') },
    addresses: all.filter((one) => !isKernels(one, mac)).map(addressOf),
  }
}

/** ~0: for ever. */
const FOREVER = 0xffff_ffff

function addressOf(one: IpJsonAddress): NicAddress {
  const { local, address: peer, prefixlen, broadcast, scope, label, metric } = one
  const key = `${local}${peer === undefined ? '' : ` peer ${peer}`}/${String(prefixlen)}`
  const isLeased = one.valid_life_time !== FOREVER
  const lifetime = (seconds: number): string => (seconds === FOREVER ? 'forever' : String(seconds))
  const words = [
    key,
    ...(broadcast === undefined ? [] : ['broadcast', broadcast]),
    ...['scope', scope],
    ...(label === undefined ? [] : ['label', label]),
    ...(metric === undefined ? [] : ['metric', String(metric)]),
    ...(isLeased
      ? ['valid_lft', lifetime(one.valid_life_time), 'preferred_lft', lifetime(one.preferred_life_time)]
      : []),
    ...['home', 'nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin'].filter((flag) => one[flag] === true),
  ]
  return { key, words: words.join(' '), isLeased }
}

/** Link-local addresses that every interface gets, and temporary ones (RFC 8981), which follow from others. */
function isKernels(one: IpJsonAddress, mac: string): boolean {
  if (one.family !== 'inet6') return false
  if (one['temporary'] === true) return true
  return (
    one.scope === 'link' &&
    (one.protocol === 'kernel_ll' || one['stable-privacy'] === true || one.local === linkLocalOf(mac))
  )
}

/** fe80::/64 and the MAC as an interface identifier (RFC 4291, appendix A), as ip prints it. */
function linkLocalOf(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((byte) => parseInt(byte, 16))
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f].map((group) => group.toString(16))
  return `fe80::${groups.join(':').replace(/^0:/, '')}`
}
