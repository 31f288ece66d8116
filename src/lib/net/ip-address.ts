import { isIPv4, SocketAddress } from 'node:net'
import { BadInput } from '../errors.ts'

export type Family = 4 | 6

/** An IP address in canonical text (RFC 5952 for IPv6) with its bits as a number. */
export interface IpAddress {
  readonly family: Family
  readonly text: string
  readonly bits: bigint
}

/** Length of an address in bits. */
export const width = (family: Family): number => (family === 4 ? 32 : 128)

const GOOD: Record<Family | 'any', string> = { 4: '10.0.0.2', 6: 'fd00::2', any: '10.0.0.2 or fd00::2' }

/**
 * Whether it is an IPv6 address without a zone. By the parser of libuv, and not by net.isIPv6, whose expression takes 6 ms to
 * compile. It stops at a NUL and knows zones, so only what can be part of an address comes to it.
 */
export function isIpv6(text: string): boolean {
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return false
  try {
    return new SocketAddress({ address: text, family: 'ipv6' }).family === 'ipv6'
  } catch {
    return false
  }
}

// Only dotted quads without leading zeros and plain IPv6: iproute2 reads 010.0.0.9 as octal and 10.1 as 10.1.0.0.
/**
 * Parses an address; `BadInput` names the field and shows a `good` value. Zone ids, leading zeros, short and hex forms are
 * refused.
 */
export function parseIp(text: string, field: string, good = GOOD.any): IpAddress {
  if (isIPv4(text)) return { family: 4, text, bits: bits4(text) }
  if (isIpv6(text)) {
    const bits = bits6(text)
    return { family: 6, text: text6(bits), bits }
  }
  throw new BadInput(field, `${JSON.stringify(text)} is not an IP address.`, good)
}

/** The address with these bits, in canonical text. */
export const ipOfBits = (family: Family, bits: bigint): IpAddress => ({
  ...{ family, bits },
  text: family === 4 ? text4(bits) : text6(bits),
})

/**
 * Refuses what cannot be the address of one host: unspecified, loopback, multicast, IPv4's limited broadcast and class E,
 * IPv4-mapped IPv6 (RFC 4291, RFC 1112).
 */
export function refuseSpecial(ip: IpAddress, field: string): void {
  const kind = special(ip)
  if (kind !== undefined) throw new BadInput(field, `${ip.text} is ${kind}.`, GOOD[ip.family])
}

function special({ family, bits }: IpAddress): string | undefined {
  if (family === 4) {
    const first = Number(bits >> 24n)
    if (first === 0) return 'an address of "this network"'
    if (first === 127) return 'a loopback address'
    if (first >= 224) return first < 240 ? 'a multicast address' : 'a reserved or broadcast address'
    return undefined
  }
  if (bits === 0n) return 'the unspecified address'
  if (bits === 1n) return 'the loopback address'
  if (bits >> 120n === 0xffn) return 'a multicast address'
  if (bits >> 32n === 0xffffn) return 'an IPv4 address in IPv6 clothes'
  return undefined
}

/** True for fe80::/10: valid on one link only, so it needs no prefix that contains it. */
export const isLinkLocal = ({ family, bits }: IpAddress): boolean => family === 6 && bits >> 118n === 0x3fan

const bits4 = (text: string): bigint => text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)

function bits6(text: string): bigint {
  // A dotted tail (::ffff:10.0.0.1) stands for the last two groups.
  const dot = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const tail = bits4(dot?.[2] ?? '0.0.0.0')
  const plain = dot === null ? text : `${dot[1] ?? ''}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`
  const [left = [], right = []] = plain.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const zeros = plain.includes('::') ? Array.from({ length: 8 - left.length - right.length }, () => '0') : []
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

const text4 = (bits: bigint): string => [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.')

function text6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  // RFC 5952: the longest run of two or more zero groups becomes "::", the first one where two are equally long.
  const zeros = [
    ...groups
      .map((group) => (group === '0' ? '0' : '1'))
      .join('')
      .matchAll(/0{2,}/g),
  ]
  const longest = zeros.sort((a, b) => b[0].length - a[0].length || a.index - b.index)[0]
  if (longest === undefined) return groups.join(':')
  return `${groups.slice(0, longest.index).join(':')}::${groups.slice(longest.index + longest[0].length).join(':')}`
}
