import type { Cidr } from '../net/cidr.ts'

/** Everything of a kind, nothing of it, or what is listed. */
export type Allowed<T> = boolean | readonly T[]

/** What labels may ask for. The keys are those of the policy file, where ovsd-policy(5) explains them. */
export interface Rules {
  /** Names of bridges, with `*` for any characters. */
  readonly bridges: Allowed<string>
  /** Names inside containers, with `*`. */
  readonly interfaces: Allowed<string>
  /** Networks that addresses have to be in. */
  readonly subnets: Allowed<Cidr>
  readonly vlans: Allowed<number>
  /** Whether an interface may do without a VLAN. */
  readonly untagged: boolean
  readonly trunks: Allowed<number>
  readonly mac: boolean
  readonly mtu: boolean
  /** Also where it has another name (gateway.ts). */
  readonly gateway: boolean
  /** Destinations of static routes. */
  readonly routes: Allowed<Cidr>
  readonly rate: boolean
  /** Names of tenants, with `*`. */
  readonly tenant: Allowed<string>
  readonly external: boolean | External
  /** Names of networks, with `*`. */
  readonly networks: Allowed<string>
  /** Whether labels of images count. */
  readonly image_labels: boolean
}

/** Where external addresses may come from. */
export interface External {
  /** Interfaces of the host, with `*`. */
  readonly interfaces: Allowed<string>
  readonly subnets: Allowed<Cidr>
}

export type Rule = keyof Rules

export interface Policy {
  /** Path of the file, or `built-in`, or `none`. */
  readonly source: string
  readonly rules: Rules
  /** The rules that the file has; the others are the built-in ones. */
  readonly given: ReadonlySet<Rule>
}

/** The policy where there is no file: only the default bridge, access ports, no trunk, no external address, no network. */
export function DEFAULT_POLICY(defaultBridge: string): Policy {
  return { source: 'built-in', rules: builtIn(defaultBridge), given: new Set() }
}

/** What holds for rules that a file does not have. */
export const builtIn = (defaultBridge: string): Rules => ({
  bridges: [defaultBridge],
  interfaces: true,
  subnets: true,
  vlans: true,
  untagged: true,
  trunks: false,
  mac: true,
  mtu: true,
  gateway: true,
  routes: true,
  rate: true,
  tenant: true,
  external: false,
  networks: false,
  image_labels: false,
})

/** Everything is allowed, even what no file can allow. For a lab. */
export const NO_POLICY: Policy = {
  source: 'none',
  rules: { ...builtIn(''), bridges: true, trunks: true, external: true, networks: true, image_labels: true },
  given: new Set(),
}
