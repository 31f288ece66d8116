import { BadInput } from '../errors.ts'
import { isLinkLocal, parseIp, refuseSpecial, type IpAddress } from '../net/ip-address.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/** Tunnels to the other hosts of a network (RFC 7348): one to each of them, a full mesh. */
export interface Vxlan {
  readonly remotes: readonly IpAddress[]
  /** VXLAN network identifier, 24 bits; tells the networks of the same hosts apart. */
  readonly key: number
}

const MOST_KEY = 2 ** 24 - 1

/** What a packet has more around it in a tunnel over IPv4 and over IPv6: its own Ethernet header, VXLAN, UDP and IP, in bytes. */
export const OVERHEAD = { 4: 50, 6: 70 } as const

/** MTU of what hosts usually have between them, in bytes. */
const ETHERNET = 1500

/**
 * Checks the words of tunnels. `pooled` says that each host gives out addresses of the network: then it needs a range of
 * its own, because the hosts do not ask each other. Error: BadInput.
 */
export function parseVxlan(words: NetworkWords, pooled: boolean, nameOf: NetworkWordName): Vxlan | undefined {
  const { vxlan, key } = words
  const field = nameOf('vxlan')
  if (vxlan === undefined) {
    if (key === undefined) return undefined
    throw new BadInput(nameOf('key'), `it says nothing without ${field}.`, `${field} 192.0.2.2 ${nameOf('key')} ${key}`)
  }
  const remotes = vxlan.map((text) => parseRemote(text, field))
  const twice = remotes.find(({ text }, i) => remotes.findIndex((one) => one.text === text) !== i)
  if (twice !== undefined) throw new BadInput(field, `${twice.text} is given twice.`, '192.0.2.2,192.0.2.3')
  if (remotes.length === 0) throw new BadInput(field, 'it names no other host.', '192.0.2.2,192.0.2.3')
  if (key === undefined)
    throw new BadInput(nameOf('key'), 'tunnels need the number that the network has on all its hosts.', '4711')
  const number = /^(0|[1-9][0-9]{0,7})$/.test(key) ? Number(key) : -1
  if (number < 1 || number > MOST_KEY)
    throw new BadInput(nameOf('key'), `"${key.slice(0, 80)}" is no number from 1 to ${String(MOST_KEY)}.`, '4711')
  const isShared = (words.ipRange ?? []).length < (words.subnet ?? []).length || isWhole(words)
  if (pooled && isShared)
    throw new BadInput(
      nameOf('ipRange'),
      'each host of a network with tunnels needs a part of the subnet for itself, or two would give out the same address.',
      `10.0.0.64/26, or ${nameOf('ipam')} static`,
    )
  return { remotes, key: number }
}

/** Whether a range is the subnet itself. */
const isWhole = ({ subnet = [], ipRange = [] }: NetworkWords): boolean => ipRange.some((text) => subnet.includes(text))

function parseRemote(text: string, field: string): IpAddress {
  const ip = parseIp(text, field, '192.0.2.2')
  refuseSpecial(ip, field)
  if (isLinkLocal(ip)) throw new BadInput(field, `${ip.text} is valid on one link only.`, 'fd00::2')
  return ip
}

/** MTU that is left inside tunnels over hosts with Ethernet between them, in bytes. */
export const roomInside = ({ remotes }: Vxlan): number =>
  Math.min(...remotes.map(({ family }) => ETHERNET - OVERHEAD[family]))
