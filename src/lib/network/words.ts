/** What is asked of a network, as text, wherever it comes from: flags, `--opt`, Docker, or a record. */
export interface NetworkWords {
  readonly name: string
  /** 64 hex digits, given once and for all when the network is made. */
  readonly id?: string | undefined
  /** `plugin` for one that Docker has made, and whose addresses it gives out; left out for those of `net create`. */
  readonly owner?: string | undefined
  /** Docker's own id of a network that it has made on this host, 64 hex digits. */
  readonly docker?: string | undefined
  /** The pools of addresses that Docker has for it from ovsd, by their ids. */
  readonly pools?: readonly string[] | undefined
  readonly subnet?: readonly string[] | undefined
  readonly gateway?: readonly string[] | undefined
  readonly ipRange?: readonly string[] | undefined
  /** ADDRESS or NAME=ADDRESS. */
  readonly auxAddress?: readonly string[] | undefined
  /** CIDR[,VIA]: what containers reach by the network besides its subnets. */
  readonly route?: readonly string[] | undefined
  readonly bridge?: string | undefined
  readonly vlan?: string | undefined
  readonly tenant?: string | undefined
  readonly vrf?: string | undefined
  readonly mtu?: string | undefined
  readonly mode?: string | undefined
  readonly uplink?: string | undefined
  readonly ipam?: string | undefined
  readonly dhcp?: string | undefined
  /** `all`, or names of containers or ports. */
  readonly mirrorPorts?: readonly string[] | undefined
  readonly mirrorDest?: string | undefined
  /** Addresses of the other hosts. */
  readonly vxlan?: readonly string[] | undefined
  readonly key?: string | undefined
  /** The logical switch of OVN that it is, or `auto`. */
  readonly switch?: string | undefined
  readonly physnet?: string | undefined
  /** The logical router that joins it to others; of a transit network, its gateway router. */
  readonly router?: string | undefined
  /** `transit` for a network that joins routers. */
  readonly role?: string | undefined
  /** Name of the transit network that its router is joined to. */
  readonly transitNetwork?: string | undefined
  /** Of a transit network: the router outside that it leads to, and the addresses that its own one has there. */
  readonly externalGateway?: readonly string[] | undefined
  readonly externalAddress?: readonly string[] | undefined
  /** Name servers, for DHCP. */
  readonly dns?: readonly string[] | undefined
  /** What is wanted of the central of OVN, should there be none (network/central-wish.ts). */
  readonly central?: string | undefined
  /** What is expected of the host that makes the network: the central that it belongs to, and its tunnels. Not recorded. */
  readonly northbound?: string | undefined
  readonly southbound?: string | undefined
  readonly encap?: string | undefined
  readonly encapIp?: string | undefined
}

/** Words about the host and not about the network. */
export const ABOUT_HOST = [
  'northbound',
  'southbound',
  'encap',
  'encapIp',
] as const satisfies readonly (keyof NetworkWords)[]

/** Words about who made the network on this host: others share it with whoever made it there. */
export const ABOUT_MAKER = ['owner', 'docker', 'pools', 'central'] as const satisfies readonly (keyof NetworkWords)[]

/** Words about what is done with the network on this host: a mirror copies what goes through a bridge of it. */
const ABOUT_USE = ['mirrorPorts', 'mirrorDest'] as const satisfies readonly (keyof NetworkWords)[]

/** What the other hosts of a network know nothing of. */
export const NOT_SHARED = [...ABOUT_MAKER, ...ABOUT_USE]

/** The words without some of them. */
export const wordsWithout = <K extends keyof NetworkWords>(
  words: NetworkWords,
  left: readonly K[],
): Omit<NetworkWords, K> =>
  Object.fromEntries(Object.entries(words).filter(([word]) => !(left as readonly string[]).includes(word))) as Omit<
    NetworkWords,
    K
  >

/** Those of some words that are said. */
export const wordsOnly = <K extends keyof NetworkWords>(
  words: NetworkWords,
  kept: readonly K[],
): Pick<NetworkWords, K> =>
  Object.fromEntries(kept.flatMap((word) => (words[word] === undefined ? [] : [[word, words[word]]]))) as Pick<
    NetworkWords,
    K
  >

/** Words that are one text, and those that are lists, as a record has them. */
export const TEXTS = [
  ...(['id', 'owner', 'docker', 'central', 'vlan', 'tenant', 'vrf', 'mtu', 'mode', 'uplink'] as const),
  ...(['ipam', 'dhcp', 'mirrorDest', 'key'] as const),
  ...(['switch', 'physnet', 'router', 'role', 'transitNetwork'] as const),
] satisfies readonly (keyof NetworkWords)[]
export const LISTS = [
  ...(['subnet', 'gateway', 'ipRange', 'auxAddress', 'route', 'mirrorPorts', 'vxlan', 'dns', 'pools'] as const),
  ...(['externalGateway', 'externalAddress'] as const),
] satisfies readonly (keyof NetworkWords)[]

/** What a word is called where it was written: an option of the command line, unless it came from elsewhere. */
export type NetworkWordName = (word: keyof NetworkWords) => string

const OPTIONS: Readonly<Partial<Record<keyof NetworkWords, string>>> = {
  name: 'NAME',
  ipRange: '--ip-range',
  auxAddress: '--aux-address',
  mirrorPorts: '--mirror-ports',
  mirrorDest: '--mirror-dest',
  transitNetwork: '--transit-network',
  externalGateway: '--external-gateway',
  externalAddress: '--external-address',
  northbound: '--opt ovn.nb_connection',
  southbound: '--opt ovn.sb_connection',
  encap: '--opt ovn.encap',
  encapIp: '--opt ovn.encap_ip',
}

export const asNetworkOption: NetworkWordName = (word) => OPTIONS[word] ?? `--${word}`
