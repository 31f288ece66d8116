import type { Owner } from '../attach/attachment.ts'
import type { Whereabouts } from '../attach/target.ts'
import { parseContainer } from '../docker/container-name.ts'
import { BadInput } from '../errors.ts'
import { parseHostCidr, type Cidr } from '../net/cidr.ts'
import { parseBridge, parseInterface, type IfName } from '../net/ifname.ts'
import type { IpAddress } from '../net/ip-address.ts'
import { parseMac, type Mac } from '../net/mac.ts'
import { parseMtu } from '../net/mtu.ts'
import { parseGateways, parseRoute, type Route } from '../net/route.ts'
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
  /** Things that are accepted but probably not meant. */
  readonly warnings: readonly string[]
}

/** Checks every value, alone and together. Error: BadInput, which names the option and shows a good value. */
export function parseAttach(words: AttachWords): AttachRequest {
  const bridge = parseBridge(words.bridge)
  const iface = parseInterface(words.iface)
  const container = parseContainer(words.container)
  const addresses = parseAddresses(words.ipaddress ?? [])
  const hasV6 = addresses.some(({ ip }) => ip.family === 6)
  return {
    bridge,
    iface,
    container,
    where: parseWhereabouts(words),
    addresses,
    gateways: parseGateways(words.gateway ?? [], addresses),
    routes: parseRoutes(words.route ?? [], addresses),
    mac: words.macaddress === undefined ? undefined : parseMac(words.macaddress),
    mtu: words.mtu === undefined ? undefined : parseMtu(words.mtu, hasV6),
    vlan: parseVlan({
      ...(words.vlan === undefined ? {} : { vlan: words.vlan }),
      ...(words.trunks === undefined ? {} : { trunks: words.trunks }),
      ...(words.nativeVlan === undefined ? {} : { native: words.nativeVlan }),
    }),
    datapath: parseDatapath(words.datapath),
    mayExist: words.mayExist ?? false,
    probe: words.probe ?? false,
    owner: words.owner ?? 'cli',
    warnings: addresses
      .filter(({ bare }) => bare)
      .map(
        ({ ip, text }) =>
          `--ipaddress=${ip.text} has no prefix length and is taken as ${text}: no neighbour will be reachable without a route.`,
      ),
  }
}

function parseAddresses(texts: readonly string[]): (Cidr & { bare: boolean })[] {
  const addresses = texts.map((text) => parseHostCidr(text))
  const seen = new Set<string>()
  for (const { ip } of addresses) {
    if (seen.has(ip.text)) throw new BadInput('--ipaddress', `${ip.text} is given twice.`, '10.0.0.2/24')
    seen.add(ip.text)
  }
  return addresses
}

function parseRoutes(texts: readonly string[], addresses: readonly Cidr[]): Route[] {
  const routes = texts.map((text) => parseRoute(text, addresses))
  const twice = routes.find(({ to }, i) => routes.findIndex((other) => other.to.text === to.text) !== i)
  if (twice !== undefined) throw new BadInput('--route', `${twice.to.text} is given twice.`, '10.1.0.0/16,10.0.0.1')
  return routes
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
