// The external_ids of an Interface row are ovsd's record of an attachment: nothing else has to be kept or can get lost.
// They are a stable interface (man/ovsd.8, "MARKS"; CONTRIBUTING.md).
import { DHCP_MARK } from '../dhcp/marks.ts'
import type { ExternalAddress } from '../net/external.ts'
import type { Attachment, Owner } from './attachment.ts'
import { externalMarks, readExternal } from './external-marks.ts'
import { PORTS_MARK, readPorts, type PublishedPort } from './published-ports.ts'

type Ids = Readonly<Record<string, string>>

/** Version of these marks, and the proof that ovsd made the row. */
const MARK = 'ovsd'
const VERSION = '1'
const ADDRESS = 'ovsd_ip.'
const MAC = 'ovsd_mac.'

/** What the marks of a row say. Values that are missing or damaged are empty, never an exception. */
export interface Marks {
  /** True when ovsd made the row. */
  readonly ours: boolean
  readonly container: string
  readonly iface: string
  readonly id: string
  /** Docker's endpoint that it is; '' for everybody else's ports. */
  readonly endpoint: string
  readonly name: string
  readonly generation: string
  readonly owner: Owner | ''
  /** Path of the namespace for --netns and --pid, '' for a container. */
  readonly netns: string
  readonly network: string
  readonly tenant: string
  /** The part of a network that it is, '' for an attachment. */
  readonly part: string
  /** Whether a record on the bridge says that it is to be attached again (attach/persist.ts). */
  readonly persist: boolean
  readonly spec: Spec | undefined
  readonly external: ExternalAddress | undefined
  /** What the host has published of it. */
  readonly ports: readonly PublishedPort[]
}

/** The declared settings that OVSDB has no column for, as text. */
export interface Spec {
  readonly addresses: readonly string[]
  readonly gateways: readonly string[]
  readonly routes: readonly { readonly to: string; readonly via?: string }[]
  readonly mac: string
  readonly mtu: number | null
}

/** The spec of an attachment in the form that is recorded and compared. */
export function specOf(attachment: Attachment): Spec {
  return {
    addresses: attachment.addresses.map(({ text }) => text),
    gateways: attachment.gateways.map(({ text }) => text),
    routes: attachment.routes.map(({ to, via }) => ({ to: to.text, ...(via === undefined ? {} : { via: via.text }) })),
    mac: attachment.mac,
    mtu: attachment.mtu ?? null,
  }
}

/** The external_ids that an attachment's Interface row gets. */
export function marksFor(attachment: Attachment): Ids {
  const { target, bridge, owner } = attachment
  return {
    [MARK]: VERSION,
    ...(target.kind === 'endpoint' ? { ovsd_endpoint: target.id } : whoseMarks(attachment)),
    ovsd_owner: owner,
    ...(target.kind === 'namespace' ? { ovsd_netns: target.netnsPath } : {}),
    ...(attachment.tenant === undefined ? {} : { ovsd_tenant: attachment.tenant }),
    ...(attachment.network === undefined ? {} : { ovsd_network: attachment.network }),
    ...(attachment.persist === true ? { ovsd_persist: '1' } : {}),
    ...(attachment.dhcp === true ? DHCP_MARK : {}),
    ...(attachment.external === undefined ? {} : externalMarks(attachment.external)),
    ...(attachment.logical === undefined ? {} : logicalMarks(attachment, attachment.logical)),
    ovsd_spec: JSON.stringify(specOf(attachment)),
    [`${MAC}${attachment.mac}`]: bridge,
    // One key per address, so that the server itself can look one up in a database of any size.
    ...Object.fromEntries(attachment.addresses.map(({ ip }) => [`${ADDRESS}${ip.text}`, bridge])),
  }
}

/** The marks that say whose interface it is. */
export const whoseMarks = ({ target, iface }: Pick<Attachment, 'target' | 'iface'>): Ids => ({
  ...{ container_id: target.typed, container_iface: iface },
  ...{ ovsd_id: target.id, ovsd_name: target.name, ovsd_generation: target.generation },
})

/**
 * What ovn-controller goes by (ovn-architecture(7), "Life Cycle of a VIF"): the logical port, and which life of the container it is
 * for, so that a port that an earlier one left is never bound. The other pairs are those that OVN's integrations have always set.
 */
const logicalMarks = ({ target, mac }: Attachment, port: string): Ids => ({
  ...{ 'iface-id': port, 'iface-id-ver': target.generation, 'iface-status': 'active' },
  ...{ 'attached-mac': mac, 'vm-id': target.id },
})

/**
 * The marks that a row should have for this attachment and has not. Neither what was typed for the container nor its name
 * counts: the one is the user's choice, the other changes.
 */
export function missingMarks(attachment: Attachment, ids: Ids): Ids {
  const wanted = Object.entries(marksFor(attachment))
  return Object.fromEntries(
    wanted.filter(([key, value]) => key !== 'container_id' && key !== 'ovsd_name' && ids[key] !== value),
  )
}

/** The pair that the row of any attachment of `bridge` with this address has. */
export const addressMark = (address: string, bridge: string): Ids => ({ [`${ADDRESS}${address}`]: bridge })

/** The pair that the row of any attachment of `bridge` with this MAC has. */
export const macMark = (mac: string, bridge: string): Ids => ({ [`${MAC}${mac}`]: bridge })

/** The pair that every row of ovsd has. */
export const OURS: Ids = { [MARK]: VERSION }

/** The pairs of a row that is no attachment, but a part of a network: an uplink, a tunnel, a gateway. */
export const partMarks = (network: string, part: string): Ids => ({ ...OURS, ovsd_network: network, ovsd_part: part })

/** Reads the marks of a row: ovsd's, ovs-docker's or ovs-port-manager's (the latter two share two keys). */
export function readMarks(ids: Ids): Marks {
  const owner = ids['ovsd_owner'] ?? ''
  return {
    ours: ids[MARK] !== undefined,
    container: ids['container_id'] ?? '',
    iface: ids['container_iface'] ?? '',
    id: ids['ovsd_id'] ?? '',
    endpoint: ids['ovsd_endpoint'] ?? '',
    name: ids['ovsd_name'] ?? '',
    generation: ids['ovsd_generation'] ?? '',
    owner: owner === 'cli' || owner === 'watch' || owner === 'net' || owner === 'plugin' ? owner : '',
    netns: ids['ovsd_netns'] ?? '',
    network: ids['ovsd_network'] ?? '',
    tenant: ids['ovsd_tenant'] ?? '',
    part: ids['ovsd_part'] ?? '',
    persist: ids['ovsd_persist'] !== undefined,
    spec: readSpec(ids['ovsd_spec']),
    external: readExternal(ids),
    ports: readPorts(ids[PORTS_MARK]),
  }
}

/** The spec in a mark; undefined for one that is missing or damaged. */
export function readSpec(text: string | undefined): Spec | undefined {
  if (text === undefined) return undefined
  try {
    const spec = JSON.parse(text) as Partial<Spec> | null
    const lists = [spec?.addresses, spec?.gateways, spec?.routes]
    const hasMtu = spec?.mtu === null || typeof spec?.mtu === 'number'
    const texts = [
      ...(spec?.addresses ?? []),
      ...(spec?.gateways ?? []),
      ...(spec?.routes ?? []).flatMap((one) => {
        const { to, via } = (one as Partial<typeof one> | null) ?? {}
        return [to, ...(via === undefined ? [] : [via])]
      }),
    ]
    return lists.every((list) => Array.isArray(list)) &&
      texts.every((one) => typeof one === 'string') &&
      typeof spec?.mac === 'string' &&
      hasMtu
      ? (spec as Spec)
      : undefined
  } catch {
    return undefined
  }
}

/** The alias that the host's end of a pair carries: proves, without a row in OVSDB, whose it is. */
export const linkAlias = (id: string, iface: string): string => `ovsd/${id.slice(0, 12)}/${iface}`

/** The alias of a bridge that ovsd created: proves that a link which Open vSwitch has forgotten was that bridge. */
export const BRIDGE_ALIAS = 'ovsd/bridge'

/** Whether a link's alias and name say that ovsd made it. */
export const isOurAlias = (alias: string, link: string): boolean =>
  alias.startsWith('ovsd/') && /^[0-9a-f]{13}_l$/.test(link)

/** Whether a row that carries the derived name is about this container and interface, or this endpoint (names are hashes). */
export const isSameAttachment = (marks: Marks, id: string, iface: string): boolean =>
  marks.ours && (marks.endpoint === '' ? marks.id === id && marks.iface === iface : marks.endpoint === id)
