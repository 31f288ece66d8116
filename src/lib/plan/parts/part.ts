import type { Host } from '../../host.ts'
import type { TitledSpec } from '../../network/networks.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import type { ReversibleStep, Stages, Step } from '../step.ts'

/**
 * Something that a network has on the host beside its record: a gateway, an uplink, tunnels, a mirror. It is made with the
 * network, put back by `watch` when it is missing, and removed with it.
 */
export interface NetworkPart {
  /** What it is called in messages. */
  readonly name: string
  /** Whether a network has such a thing. */
  isOf(spec: NetworkSpec): boolean
  /**
   * Looks at the host, and plans what makes it, complete or what is missing of it; changes nothing yet. The bridge may be
   * missing now, and is there when the steps run, as is the record of the network. Errors: why it cannot be had.
   */
  make(host: Host, spec: NetworkSpec, around: Surroundings): Promise<Stages<ReversibleStep>>
  /** What is missing of it, in words; nothing when all is as it should be. Reads only. */
  missing(host: Host, spec: NetworkSpec, around: Surroundings): Promise<readonly string[]>
  /** Plans what takes it away, whatever is left of it; reads only. */
  remove(host: Host, spec: NetworkSpec, around: Surroundings): Promise<Stages<Step & { readonly leaves: string }>>
  /** Who else needs it, in words, besides what is attached to the network: then it is not removed without --force. Reads only. */
  users?(host: Host, spec: NetworkSpec): Promise<readonly string[]>
}

/** What a part has to know beside its own network. */
export interface Surroundings {
  /** The other networks of this host; of those that are removed in the same run, none. */
  readonly others: readonly TitledSpec[]
  /** Ends what looks at the host. */
  readonly signal?: AbortSignal
  /** Do what is dangerous, too: it was asked for. */
  readonly force?: boolean
}
