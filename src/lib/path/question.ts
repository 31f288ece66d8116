import { BadInput } from '../errors.ts'

/** What is to get there. */
export type Traffic = { readonly kind: 'icmp' } | { readonly kind: 'tcp' | 'udp'; readonly port: number }

/** Parses `icmp`, `tcp/5432`, `udp/53`. Error: BadInput. */
export function parseTraffic(text: string, field = 'TRAFFIC'): Traffic {
  if (text === 'icmp') return { kind: 'icmp' }
  const [, kind, digits = ''] = /^(tcp|udp)\/([1-9][0-9]{0,4})$/.exec(text) ?? []
  const port = Number(digits)
  if ((kind !== 'tcp' && kind !== 'udp') || port > 65_535)
    throw new BadInput(field, `"${text.slice(0, 80)}" is neither icmp nor a port of TCP or UDP.`, 'tcp/5432')
  return { kind, port }
}

/** In the same words as it is typed. */
export const describeTraffic = (traffic: Traffic): string =>
  traffic.kind === 'icmp' ? 'icmp' : `${traffic.kind}/${String(traffic.port)}`
