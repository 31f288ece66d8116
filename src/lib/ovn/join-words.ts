import { isAbsolute } from 'node:path'
import { BadInput } from '../errors.ts'
import { parseIp, refuseSpecial } from '../net/ip-address.ts'
import { parseBridgeMappings, type BridgeMappings } from './bridge-mappings.ts'
import { besides } from './central.ts'
import { ENCAP_TYPES, type EncapType } from './chassis.ts'
import { parseRemotes, SIDES, type Remotes } from './remotes.ts'
import type { TlsFiles } from './tls.ts'

/** What is typed about a host that is to be a chassis. */
export interface ChassisWords {
  readonly encap?: string | undefined
  readonly encapIp?: string | undefined
  readonly bridgeMapping?: readonly string[] | undefined
  readonly systemId?: string | undefined
  readonly privateKey?: string | undefined
  readonly certificate?: string | undefined
  readonly caCert?: string | undefined
  /** Whether plain TCP may leave this host. */
  readonly insecure?: boolean
}

/** The same, checked; what was not said is undefined. */
export interface ChassisRequest {
  readonly encapTypes: readonly EncapType[] | undefined
  readonly encapIp: string | undefined
  readonly bridgeMappings: BridgeMappings
  readonly systemId: string | undefined
  readonly tls: TlsFiles | undefined
  readonly insecure: boolean
}

/** Checks the words. Error: BadInput. */
export function parseChassisWords(words: ChassisWords): ChassisRequest {
  const { encap, encapIp, bridgeMapping = [], systemId, insecure = false } = words
  return {
    encapTypes: encap === undefined ? undefined : parseEncap(encap),
    encapIp: encapIp === undefined ? undefined : parseEncapIp(encapIp),
    bridgeMappings: parseBridgeMappings(bridgeMapping),
    systemId: systemId === undefined ? undefined : parseSystemId(systemId),
    tls: parseTls(words),
    insecure,
  }
}

function parseEncap(text: string): readonly EncapType[] {
  const types = text.split(',')
  const known = ENCAP_TYPES.filter((type) => types.includes(type))
  if (known.length > 0 && known.length === types.length) return known
  throw new BadInput('--encap', `"${text.slice(0, 80)}" is no encapsulation of OVN.`, 'geneve or vxlan or geneve,vxlan')
}

function parseEncapIp(text: string): string {
  const ip = parseIp(text, '--encap-ip', '192.0.2.10')
  refuseSpecial(ip, '--encap-ip')
  return ip.text
}

/** Names of chassis stand in conditions and lists of OVN's tools, so they are plain words. */
function parseSystemId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text
  throw new BadInput('--system-id', `"${text.slice(0, 80)}" is no name of a chassis.`, 'rack1-host7')
}

/** All three files or none. Error: BadInput. */
function parseTls({ privateKey, certificate, caCert }: ChassisWords): TlsFiles | undefined {
  if (privateKey === undefined && certificate === undefined && caCert === undefined) return undefined
  const need = (path: string | undefined, field: string): string => {
    const good = `/etc/openvswitch/${field.slice(2)}.pem`
    if (path === undefined) throw new BadInput(field, 'ssl needs all three files.', good)
    // ovn-controller and ovsdb-server open it too, and not from where this was typed.
    if (!isAbsolute(path)) throw new BadInput(field, `"${path.slice(0, 80)}" is not a path from the root.`, good)
    return path
  }
  return {
    privateKey: need(privateKey, '--private-key'),
    certificate: need(certificate, '--certificate'),
    caCert: need(caCert, '--ca-cert'),
  }
}

/** Where the two databases are. */
export type Pair = Readonly<Record<'northbound' | 'southbound', Remotes>>

/**
 * Where central is, by the connection to its northbound database: the southbound one is beside it, on OVN's own port, unless
 * `southbound` says otherwise. Error: BadInput.
 */
export function parseCentral(
  text: string,
  southbound: string | undefined,
  tls: TlsFiles | undefined,
  field = 'CENTRAL',
): Pair {
  const north = parseRemotes(text, field, SIDES.northbound.port, tls)
  if (tls === undefined && north.text.includes('ssl:'))
    throw new BadInput(
      '--private-key',
      'ssl needs three files, and Open vSwitch on this host knows of none.',
      '/etc/openvswitch/key.pem, with --certificate and --ca-cert',
    )
  const derived = besides(north.text, 'southbound')
  if (southbound === undefined && (derived === undefined || derived === north.text))
    throw new BadInput(
      '--southbound',
      `${north.text} does not tell where the southbound database is.`,
      'tcp:192.0.2.1:16642',
    )
  return {
    northbound: north,
    southbound: parseRemotes(southbound ?? derived ?? '', '--southbound', SIDES.southbound.port, tls),
  }
}
