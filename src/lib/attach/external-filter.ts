// What nftables does about the legs on one interface of the host: two tables of ovsd's own, named for the interface. They
// are the host's record of the legs, too. Rewritten as a whole each time, in one transaction of the kernel.
import type { Command } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import { printed } from './external-answers.ts'
import { GATEWAY_GROUP } from './external-leg.ts'

/** One leg as the table has it. */
export interface Passage {
  readonly end: string
  readonly ip: string
}

/** What a table says. */
export interface Filter {
  readonly passages: readonly Passage[]
  /** The interface did not forward before; what else the host did then, `ip_forward=0` or 1. */
  readonly closed: string | undefined
}

const PREFIX = 'ovsd_ext_'

/** Name of the tables of an interface: two of the characters that interfaces may have are none for nftables. */
export const filterName = (link: string): string => PREFIX + link.replaceAll('@', '/a').replaceAll('+', '/p')

const linkOf = (name: string): string => name.slice(PREFIX.length).replaceAll('/a', '@').replaceAll('/p', '+')

/**
 * Lets the legs through, and nothing but their addresses:
 *  - from a leg only what has its address (no spoofing), no IPv6, and only to the interface or to legs beside it;
 *  - to a leg only what is for its address, from there;
 *  - to and from the gateways of networks, what their own guard lets through (network/nat-rules.ts);
 *  - where the interface did not forward before, nothing else that comes in by it.
 * ARP requests for such an address, of which the host sends some to announce it, carry the address as their sender: so
 * that neighbours believe them (RFC 5227, section 3).
 */
export function rewriteFilter(link: string, { passages, closed }: Filter): Command {
  const name = filterName(link)
  const inet = `inet ${name}`
  const arp = `arp ${name}`
  const elements = (set: string, texts: readonly string[]): readonly string[] =>
    texts.length === 0 ? [] : [`add element ${set} { ${texts.join(', ')} }`]
  return nft([
    `add table ${inet}`,
    `add set ${inet} legs { type ifname . ipv4_addr; }`,
    `add set ${inet} ends { type ifname; }`,
    `add set ${inet} closed { type ifname; }`,
    `add chain ${inet} arriving { type filter hook prerouting priority filter; }`,
    `add chain ${inet} passing { type filter hook forward priority filter; }`,
    `add table ${arp}`,
    `add map ${arp} own { type ipv4_addr : ipv4_addr; }`,
    `add chain ${arp} asking { type filter hook output priority filter; }`,
    ...[`${inet} arriving`, `${inet} passing`, `${arp} asking`].map((chain) => `flush chain ${chain}`),
    ...[`${inet} legs`, `${inet} ends`, `${inet} closed`].map((set) => `flush set ${set}`),
    `flush map ${arp} own`,
    `add rule ${inet} arriving iifname @ends iifname . ip saddr != @legs drop`,
    `add rule ${inet} arriving iifname @ends meta nfproto ipv6 drop`,
    `add rule ${inet} passing oifname . ip daddr @legs iifname "${link}" accept`,
    `add rule ${inet} passing oifname . ip daddr @legs iifname @ends accept`,
    `add rule ${inet} passing oifname . ip daddr @legs iifgroup ${String(GATEWAY_GROUP)} accept`,
    `add rule ${inet} passing iifname @ends oifname "${link}" accept`,
    `add rule ${inet} passing iifname @ends oifgroup ${String(GATEWAY_GROUP)} accept`,
    `add rule ${inet} passing iifname @ends drop`,
    `add rule ${inet} passing oifname @ends drop`,
    `add rule ${inet} passing iifname @closed oifgroup != ${String(GATEWAY_GROUP)} drop`,
    `add rule ${arp} asking oifname "${link}" arp operation request arp saddr ip set arp daddr ip map @own`,
    ...elements(
      `${inet} legs`,
      passages.map(({ end, ip }) => `"${end}" . ${ip}`),
    ),
    ...elements(
      `${inet} ends`,
      passages.map(({ end }) => `"${end}"`),
    ),
    ...elements(`${inet} closed`, closed === undefined ? [] : [`"${link}" comment "${closed}"`]),
    ...elements(
      `${arp} own`,
      [...new Set(passages.map(({ ip }) => ip))].map((ip) => `${ip} : ${ip}`),
    ),
  ])
}

/** Takes the tables of an interface away; `add` first, because deleting what is not there would fail. */
export const deleteFilter = (link: string): Command =>
  nft(
    ['inet', 'arp'].flatMap((family) => ['add', 'delete'].map((verb) => `${verb} table ${family} ${filterName(link)}`)),
  )

const nft = (lines: readonly string[]): Command => ({ tool: 'nft', args: ['-f', '-'], input: `${lines.join('\n')}\n` })

interface NftSet {
  readonly name: string
  readonly elem?: readonly unknown[]
}

/** nft's words for what does not exist. Whatever else it says, there may be a table, and what is in it counts. */
const NO_TABLE = /No such file or directory/

/** What there is of an interface; undefined without a table. Error: CommandFailed. */
export async function readFilter(run: Runner, link: string, signal?: AbortSignal): Promise<Filter | undefined> {
  const list: Command = { tool: 'nft', args: ['-j', 'list', 'table', 'inet', filterName(link)] }
  const stdout = await printed(run(list, signal), NO_TABLE)
  if (stdout === undefined) return undefined
  const { nftables } = JSON.parse(stdout) as { readonly nftables: readonly { readonly set?: NftSet }[] }
  const elements = (name: string): readonly unknown[] =>
    nftables.flatMap(({ set }) => (set?.name === name ? (set.elem ?? []) : []))
  return {
    passages: elements('legs').flatMap((element) => {
      const [end, ip] = (element as { readonly concat?: readonly string[] }).concat ?? []
      return end === undefined || ip === undefined ? [] : [{ end, ip }]
    }),
    closed: elements('closed').map(commentOf)[0],
  }
}

/** An element without a comment, which ovsd did not make, is a mere value. */
const commentOf = (element: unknown): string =>
  (element as { readonly elem?: { readonly comment?: string } }).elem?.comment ?? 'ip_forward=1'

/** The interfaces that have a table. */
export async function filteredLinks(run: Runner, signal?: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await run({ tool: 'nft', args: ['-j', 'list', 'tables', 'inet'] }, signal)
  const { nftables } = JSON.parse(stdout) as { readonly nftables: readonly { readonly table?: { name: string } }[] }
  return nftables.flatMap(({ table }) => (table?.name.startsWith(PREFIX) === true ? [linkOf(table.name)] : []))
}
