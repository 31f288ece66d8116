import type { Probed } from './probe.ts'

/** What keeps packets from getting there. Stable words, for scripts. */
export type Cause =
  | 'port'
  | 'switch'
  | 'no-address'
  | 'no-route'
  | 'other-interface'
  | 'vlan'
  | 'bridges'
  | 'flow'
  // Of nat networks.
  | 'gateway'
  | 'isolated'
  | 'no-host-route'
  // Beyond this host, or this cloud.
  | 'outside'
  | 'firewall'
  // Of OVN.
  | 'acl'
  | 'port-security'
  | 'router-no-route'
  | 'router-policy'
  | 'ttl'
  | 'logical-port'
  | 'logical-switch'
  | 'logical-flow'
  | 'physical-network'
  | 'no-way-back'
  | 'neighbour'
  | 'refused'
  | 'someone-else'
  | 'checksum'
  | 'mtu'
  | 'paused'
  // To another host, of OVN or VXLAN.
  | 'tunnel'
  | 'unanswered'

/** The answer of `path`. */
export interface Verdict {
  /** Whether they get there; null when nobody can say. */
  readonly arrives: boolean | null
  /** The whole of it in one sentence. */
  readonly said: string
  readonly cause: Cause | null
  /** The check of doctor that says the same; null where it is none of a port's. */
  readonly check: string | null
  /** With `arrives` false: that the packet gets there, and only what comes back is kept. */
  readonly isOneWay: boolean
  /** What to type about it. */
  readonly fix: readonly string[]
  readonly from: Place | null
  readonly to: Place | null
  readonly probe: Probed
  /** What ofproto/trace and others printed, for --verbose. */
  readonly traces: readonly string[]
}

/** One end, as far as it is known. */
export interface Place {
  readonly name: string
  readonly interface: string | null
  readonly address: string
  readonly bridge: string | null
  readonly vlan: string | null
}
