import { Refused } from '../errors.ts'

/** What this host knows of the databases that it belonged to. */
export interface Known {
  /** The id of the northbound database (`northboundId`). */
  readonly database: string
  /** Names of the networks on OVN that are recorded here. */
  readonly networks: readonly string[]
}

/** The refusal to put a new, empty database where networks were. `what` has happened, as the end of "…, but". */
export function dataLost({ networks }: Known, what: string): Refused {
  const names = networks.slice(0, 5).join(', ')
  const more = networks.length > 5 ? ` and ${String(networks.length - 5)} more` : ''
  return new Refused(
    'CentralDataLost',
    `This host has networks on OVN (${names}${more}), but ${what}. An empty one in its place would cut them off for good.`,
    {
      next: 'Bring the volume ovn-central back from a copy; or begin with an empty one, which the records of the hosts are written to: ovsd ovn bootstrap --restore',
    },
  )
}
