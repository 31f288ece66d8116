// What is typed for a mirror, checked before anything is looked at.
import { isContainerName } from '../../docker/container-name.ts'
import { BadInput } from '../../errors.ts'
import { parseBridge, parseInterface, type IfName } from '../../net/ifname.ts'
import { parseIp, refuseSpecial, type IpAddress } from '../../net/ip-address.ts'
import { MONTH, parseDuration } from '../../net/duration.ts'
import { parseNetworkName } from '../name.ts'
import { DIRECTIONS, type MirrorDirection } from './mirror.ts'

/** A source or destination that was typed: a container, its interface, or a port; which of them, the host knows. */
export interface NamedEnd {
  readonly kind: 'named'
  readonly name: string
  readonly iface: IfName | undefined
}

export type TypedSource = NamedEnd | { readonly kind: 'network'; readonly network: string }
export type TypedDest = NamedEnd | { readonly kind: 'gre'; readonly ip: IpAddress }

/** What is asked of a mirror, checked. */
export interface MirrorRequest {
  readonly name: string
  readonly sources: readonly TypedSource[]
  readonly dest: TypedDest
  readonly direction: MirrorDirection
  /** Undefined: the one that sources and destination are on. */
  readonly bridge: IfName | undefined
  /** Seconds until it goes by itself. */
  readonly ttl: number | undefined
}

/** The words of mirror create. */
export interface MirrorWords {
  readonly name: string
  readonly source: readonly string[]
  readonly dest: string
  readonly direction?: string | undefined
  readonly bridge?: string | undefined
  readonly ttl?: string | undefined
}

const GOOD = { source: 'web or web:eth1', dest: 'ids:mon0 or gre:192.0.2.9' }

/** Checks every word, alone and together. Error: BadInput. */
export function parseMirror({ name, source, dest, direction, bridge, ttl }: MirrorWords): MirrorRequest {
  const twice = source.find((text, i) => source.indexOf(text) !== i)
  if (twice !== undefined) throw new BadInput('--source', `${twice.slice(0, 80)} is given twice.`, GOOD.source)
  if (source.includes(dest)) throw new BadInput('--dest', `${dest.slice(0, 80)} is the source, too.`, GOOD.dest)
  return {
    name: parseMirrorName(name),
    sources: source.map(parseSource),
    dest: parseDest(dest),
    direction: parseDirection(direction),
    bridge: bridge === undefined ? undefined : parseBridge(bridge, '--bridge'),
    ttl: ttl === undefined ? undefined : parseDuration(ttl, '--ttl', MONTH),
  }
}

/** Checks the name of a mirror: as that of a network. Error: BadInput. */
export const parseMirrorName = (text: string): string => parseNetworkName(text, 'NAME')

function parseSource(text: string): TypedSource {
  if (text.startsWith('network:'))
    return { kind: 'network', network: parseNetworkName(text.slice('network:'.length), '--source') }
  return parseNamed(text, '--source', GOOD.source)
}

function parseDest(text: string): TypedDest {
  if (!text.startsWith('gre:')) return parseNamed(text, '--dest', GOOD.dest)
  const ip = parseIp(text.slice('gre:'.length), '--dest', 'gre:192.0.2.9')
  refuseSpecial(ip, '--dest')
  return { kind: 'gre', ip }
}

function parseNamed(text: string, field: string, good: string): NamedEnd {
  const [name = '', iface, ...more] = text.split(':')
  // A port may be called what no container can; what ovs-vsctl takes for a command is none.
  const isName = isContainerName(name) || /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,14}$/.test(name)
  if (!isName || more.length > 0)
    throw new BadInput(field, `${JSON.stringify(text.slice(0, 80))} is no container and no port.`, good)
  return { kind: 'named', name, iface: iface === undefined ? undefined : parseInterface(iface, field) }
}

function parseDirection(text = 'both'): MirrorDirection {
  const found = DIRECTIONS.find((one) => one === text)
  if (found === undefined)
    throw new BadInput('--direction', `${JSON.stringify(text.slice(0, 80))} is not ${DIRECTIONS.join(', ')}.`, 'both')
  return found
}
