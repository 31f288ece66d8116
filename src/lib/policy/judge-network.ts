// The policy over networks that Docker asks the driver for: its rules for labels, as far as a network has what they are about, and a few
// of its own. A rule about something else (trunks, MAC addresses, names inside containers) says nothing of networks.
import { width } from '../net/ip-address.ts'
import { DEFAULT_BRIDGE, type NetworkSpec } from '../network/spec.ts'
import type { NetworkWordName, NetworkWords } from '../network/words.ts'
import { broken, fits, outsideVlans } from './broken.ts'
import { judgeGateway } from './gateway.ts'
import { neverAllowed, type BridgeFacts } from './never.ts'
import { isOfFile, type Policy, type Rule } from './policy.ts'
import { within } from './within.ts'

/** A network that is asked for. */
export interface NetworkWish {
  readonly words: NetworkWords
  readonly spec: NetworkSpec
  /** What a word is called where it was written. */
  readonly nameOf: NetworkWordName
}

/** One rule that a network breaks. */
export interface NetworkViolation {
  /** Name of the rule in the file; `built-in: NAME` when it is not in the file. */
  readonly rule: string
  readonly message: string
}

type Judgement = readonly [rule: Rule, word: keyof NetworkWords, broken: string | undefined]

/**
 * Every rule that a network breaks, but for the VLAN of one that names none (`judgeVlan`); none when it is allowed, or when there is no
 * policy file. `bridge` is what the database says of its bridge, if that exists.
 */
export function judgeNetwork(policy: Policy, wish: NetworkWish, bridge?: BridgeFacts): readonly NetworkViolation[] {
  if (!isOfFile(policy)) return []
  const { spec, nameOf } = wish
  const never = spec.overlay === undefined ? neverAllowed(spec.bridge, bridge) : undefined
  return [
    ...(never === undefined ? [] : [{ rule: 'built-in: ovn', message: `${nameOf('bridge')}: ${never}` }]),
    ...named(policy, wish, [
      ...(spec.overlay === undefined ? places(policy, spec) : logicalPlaces(policy, wish)),
      ...addressing(policy, spec),
      [
        'tenant',
        'tenant',
        broken(fits(policy.rules.tenant, spec.tenant), `${spec.tenant ?? ''} is not allowed`, policy.rules.tenant),
      ],
      ...options(policy, wish),
    ]),
  ]
}

/** The rules that the VLAN of a network breaks, which may have been chosen for it; undefined is untagged. */
export function judgeVlan(policy: Policy, wish: NetworkWish, tag: number | undefined): readonly NetworkViolation[] {
  if (!isOfFile(policy) || !hasVlan(wish.spec)) return []
  return named(policy, wish, [vlanPlace(policy, tag)])
}

/** On OVN there are VLANs on physical networks alone. */
const hasVlan = ({ overlay }: NetworkSpec): boolean => overlay === undefined || leadsOut(overlay)

const leadsOut = ({ localnet, role }: NonNullable<NetworkSpec['overlay']>): boolean =>
  localnet !== undefined || (role?.outside ?? []).length > 0

const vlanPlace = ({ rules: { vlans, untagged } }: Policy, tag: number | undefined): Judgement =>
  tag === undefined
    ? ['untagged', 'vlan', broken(untagged, 'a VLAN has to be chosen', vlans)]
    : ['vlans', 'vlan', outsideVlans(vlans, [tag])]

const named = ({ given }: Policy, { nameOf }: NetworkWish, all: readonly Judgement[]): readonly NetworkViolation[] =>
  all.flatMap(([rule, word, why]) =>
    why === undefined
      ? []
      : [{ rule: given.has(rule) ? rule : `built-in: ${rule}`, message: `${nameOf(word)}: ${why}` }],
  )

function places(policy: Policy, { bridge, vlan, uplink, vxlan }: NetworkSpec): readonly Judgement[] {
  const { rules, given } = policy
  // The default bridge of a daemon is that of labels.
  const bridges = given.has('bridges') ? rules.bridges : [DEFAULT_BRIDGE]
  const astray = vxlan?.remotes.find((ip) => !within(rules.tunnels, ip, width(ip.family)))
  return [
    ['bridges', 'bridge', broken(fits(bridges, bridge), `${bridge} is not allowed`, bridges)],
    ...(vlan === undefined ? [] : [vlanPlace(policy, vlan)]),
    ['uplinks', 'uplink', broken(fits(rules.uplinks, uplink), `${uplink ?? ''} is not allowed`, rules.uplinks)],
    ['tunnels', 'vxlan', astray && broken(false, `a tunnel to ${astray.text} is not allowed`, rules.tunnels)],
  ]
}

/** Whoever names a logical switch, a router or a transit network is in what others have there. */
function logicalPlaces({ rules }: Policy, { words, spec: { overlay } }: NetworkWish): readonly Judgement[] {
  if (overlay === undefined) return []
  const { logicalSwitch, transit, localnet, role } = overlay
  const { networks, uplinks, external } = rules
  const name = (what: string, one: string | undefined): string | undefined =>
    broken(fits(networks, one), `the ${what} ${one ?? ''} is not allowed`, networks)
  const physnet = localnet?.physnet ?? role?.physnet
  // Which physical network a host means that has only one is seen when it is too late.
  const isOut = leadsOut(overlay) ? (physnet === undefined ? uplinks === true : fits(uplinks, physnet)) : true
  const subnets = typeof external === 'boolean' ? external : external.subnets
  const outside = role?.outside.find(({ address }) => !within(subnets, address, width(address.family)))
  return [
    ['networks', 'switch', name('logical switch', logicalSwitch)],
    ['networks', 'router', name('router', words.router)],
    ['networks', 'transitNetwork', name('transit network', transit)],
    [
      'uplinks',
      'physnet',
      broken(
        isOut,
        physnet === undefined ? 'a physical network has to be chosen' : `${physnet} is not allowed`,
        uplinks,
      ),
    ],
    ['external', 'externalAddress', outside && broken(false, `${outside.address.text} is not allowed`, subnets)],
  ]
}

function addressing(policy: Policy, { subnets, routes }: NetworkSpec): readonly Judgement[] {
  const { rules } = policy
  const all = subnets.map(({ cidr }) => cidr)
  const outside = all.find(({ ip, prefix }) => !within(rules.subnets, ip, prefix))
  const astray = routes.find(({ to }) => !within(rules.routes, to.ip, to.prefix))
  return [
    ['subnets', 'subnet', outside && broken(false, `${outside.text} is not allowed`, rules.subnets)],
    ['routes', 'route', astray && broken(false, `a route to ${astray.to.text} is not allowed`, rules.routes)],
    // Its own gateway is Docker's choice where nobody makes one, and cannot be told from that of somebody who does.
    ...judgeGateway(policy, { request: { routes, addresses: all } }).map(
      ([rule, key, why]) => [rule, key === 'routes' ? 'route' : 'subnet', why] as const,
    ),
  ]
}

/** Rules that only say whether something may be asked for. */
const options = ({ rules }: Policy, { words, spec }: NetworkWish): readonly Judgement[] => [
  ['mtu', 'mtu', rules.mtu || words.mtu === undefined ? undefined : 'an MTU is not allowed.'],
  ['mirror', 'mirrorDest', rules.mirror || spec.mirroring === undefined ? undefined : 'a mirror is not allowed.'],
  ['central', 'central', rules.central || spec.central === undefined ? undefined : 'a central of OVN is not made.'],
]
