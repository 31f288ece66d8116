/** What is asked of a network, as text, wherever it comes from: flags, `--opt`, Docker, or a record. */
export interface NetworkWords {
  readonly name: string
  /** 64 hex digits, given once and for all when the network is made. */
  readonly id?: string | undefined
  readonly subnet?: readonly string[] | undefined
  readonly gateway?: readonly string[] | undefined
  readonly ipRange?: readonly string[] | undefined
  /** ADDRESS or NAME=ADDRESS. */
  readonly auxAddress?: readonly string[] | undefined
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
}

/** Words that are one text, and those that are lists, as a record has them. */
export const TEXTS = [
  ...(['id', 'vlan', 'tenant', 'vrf', 'mtu', 'mode', 'uplink', 'ipam', 'dhcp', 'mirrorDest', 'key'] as const),
] satisfies readonly (keyof NetworkWords)[]
export const LISTS = [
  ...(['subnet', 'gateway', 'ipRange', 'auxAddress', 'mirrorPorts', 'vxlan'] as const),
] satisfies readonly (keyof NetworkWords)[]

/** What a word is called where it was written: an option of the command line, unless it came from elsewhere. */
export type NetworkWordName = (word: keyof NetworkWords) => string

const OPTIONS: Readonly<Partial<Record<keyof NetworkWords, string>>> = {
  name: 'NAME',
  ipRange: '--ip-range',
  auxAddress: '--aux-address',
  mirrorPorts: '--mirror-ports',
  mirrorDest: '--mirror-dest',
}

export const asNetworkOption: NetworkWordName = (word) => OPTIONS[word] ?? `--${word}`
