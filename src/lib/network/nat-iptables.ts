// The rules of nat-rules.ts for a host without nft: chains of ovsd's own in the tables of iptables and ip6tables.
import type { Family } from '../net/ip-address.ts'
import type { Gateway, GatewaySide } from './gateway.ts'
import { iptablesPublished } from './nat-published.ts'
import { friendships, type Guarded, type Rule } from './nat-rules.ts'

const IN = 'OVSD-NAT-IN'
const FROM = 'OVSD-NAT-FROM'
const DOORS = 'OVSD-NAT-DOORS'
const PASS = 'OVSD-NAT-PASS'
const BETWEEN = 'OVSD-NAT-BETWEEN'
const OUT = 'OVSD-NAT-OUT'
const ARRIVING = 'OVSD-NAT-ARRIVING'
const CALLING = 'OVSD-NAT-CALLING'
const PORTS = 'OVSD-NAT-PORTS'

/** The chains of each table, and from where they are reached. */
export const CHAINS = {
  filter: { chains: [IN, FROM, DOORS, PASS, BETWEEN], jumps: { INPUT: IN, FORWARD: PASS } },
  nat: {
    chains: [OUT, ARRIVING, CALLING, PORTS],
    jumps: { POSTROUTING: OUT, PREROUTING: ARRIVING, OUTPUT: CALLING },
  },
} as const

/** The rules for one IP version. What nftables accepts for its own table only, goes on to others' rules here, too. */
export function iptablesRules(
  all: readonly Gateway[],
  family: Family,
  { closed, isIpv6Closed, strays, seesBridged, published }: Guarded,
): readonly Rule[] {
  const gateways = all.flatMap((gateway) => {
    const side = gateway.sides.find((one) => one.family === family)
    return side === undefined ? [] : [{ ...gateway, side }]
  })
  if (gateways.length === 0 && strays.length === 0) return []
  const rules = (chain: string, texts: readonly string[]): readonly Rule[] => texts.map((text) => ({ chain, text }))
  const each = (rule: (gateway: Gateway & { readonly side: GatewaySide }) => string): readonly string[] =>
    gateways.map(rule)
  const isGuarded = family === 6 ? isIpv6Closed : closed.length > 0
  const ports = iptablesPublished(published, family, PORTS)
  return [
    ...rules(ARRIVING, ports.arriving),
    ...rules(CALLING, ports.calling),
    ...rules(PORTS, ports.published),
    ...rules(IN, [
      ...ports.entering,
      ...each(({ link, side }) => `-i ${link} -s ${side.subnet} -g ${DOORS}`),
      ...each(({ link }) => `-i ${link} -g ${FROM}`),
      ...strays.flatMap((link) => each(({ side }) => `-i ${link} -s ${side.subnet} -j DROP`)),
      ...each(({ side }) => `! -i lo -d ${side.ip} -j DROP`),
    ]),
    ...rules(FROM, [...each(({ side }) => `-s ${side.subnet} -j DROP`), `-g ${DOORS}`]),
    ...rules(DOORS, [
      ...pairs(gateways).map(([from, to]) => `-i ${from.link} -d ${to.side.ip} -j RETURN`),
      ...each(({ side }) => `-d ${side.ip} -j DROP`),
    ]),
    ...rules(PASS, [
      ...strays.flatMap((link) => [`-i ${link} -j DROP`, `-o ${link} -j DROP`]),
      ...each(({ link, side }) => `-i ${link} ! -s ${side.subnet} -j DROP`),
      ...ports.passing(each(({ link }) => link)),
      ...pairs(gateways)
        .filter(([from, to]) => from !== to)
        .map(([from, to]) => `-i ${from.link} -o ${to.link} -j RETURN`),
      ...each(({ link }) => `-i ${link} -g ${BETWEEN}`),
      ...ports.ended(each(({ link }) => link)),
      ...each(({ link }) => `-o ${link} -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN`),
      ...each(({ link }) => `-o ${link} -j DROP`),
      // What a Linux bridge carries is no concern of these networks. Not without br_netfilter: the match would load it.
      ...(isGuarded && seesBridged ? ['-m physdev --physdev-is-bridged -j RETURN'] : []),
      ...(family === 6 && isIpv6Closed ? ['-j DROP'] : []),
    ]),
    ...rules(
      BETWEEN,
      each(({ link }) => `-o ${link} -j DROP`),
    ),
    ...(family === 6 ? [] : closed).map((one): Rule => ({ chain: PASS, text: `-i ${one.link} -j DROP`, closed: one })),
    ...rules(OUT, [
      ...ports.leaving,
      ...each(({ link }) => `-o ${link} -j RETURN`),
      ...each(({ side }) => `-s ${side.subnet} ! -d ${side.subnet} -j MASQUERADE`),
    ]),
  ]
}

/** Every way from a gateway to one that belongs to it, itself among them. */
const pairs = <T extends Gateway>(gateways: readonly T[]): readonly (readonly [T, T])[] =>
  friendships(gateways).flatMap((friends) =>
    friends.flatMap((from) => friends.map((to) => [from as T, to as T] as const)),
  )
