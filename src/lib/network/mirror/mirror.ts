import type { Deadline } from './deadline.ts'

/** What is copied, as seen from the source: what it receives, what it sends, or both. */
export const DIRECTIONS = ['in', 'out', 'both'] as const
export type MirrorDirection = (typeof DIRECTIONS)[number]

/** Something that has ports. Ports come and go; this says whose they are. */
export type MirrorEnd =
  /** By its id, so that it is found again after a restart; without `iface` all its ports of the bridge. */
  | { readonly kind: 'container'; readonly id: string; readonly name: string; readonly iface?: string }
  | { readonly kind: 'port'; readonly port: string }
  /** Container or port, whoever has that name by then: the words of a network, which is made before its containers. */
  | { readonly kind: 'name'; readonly name: string; readonly iface?: string }

/**
 * A network is all of its ports. With an id, it is that very network: another one that gets its name later may be another
 * tenant's.
 */
export type MirrorSource = MirrorEnd | NetworkSource
export interface NetworkSource {
  readonly kind: 'network'
  readonly network: string
  readonly id?: string
}

/** Who gets the copies: a port of the bridge, or a host at the other end of a GRE tunnel (RFC 2784). */
export type MirrorDest = MirrorEnd | { readonly kind: 'gre'; readonly ip: string }

/** A mirror that ovsd made or makes. */
export interface Mirror {
  readonly name: string
  readonly bridge: string
  readonly sources: readonly MirrorSource[]
  readonly dest: MirrorDest
  readonly direction: MirrorDirection
  /** The network that it belongs to: it is made and removed with it. */
  readonly network?: string
  /** It may take a destination that is used for something else: that was asked for. Of the mirror of a network only. */
  readonly force?: true
  /** When it goes by itself. */
  readonly deadline?: Deadline
}

/** A source or destination as it is typed. */
export function describeEnd(end: MirrorSource | MirrorDest): string {
  switch (end.kind) {
    case 'container':
    case 'name':
      return end.iface === undefined ? end.name : `${end.name}:${end.iface}`
    case 'port':
      return end.port
    case 'network':
      return `network:${end.network}`
    case 'gre':
      return `gre:${end.ip}`
  }
}

/** The name of the mirror of a network: not one that can be typed for another. */
export const nameForNetwork = (network: string): string => `net:${network}`
