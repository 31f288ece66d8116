// Published ports in the words of nftables and of iptables: what leads to them, and what lets it pass. nat-rules.ts and
// nat-iptables.ts put these rules in their places.
import { GATEWAY_GROUP } from '../attach/external-leg.ts'
import type { Family } from '../net/ip-address.ts'
import { loopLinks, type Publication } from './publications.ts'

const SPELLED = { 4: 'ip', 6: 'ip6' } as const

/** An address with a port. */
const at = ({ family, ip, port }: Publication): string => `${family === 6 ? `[${ip}]` : ip}:${String(port)}`

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)]

/** The words of rules for published ports, by where they belong; `Links` is how the rules of all gateways name their links. */
export interface PublishedRules<Links> {
  readonly arriving: readonly string[]
  readonly calling: readonly string[]
  readonly published: readonly string[]
  readonly entering: readonly string[]
  readonly passing: (links: Links) => readonly string[]
  readonly ended: (links: Links) => readonly string[]
  readonly leaving: readonly string[]
}

/**
 * Rules of nftables.
 *  - arriving, calling: whatever asks for an address of the host. 127.0.0.0/8 is the host's own: what names it and comes in from
 *    outside is forged. ::1 leads nowhere else in Linux, which has no route_localnet for IPv6.
 *  - published: where each port leads.
 *  - entering: with route_localnet a container could reach what listens at 127.0.0.1 of the host (CVE-2020-8558). Only answers
 *    may: the host asked under the gateway's address, and conntrack has put 127.0.0.1 back before they come here.
 *  - passing: to a published port only by way of the host's address, and the answers.
 *  - ended: conntrack leads a flow on as it began, for as long as somebody sends, although its port is published no more: to
 *    whoever has the address now.
 *  - leaving: an endpoint would answer 127.0.0.1, or its own network, past the host.
 */
export function nftPublished(all: readonly Publication[]): PublishedRules<string> {
  const loops = loopLinks(all)
  const any = all.length > 0
  return {
    arriving: any
      ? [
          'fib daddr type local ip daddr != 127.0.0.0/8 jump published',
          'fib daddr type local ip6 daddr != ::1 jump published',
        ]
      : [],
    calling: any
      ? [
          'meta nfproto ipv4 fib daddr type local jump published',
          'fib daddr type local ip6 daddr != ::1 jump published',
        ]
      : [],
    published: [...all].sort(oneAddressFirst).map((one) => {
      const ip = SPELLED[one.family]
      const asked = one.hostIp === undefined ? `meta nfproto ipv${String(one.family)}` : `${ip} daddr ${one.hostIp}`
      return `${asked} ${one.protocol} dport ${String(one.hostPort)} dnat ${ip} to ${at(one)}`
    }),
    // Of whatever gateway link there is: one whose network's record is damaged may still be open.
    entering: [`iifgroup ${String(GATEWAY_GROUP)} ip daddr 127.0.0.0/8 ct state != { established, related } drop`],
    passing: (links) =>
      any
        ? [
            ...distinct(
              all.map(
                ({ family, protocol, link, ip, port }) =>
                  `oifname "${link}" ${SPELLED[family]} daddr ${ip} ${protocol} dport ${String(port)} ct status dnat accept`,
              ),
            ),
            `iifname ${links} ct direction reply ct status dnat accept`,
          ]
        : [],
    ended: (links) => [`oifname ${links} ct direction original ct status dnat drop`],
    leaving: [
      ...loops.map((link) => `oifname "${link}" ip saddr 127.0.0.0/8 masquerade`),
      ...distinct(
        all.map(
          ({ family, link, subnet }) =>
            `oifname "${link}" ${SPELLED[family]} saddr ${subnet} ct status dnat masquerade`,
        ),
      ),
    ],
  }
}

/** The match of what was sent to an address of the host and is led elsewhere, as iptables prints it. */
const LED = '-m conntrack --ctstate DNAT'
const ANSWERS = '-m conntrack --ctstate RELATED,ESTABLISHED'
const LOCAL = '-m addrtype --dst-type LOCAL'

/** A packet that has come as far as an endpoint's port, as `iptables -S` prints the match. */
const towards = ({ family, protocol, link, ip, port }: Publication): string =>
  `-d ${ip}/${family === 4 ? '32' : '128'} -o ${link} -p ${protocol} -m ${protocol} --dport ${String(port)} ${LED}`

/** The same for iptables and ip6tables; `to` is the chain that says where ports lead. */
export function iptablesPublished(
  every: readonly Publication[],
  family: Family,
  to: string,
): PublishedRules<readonly string[]> {
  const all = every.filter((one) => one.family === family)
  const loops = family === 4 ? loopLinks(all) : []
  const any = all.length > 0
  const own = family === 4 ? '127.0.0.0/8' : '::1/128'
  return {
    arriving: any ? [`! -d ${own} ${LOCAL} -j ${to}`] : [],
    calling: any ? [`${family === 4 ? '' : `! -d ${own} `}${LOCAL} -j ${to}`] : [],
    published: [...all].sort(oneAddressFirst).map((one) => {
      const asked = one.hostIp === undefined ? '' : `-d ${one.hostIp} `
      return `${asked}-p ${one.protocol} --dport ${String(one.hostPort)} -j DNAT --to-destination ${at(one)}`
    }),
    entering: loops.map((link) => `-i ${link} -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP`),
    passing: (links) =>
      any
        ? [
            ...distinct(all.map((one) => `${towards(one)} -j RETURN`)),
            ...links.map((link) => `-i ${link} ${LED} --ctdir REPLY -j RETURN`),
          ]
        : [],
    ended: (links) => links.map((link) => `-o ${link} ${LED} --ctdir ORIGINAL -j DROP`),
    leaving: [
      ...loops.map((link) => `-o ${link} -s 127.0.0.0/8 -j MASQUERADE`),
      ...distinct(all.map(({ link, subnet }) => `-o ${link} -s ${subnet} ${LED} -j MASQUERADE`)),
    ],
  }
}

/** What Docker's own firewall has to let pass, as `iptables -S` prints the matches: to published ports, and the answers. */
export function dockerPublished(every: readonly Publication[], family: Family): readonly string[] {
  const all = every.filter((one) => one.family === family)
  return distinct([...all.map((one) => towards(one)), ...all.map(({ link }) => `-i ${link} ${ANSWERS}`)])
}

/** A port of one address before that of all: the first rule that fits counts. */
const oneAddressFirst = (a: Publication, b: Publication): number =>
  Number(a.hostIp === undefined) - Number(b.hostIp === undefined)
