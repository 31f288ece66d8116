import type { Owner } from '../attach/attachment.ts'
import type { Whereabouts } from '../attach/target.ts'
import { parseContainer } from '../docker/container-name.ts'
import { BadInput } from '../errors.ts'
import { parseHostCidr, type Cidr } from '../net/cidr.ts'
import { parseBridge, parseInterface, type IfName } from '../net/ifname.ts'
import type { IpAddress } from '../net/ip-address.ts'
import { parseMac, type Mac } from '../net/mac.ts'
import { parseMtu } from '../net/mtu.ts'
import { parseGateways, parseRoutes, type Route } from '../net/route.ts'
import type { ExternalAddress } from '../net/external.ts'
import { parseRate } from '../net/rate.ts'
import { parseTenant } from '../net/tenant.ts'
import { parseNetworkName } from '../network/name.ts'
import { parseVlan, type Vlan } from '../net/vlan.ts'
import type { Datapath } from './steps/bridge-create.ts'

/** The words of an add-port request, wherever they come from. */
export interface AttachWords {
  readonly bridge: string
  readonly iface: string
  readonly container: string
  readonly ipaddress?: readonly string[] | undefined
  readonly gateway?: readonly string[] | undefined
  readonly macaddress?: string | undefined
  readonly mtu?: string | undefined
  readonly vlan?: string | undefined
  readonly trunks?: string | undefined
  readonly nativeVlan?: string | undefined
  readonly route?: readonly string[] | undefined
  readonly netns?: string | undefined
  readonly pid?: string | undefined
  readonly datapath?: string | undefined
  readonly mayExist?: boolean | undefined
  readonly probe?: boolean | undefined
  readonly rate?: string | undefined
  readonly tenant?: string | undefined
  readonly network?: string | undefined
  readonly persist?: boolean | undefined
  readonly owner?: Owner | undefined
}

/** A request whose every value has been checked; nothing has been looked at yet. */
export interface AttachRequest {
  readonly bridge: IfName
  readonly iface: IfName
  readonly container: string
  readonly where: Whereabouts
  readonly addresses: readonly Cidr[]
  readonly gateways: readonly IpAddress[]
  readonly routes: readonly Route[]
  readonly mac: Mac | undefined
  readonly mtu: number | undefined
  readonly vlan: Vlan
  readonly datapath: Datapath | undefined
  readonly mayExist: boolean
  readonly probe: boolean
  readonly owner: Owner
  /** Most that the container may send, in kbit/s. */
  readonly rate?: number
  readonly tenant?: string
  /** The named network that it becomes a part of. */
  readonly network?: string
  /** An address that is reachable on a link of the host (plan/external). */
  readonly external?: ExternalAddress
  /** Whether `watch` attaches it again after a restart of the container. */
  readonly persist?: boolean
  /** Whether its IPv4 address comes from a DHCP server in its network. */
  readonly dhcp?: boolean
  /** Whether its network is one on OVN, so that it is the interface of a logical port. */
  readonly onOvn?: boolean
  /** An attachment of the same owner that lives is brought to what is asked for, and not refused (see meetLiving). */
  readonly keep?: boolean
  /** Addresses of it were chosen a moment ago, out of what central knows: they are nobody's before it has written that down. */
  readonly isChosen?: boolean
  /** Things that are accepted but probably not meant. */
  readonly warnings: readonly string[]
}

/** What a word is called where it was written: an option, unless it came from a label. */
export type NameOf = (word: keyof AttachWords) => string

const OPTIONS: Readonly<Partial<Record<keyof AttachWords, string>>> = {
  bridge: 'BRIDGE',
  iface: 'INTERFACE',
  container: 'CONTAINER',
  nativeVlan: '--native-vlan',
}
const asOption: NameOf = (word) => OPTIONS[word] ?? `--${word}`

/** Checks every value, alone and together. Error: BadInput, which names the option and shows a good value. */
export function parseAttach(words: AttachWords, nameOf: NameOf = asOption): AttachRequest {
  const bridge = parseBridge(words.bridge, nameOf('bridge'))
  const iface = parseInterface(words.iface, nameOf('iface'))
  const container = parseContainer(words.container, nameOf('container'))
  const addresses = parseAddresses(words.ipaddress ?? [], nameOf('ipaddress'))
  const hasV6 = addresses.some(({ ip }) => ip.family === 6)
  return {
    bridge,
    iface,
    container,
    where: parseWhereabouts(words),
    addresses,
    gateways: parseGateways(words.gateway ?? [], addresses, nameOf('gateway')),
    routes: parseRoutes(words.route ?? [], addresses, nameOf('route')),
    mac: words.macaddress === undefined ? undefined : parseMac(words.macaddress, nameOf('macaddress')),
    mtu: words.mtu === undefined ? undefined : parseMtu(words.mtu, hasV6, nameOf('mtu')),
    vlan: parseVlan({ vlan: words.vlan, trunks: words.trunks, native: words.nativeVlan }, (option) =>
      nameOf(option === 'native-vlan' ? 'nativeVlan' : option),
    ),
    datapath: parseDatapath(words.datapath),
    mayExist: words.mayExist ?? false,
    probe: words.probe ?? false,
    owner: words.owner ?? 'cli',
    ...(words.rate === undefined ? {} : { rate: parseRate(words.rate, nameOf('rate')) }),
    ...(words.tenant === undefined ? {} : { tenant: parseTenant(words.tenant, nameOf('tenant')) }),
    ...(words.network === undefined ? {} : { network: parseNetworkName(words.network, nameOf('network')) }),
    ...(words.persist === true ? { persist: persistent(words) } : {}),
    warnings: addresses
      .filter(({ bare }) => bare)
      .map(
        ({ ip, text }) =>
          `${nameOf('ipaddress')}=${ip.text} has no prefix length and is taken as ${text}: no neighbour will be reachable without a route.`,
      ),
  }
}

function parseAddresses(texts: readonly string[], field: string): (Cidr & { bare: boolean })[] {
  const addresses = texts.map((text) => parseHostCidr(text, field))
  const seen = new Set<string>()
  for (const { ip } of addresses) {
    if (seen.has(ip.text)) throw new BadInput(field, `${ip.text} is given twice.`, '10.0.0.2/24')
    seen.add(ip.text)
  }
  return addresses
}

/** Only a container is started again under the same id. */
function persistent({ netns, pid }: AttachWords): true {
  if (netns === undefined && pid === undefined) return true
  throw new BadInput(
    '--persist',
    'only a container of an engine can be attached again.',
    'ovsd add-port br0 eth1 web --persist',
  )
}

function parseWhereabouts({ netns, pid }: AttachWords): Whereabouts {
  if (netns !== undefined && pid !== undefined)
    throw new BadInput('--netns', 'it cannot be combined with --pid.', '--netns=/run/netns/web')
  if (netns !== undefined) {
    if (!/^\/[\w./@:+-]+$/.test(netns))
      throw new BadInput('--netns', `"${netns}" is not an absolute path.`, '/run/netns/web')
    return { kind: 'path', path: netns }
  }
  if (pid === undefined) return { kind: 'docker' }
  if (!/^[1-9][0-9]{0,6}$/.test(pid)) throw new BadInput('--pid', `"${pid}" is not a process id.`, '4711')
  return { kind: 'pid', pid: Number(pid) }
}

function parseDatapath(text: string | undefined): Datapath | undefined {
  if (text === undefined || text === 'system' || text === 'netdev') return text
  throw new BadInput('--datapath', `"${text}" is not a datapath type.`, 'system or netdev')
}
