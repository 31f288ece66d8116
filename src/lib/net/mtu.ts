import { BadInput } from '../errors.ts'

/** Parses an MTU in bytes: 68 (RFC 791) to 65535, and at least 1280 where IPv6 is used (RFC 8200, section 5). */
export function parseMtu(text: string, hasIpv6: boolean, field = '--mtu'): number {
  const mtu = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0
  if (mtu < 68 || mtu > 65_535)
    throw new BadInput(field, `"${text}" is not a number of bytes from 68 to 65535.`, '1450')
  if (hasIpv6 && mtu < 1280) throw new BadInput(field, `IPv6 needs at least 1280 bytes, not ${text}.`, '1280')
  return mtu
}
