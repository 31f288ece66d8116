// Who is meant by a word of an expectation.
import { isIPv4 } from 'node:net'
import { isContainerName } from '../docker/container-name.ts'
import { BadInput } from '../errors.ts'
import { parseInterface } from '../net/ifname.ts'
import { isIpv6, parseIp, type IpAddress } from '../net/ip-address.ts'

export type Selector =
  /** With `iface` by that interface alone. */
  | { readonly kind: 'container'; readonly name: string; readonly iface?: string }
  /** Containers that ovsd has attached, by a pattern of their names. */
  | { readonly kind: 'pattern'; readonly text: string }
  | { readonly kind: 'network' | 'tenant'; readonly name: string }
  | { readonly kind: 'address'; readonly ip: IpAddress }

/** Parses `web`, `web:eth1`, `web-*`, `network:blue`, `tenant:acme`, `10.0.0.9`. Error: BadInput. */
export function parseSelector(text: string, field: string): Selector {
  if (isIPv4(text) || isIpv6(text)) return { kind: 'address', ip: parseIp(text, field) }
  const [, kind, name = ''] = /^(network|tenant):(.+)$/.exec(text) ?? []
  if (kind === 'network' || kind === 'tenant') return { kind, name }
  const [container = '', iface, ...more] = text.split(':')
  if (isContainerName(container) && iface !== '' && more.length === 0)
    return {
      kind: 'container',
      name: container,
      ...(iface === undefined ? {} : { iface: parseInterface(iface, field) }),
    }
  if (/^[A-Za-z0-9_.*-]+$/.test(text)) return { kind: 'pattern', text }
  throw new BadInput(
    field,
    `${JSON.stringify(text.slice(0, 80))} is neither a container, nor a pattern, nor network:NAME, tenant:NAME or an address.`,
    'web',
  )
}

/** As it is written. */
export function selectorText(one: Selector): string {
  switch (one.kind) {
    case 'address':
      return one.ip.text
    case 'pattern':
      return one.text
    case 'container':
      return one.iface === undefined ? one.name : `${one.name}:${one.iface}`
    case 'network':
    case 'tenant':
      return `${one.kind}:${one.name}`
  }
}
