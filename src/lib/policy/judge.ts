import type { WantedWish } from '../labels/wishes.ts'
import type { Key } from '../labels/keys.ts'
import type { Vlan } from '../net/vlan.ts'
import { broken, fits, outsideVlans } from './broken.ts'
import { judgeExternal } from './external.ts'
import { judgeGateway } from './gateway.ts'
import { neverAllowed, type BridgeFacts } from './never.ts'
import { NO_POLICY, type Allowed, type Policy, type Rule, type Rules } from './policy.ts'
import { within } from './within.ts'

/** One rule that a wish breaks. */
export interface Violation {
  /** Name of the rule in the file; `built-in: NAME` when it is not in the file. */
  readonly rule: string
  /** The label that breaks it, or the one that would have to be there. */
  readonly label: string
  readonly message: string
}

type Judgement = readonly [rule: Rule, key: Key, broken: string | undefined]

/**
 * Every rule that a wish breaks; none when it is allowed. `bridge` is what the database knows of the bridge, if it exists:
 * that of OVN is recognised by it, whatever its name.
 */
export function judge(policy: Policy, wish: WantedWish, bridge?: BridgeFacts): readonly Violation[] {
  if (policy === NO_POLICY) return []
  // What no label says comes from the network that one names.
  const label = (key: Key): string => wish.labels.get(key) ?? wish.labels.get('network') ?? `ovs.${key}`
  const forbidden = isUnknown(wish) || isOnOvn(wish) ? undefined : neverAllowed(wish.request.bridge, bridge)
  return [
    ...(forbidden === undefined
      ? []
      : [{ rule: 'built-in: ovn', label: label('bridge'), message: `${label('bridge')}: ${forbidden}` }]),
    ...[
      ...judgeNetwork(policy, wish),
      ...(isUnknown(wish) ? [] : isOnOvn(wish) ? tenants(policy, wish) : places(policy, wish, bridge)),
      ...judgeSegment(policy, wish, bridge ?? { externalIds: {} }),
      ...addressing(policy, wish),
      ...switches(policy, wish),
      ...judgeGateway(policy, wish),
      ...judgeExternal(policy, wish.external),
    ].flatMap(([rule, key, broken]) =>
      broken === undefined
        ? []
        : [{ rule: nameOf(policy, rule), label: label(key), message: `${label(key)}: ${broken}` }],
    ),
  ]
}

/** The name of a rule, and that it is not one of the file's. */
export const nameOf = (policy: Policy, rule: Rule): string => (policy.given.has(rule) ? rule : `built-in: ${rule}`)

/** Whether labels name a network that nobody could look up: where it is, is not known then. */
const isUnknown = ({ network }: WantedWish): boolean => network !== undefined && network.found === undefined

/**
 * Whether it is a network of logical ports: OVN enforces what it is, and its bridge, and that ports have no tag there, is nothing
 * that anybody chose.
 */
const isOnOvn = ({ network }: WantedWish): boolean => network?.found?.spec.overlay !== undefined

const judgeNetwork = ({ rules }: Policy, { request: { network } }: WantedWish): readonly Judgement[] => [
  [
    'networks',
    'network',
    broken(fits(rules.networks, network), `the network ${network ?? ''} is not allowed`, rules.networks),
  ],
]

/**
 * Whoever types the VLAN of a network is in that network, too. Untagged frames are everybody's: a network may be made where
 * containers are already.
 */
function judgeSegment(
  { rules }: Policy,
  { request: { network, vlan } }: WantedWish,
  { networks = [], tag }: BridgeFacts,
): readonly Judgement[] {
  if (network !== undefined) return []
  const tags = vlan.kind === 'none' ? [tag] : vlan.kind === 'trunk' ? vlan.trunks : [vlan.tag]
  const all = vlan.kind === 'native' ? [...tags, ...vlan.trunks] : tags
  const inside = networks.find(
    (one) =>
      'spec' in one && one.spec.vlan !== undefined && all.includes(one.spec.vlan) && !fits(rules.networks, one.name),
  )
  const key =
    vlan.kind === 'none' ? 'bridge' : vlan.kind === 'access' ? 'vlan' : vlan.kind === 'trunk' ? 'trunks' : 'native_vlan'
  return [
    [
      'networks',
      key,
      inside && broken(false, `that is the network ${inside.name}, which is not allowed`, rules.networks),
    ],
  ]
}

/** Of a network, its bridge, its VLAN and its tenant count as if labels had named them. */
function places({ rules }: Policy, { request, labels }: WantedWish, facts?: BridgeFacts): readonly Judgement[] {
  const { bridge, vlan, network } = request
  const chosen = labels.has('bridge')
    ? bridge
    : network === undefined
      ? `the default bridge ${bridge}`
      : `its bridge ${bridge}`
  return [
    ['bridges', 'bridge', broken(fits(rules.bridges, bridge), `${chosen} is not allowed`, rules.bridges)],
    ...tenants({ rules }, { request }),
    ...vlanPlaces(rules, vlan, labels, facts?.tag),
  ]
}

const tenants = (
  { rules }: Pick<Policy, 'rules'>,
  { request: { tenant } }: Pick<WantedWish, 'request'>,
): readonly Judgement[] => [
  ['tenant', 'tenant', broken(fits(rules.tenant, tenant), `${tenant ?? ''} is not allowed`, rules.tenant)],
]

function addressing({ rules }: Policy, { request: { iface, addresses, routes } }: WantedWish): readonly Judgement[] {
  const outside = addresses.find(({ ip, prefix }) => !within(rules.subnets, ip, prefix))
  const astray = routes.find(({ to }) => !within(rules.routes, to.ip, to.prefix))
  return [
    ['interfaces', 'interface', broken(fits(rules.interfaces, iface), `${iface} is not allowed`, rules.interfaces)],
    ['subnets', 'ip_address', outside && broken(false, `${outside.text} is not allowed`, rules.subnets)],
    ['routes', 'routes', astray && broken(false, `a route to ${astray.to.text} is not allowed`, rules.routes)],
  ]
}

/** `tag` is the VLAN of a VLAN bridge, in which a port without one of its own is. */
function vlanPlaces(
  rules: Rules,
  vlan: Vlan,
  labels: WantedWish['labels'],
  tag: number | undefined,
): readonly Judgement[] {
  switch (vlan.kind) {
    case 'none':
      if (tag !== undefined) return [['vlans', 'bridge', outsideVlans(rules.vlans, [tag])]]
      return [['untagged', 'vlan', broken(rules.untagged, 'a VLAN has to be chosen', rules.vlans)]]
    case 'access':
      // Nobody can ask for it by that number: an untagged network has it.
      if (vlan.tag === 0)
        return [['untagged', 'vlan', broken(rules.untagged, 'untagged traffic is not allowed', rules.vlans)]]
      return [['vlans', 'vlan', outsideVlans(rules.vlans, [vlan.tag])]]
    case 'native':
      return [
        ['vlans', 'native_vlan', outsideVlans(rules.vlans, [vlan.tag])],
        ['trunks', labels.has('trunks') ? 'trunks' : 'native_vlan', outsideTrunks(rules.trunks, vlan.trunks)],
      ]
    case 'trunk':
      return [['trunks', 'trunks', outsideTrunks(rules.trunks, vlan.trunks)]]
  }
}

/** A trunk without a list carries every VLAN. */
function outsideTrunks(allowed: Allowed<number>, tags: readonly number[]): string | undefined {
  if (allowed === false) return 'trunks are not allowed.'
  if (tags.length === 0) return broken(allowed === true, 'a trunk of all VLANs is not allowed', allowed)
  return outsideVlans(allowed, tags)
}

/** Rules that only say whether a label may be there. */
const SWITCHES = [
  ['mac', 'mac_address', 'a MAC address'],
  ['mtu', 'mtu', 'an MTU'],
  ['gateway', 'gateway', 'a gateway'],
  ['rate', 'rate', 'a rate'],
] as const

const switches = ({ rules }: Policy, { labels }: WantedWish): readonly Judgement[] =>
  SWITCHES.map(([rule, key, what]) => [
    rule,
    key,
    rules[rule] || !labels.has(key) ? undefined : `${what} is not allowed.`,
  ])
