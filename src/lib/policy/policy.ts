import type { Cidr } from '../net/cidr.ts'

/** Everything of a kind, nothing of it, or what is listed. */
export type Allowed<T> = boolean | readonly T[]

/** What labels may ask for, and networks of Docker. The keys are those of the policy file, where ovsd-policy(5) explains them. */
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
  /** NICs of the host and physical networks that networks of Docker may lead out by, with `*`. */
  readonly uplinks: Allowed<string>
  /** Networks that the other ends of their tunnels have to be in. */
  readonly tunnels: Allowed<Cidr>
  /** Whether what goes through them may be copied to somebody. */
  readonly mirror: boolean
  /** Whether a central of OVN is made for them. */
  readonly central: boolean
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

/** Rules about networks of Docker alone: these do as they like where there is no file. */
const NETWORKS_FREE = { uplinks: true, tunnels: true, mirror: true, central: true }

/** Whether somebody wrote it. Networks of Docker are confined by such a one only. */
export const isOfFile = ({ source }: Policy): boolean => source !== 'built-in' && source !== 'none'

/** The policy where there is no file: of labels only the default bridge, access ports, no trunk, no external address, no network. */
export function DEFAULT_POLICY(defaultBridge: string): Policy {
  return { source: 'built-in', rules: { ...builtIn(defaultBridge), ...NETWORKS_FREE }, given: new Set() }
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
  uplinks: false,
  tunnels: false,
  mirror: false,
  central: false,
})

/** Everything is allowed, even what no file can allow. For a lab. */
export const NO_POLICY: Policy = {
  source: 'none',
  rules: {
    ...builtIn(''),
    ...{ bridges: true, trunks: true, external: true, networks: true, image_labels: true },
    ...NETWORKS_FREE,
  },
  given: new Set(),
}
