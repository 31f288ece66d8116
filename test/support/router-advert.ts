// A router outside that advertises itself once, as its frame comes in by a link (RFC 4861, section 4.2).
import { tool } from './tool.ts'

const ROUTER_MAC = '020000000009'
/** fe80::9 to ff02::1. */
const ADDRESSES = 'fe800000000000000000000000000009ff020000000000000000000000000001'
/** Type 134 and an empty checksum; 64 hops, no flags, a router for 1800 s; no times. */
const ADVERT = '86000000400007080000000000000000'

/** Sends the advertisement out by a port of a bridge, to whoever is at the other end of the pair. */
export function advertise(bridge: string, port: string): void {
  const payload = ADVERT.replace(/^(.{4}).{4}/, `$1${checksum(`${ADDRESSES}000000100000003a${ADVERT}`)}`)
  const frame = `333300000001${ROUTER_MAC}86dd6000000000103aff${ADDRESSES}${payload}`
  const number = tool('ovs-vsctl', 'get', 'Interface', port, 'ofport').trim()
  tool('ovs-ofctl', 'packet-out', bridge, `in_port=controller,packet=${frame},actions=output:${number}`)
}

/** Of the pseudo-header and the message (RFC 8200, section 8.1), in hexadecimal as they are. */
function checksum(hex: string): string {
  const words = hex.match(/.{4}/g) ?? []
  let sum = words.map((word) => parseInt(word, 16)).reduce((a, b) => a + b, 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return (0xffff - sum).toString(16).padStart(4, '0')
}
