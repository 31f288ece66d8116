import { BadInput } from '../errors.ts'
import { fnv1a64 } from './hash.ts'

/** A unicast Ethernet address, lower case, colons. */
export type Mac = string & { readonly __brand: 'Mac' }

const SIX = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/
const GOOD = '02:42:0a:00:00:02'

/** Parses a MAC in any case, with colons or dashes; refuses multicast and all-zero ones (the kernel would, later). */
export function parseMac(text: string, field = '--macaddress'): Mac {
  const mac = text.toLowerCase().replaceAll('-', ':')
  if (!SIX.test(mac)) throw new BadInput(field, `"${text}" is not six pairs of hex digits.`, GOOD)
  if (mac === '00:00:00:00:00:00') throw new BadInput(field, 'the all-zero address belongs to nobody.', GOOD)
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1)
    throw new BadInput(field, `"${text}" is a group (multicast) address.`, GOOD)
  return mac as Mac
}

/** The MAC of an interface nobody chose one for: the same after every re-attachment, locally administered (IEEE 802). */
export function derivedMac(containerId: string, iface: string): Mac {
  const tail = fnv1a64(`mac/${containerId}/${iface}`).slice(0, 10)
  return ['02', ...(tail.match(/../g) ?? [])].join(':') as Mac
}
