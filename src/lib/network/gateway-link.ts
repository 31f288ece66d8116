// What the gateway link of a network is like, and should be.
import { forwards } from '../attach/external-forwarding.ts'
import { answers } from '../attach/external-answers.ts'
import { GATEWAY_GROUP } from '../attach/external-leg.ts'
import { linkExists } from '../net/links.ts'
import type { Command } from '../system/command.ts'
import type { Gateway } from './gateway.ts'
import { ipv6Setting } from './ipv6-forwarding.ts'
import { lookOf } from './look.ts'

interface IpLink {
  readonly ifname: string
  readonly address?: string
  readonly mtu: number
  readonly flags: readonly string[]
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen: number; readonly tentative?: boolean }[]
}

/** All links of the group: one process for any number of networks. */
const groupLinks = lookOf((run) =>
  answers<IpLink>(run, ['address', 'show', 'group', String(GATEWAY_GROUP)], undefined, /does not exist/),
)

/** What the link has not, in words. */
export async function linkDifferences(
  run: Parameters<typeof groupLinks>[0],
  { link, mac, mtu, sides }: Gateway,
): Promise<readonly string[]> {
  if (!linkExists(link)) return [`${link} is missing`]
  const found = (await groupLinks(run)).find(({ ifname }) => ifname === link)
  if (found === undefined) return [`${link} is not set up`]
  const addresses = found.addr_info.map(({ local = '', prefixlen }) => `${local}/${String(prefixlen)}`)
  const has6 = sides.some(({ family }) => family === 6)
  return [
    ...(found.flags.includes('UP') ? [] : [`${link} is down`]),
    ...(found.address === mac ? [] : [`the MAC of ${link} is ${found.address ?? 'none'}, not ${mac}`]),
    ...(found.mtu === mtu ? [] : [`the MTU of ${link} is ${String(found.mtu)}, not ${String(mtu)}`]),
    ...sides.filter(({ address }) => !addresses.includes(address)).map(({ address }) => `${address} is missing`),
    ...(forwards(link) === true ? [] : [`${link} does not forward`]),
    ...(has6 && ipv6Setting(link, 'accept_ra') !== '0' ? [`${link} believes router advertisements`] : []),
    ...(has6 === (ipv6Setting(link, 'disable_ipv6') === '0') ? [] : [`IPv6 of ${link} is ${has6 ? 'off' : 'on'}`]),
  ]
}

/** The commands that set the link up; each may be repeated. IPv6 is off where the network has none. */
export function linkCommands({ link, mac, mtu, sides }: Gateway): readonly Command[] {
  const has6 = sides.some(({ family }) => family === 6)
  // accept_dad: as long as the kernel asks whether somebody has its link-local address, a second, it asks for nobody else.
  // Not forwarding: the switch of the whole host is enough for it, and whoever writes 1 for any link, even where it is 1, has
  // the kernel drop the default routes that the host has learnt from routers (addrconf_fixup_forwarding).
  const ipv6 = has6 ? ['accept_dad=0', 'disable_ipv6=0', 'accept_ra=0'] : ['disable_ipv6=1']
  return [
    {
      tool: 'sysctl',
      // -e: a kernel without IPv6 has no such keys.
      args: ['-qew', `net/ipv4/conf/${link}/forwarding=1`, ...ipv6.map((key) => `net/ipv6/conf/${link}/${key}`)],
    },
    {
      tool: 'ip',
      args: ['-batch', '-'],
      input: [
        `link set dev ${link} address ${mac} mtu ${String(mtu)} group ${String(GATEWAY_GROUP)}`,
        ...sides.map(({ address, family }) => `address replace ${address} dev ${link}${family === 6 ? ' nodad' : ''}`),
        `link set dev ${link} up`,
        '',
      ].join('\n'),
    },
  ]
}

/** The commands that give a bridge's own port back as it is when it is new. */
export function givingBack({ link, sides }: Gateway): readonly Command[] {
  const normal = (key: 'accept_dad' | 'accept_ra' | 'disable_ipv6'): string => ipv6Setting('default', key) ?? '0'
  const keys = (['accept_dad', 'accept_ra', 'disable_ipv6'] as const).map(
    (key) => `net/ipv6/conf/${link}/${key}=${normal(key)}`,
  )
  return [
    {
      tool: 'ip',
      args: ['-force', '-batch', '-'],
      input: [
        ...sides.map(({ address }) => `address del ${address} dev ${link}`),
        `link set dev ${link} group 0 down`,
        '',
      ].join('\n'),
      okStatuses: [1],
    },
    {
      tool: 'sysctl',
      args: ['-qew', `net/ipv4/conf/${link}/forwarding=${forwards('default') === true ? '1' : '0'}`, ...keys],
    },
  ]
}
