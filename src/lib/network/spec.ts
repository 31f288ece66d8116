import { BadInput } from '../errors.ts'
import { parseBridge, parseInterface, type IfName } from '../net/ifname.ts'
import { parseRoutes, type Route } from '../net/route.ts'
import { parseMtu } from '../net/mtu.ts'
import { parseTenant } from '../net/tenant.ts'
import { parseTag } from '../net/vlan.ts'
import { readCentralWish, type CentralWish } from './central-wish.ts'
import { parseMirroring, type Mirroring } from './mirroring.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { parseMode, type Mode } from './mode.ts'
import { parseNetworkName } from './name.ts'
import { parseOverlay, type Overlay } from './overlay.ts'
import { parseSource, type AddressSource } from './source.ts'
import { parseSubnets, withFirstGateways, withFirstKept, type Subnet } from './subnet.ts'
import { transitSubnets, withTransitWords } from './transit-role.ts'
import { parseVxlan, roomInside, type Vxlan } from './vxlan.ts'
import { asNetworkOption, type NetworkWordName, type NetworkWords } from './words.ts'

/** What is wanted of a network, checked. */
export interface NetworkSpec {
  readonly name: string
  /** 64 hex digits; undefined for one that has not been made yet. */
  readonly id: string | undefined
  /** Who made it, and removes it: `net create`, or Docker by the driver, which gives out its addresses, too. */
  readonly owner: NetworkOwner
  /** Docker's own id of it, on this host; undefined for one that Docker knows nothing of. */
  readonly docker: string | undefined
  /** Docker's pools of addresses that ovsd gives out of, by their ids. */
  readonly pools: readonly string[]
  readonly bridge: IfName
  /** Tag of its ports; undefined is the untagged segment of the bridge. */
  readonly vlan: number | undefined
  readonly tenant: string | undefined
  /** Address space that it belongs to; on Open vSwitch kept and shown, a segment of its own separates it anyway. */
  readonly vrf: string | undefined
  /** Bytes; undefined leaves the kernel's 1500. */
  readonly mtu: number | undefined
  readonly mode: Mode
  /** NIC of the host that joins the bridge (flat). */
  readonly uplink: IfName | undefined
  /** Who gives out addresses. */
  readonly source: AddressSource
  /** At most one for each IP version. */
  readonly subnets: readonly Subnet[]
  /** What containers reach by the network besides its subnets. */
  readonly routes: readonly Route[]
  readonly mirroring: Mirroring | undefined
  readonly vxlan: Vxlan | undefined
  /** What central is to be made for it, should none answer; undefined when that is somebody else's to do. */
  readonly central: CentralWish | undefined
  /** The logical switch that it is; undefined on Open vSwitch alone. */
  readonly overlay: Overlay | undefined
}

export type NetworkOwner = 'net' | 'plugin'

/** The bridge of networks that name none. */
export const DEFAULT_BRIDGE = 'ovsbr0'

/** Checks every word, alone and together. Errors: BadInput, which names the option and shows a good value; NeedsOvn. */
export function parseNetworkSpec(typed: NetworkWords, nameOf: NetworkWordName = asNetworkOption): NetworkSpec {
  const words = withTransitWords(typed)
  const overlay = parseOverlay(words, nameOf)
  const source = parseSource(words, nameOf)
  const mode = parseMode(words, nameOf)
  const subnets = withGateways(parseSubnets(words, nameOf), mode, overlay, nameOf('gateway'))
  const hasIpv6 = subnets.some(({ cidr }) => cidr.ip.family === 6)
  const owner = parseOwner(words.owner)
  const vxlan = parseVxlan(words, subnets.length > 0 && source === 'docker' && owner === 'net', nameOf)
  const mtu = words.mtu === undefined ? undefined : parseMtu(words.mtu, hasIpv6, nameOf('mtu'))
  return {
    name: parseNetworkName(words.name, nameOf('name')),
    id: words.id === undefined ? undefined : parseId(words.id),
    owner,
    docker: words.docker === undefined ? undefined : parseId(words.docker),
    pools: words.pools ?? [],
    bridge: parseBridge(
      words.bridge ?? (overlay === undefined ? DEFAULT_BRIDGE : INTEGRATION_BRIDGE),
      nameOf('bridge'),
    ),
    // The ports of a logical switch have no tag on their bridge: OVN keeps switches apart.
    vlan: words.vlan === undefined || overlay !== undefined ? undefined : parseTag(words.vlan, nameOf('vlan')),
    tenant: words.tenant === undefined ? undefined : parseTenant(words.tenant, nameOf('tenant')),
    vrf: words.vrf === undefined ? undefined : parseTenant(words.vrf, nameOf('vrf')),
    mtu: mtu ?? (vxlan === undefined ? undefined : roomInside(vxlan)),
    mode,
    uplink: words.uplink === undefined ? undefined : parseInterface(words.uplink, nameOf('uplink')),
    ...{ source, subnets, vxlan, overlay, central: overlay === undefined ? undefined : readCentralWish(words.central) },
    routes: parseRoutes(
      words.route ?? [],
      subnets.map(({ cidr }) => cidr),
      nameOf('route'),
    ),
    mirroring: parseMirroring(words, nameOf),
  }
}

/** With the gateways that go without saying: the host itself with nat, and what a logical router has. Error: BadInput. */
function withGateways(
  subnets: readonly Subnet[],
  mode: Mode,
  overlay: Overlay | undefined,
  field: string,
): readonly Subnet[] {
  if (overlay?.role !== undefined) return transitSubnets(subnets, overlay.role)
  if (mode === 'nat' || overlay?.router !== undefined) return withFirstGateways(subnets, field)
  return overlay === undefined ? subnets : withFirstKept(subnets)
}

function parseOwner(text: string | undefined): NetworkOwner {
  if (text === undefined) return 'net'
  if (text === 'plugin') return text
  throw new BadInput('owner', `"${text.slice(0, 80)}" is nobody who makes networks.`, 'plugin')
}

function parseId(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw new BadInput('id', 'it is not 64 hex digits.', '0123456789abcdef…')
}
