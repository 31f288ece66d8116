import { Refused } from '../errors.ts'

/** What this host knows of the databases that it belonged to. */
export interface Known {
  /** The id of the northbound database (`northboundId`). */
  readonly database: string
  /** Names of the networks on OVN that are recorded here. */
  readonly networks: readonly string[]
}

/** The refusal to put a new, empty database where networks were. `what` has happened, as the end of "…, but". */
export function dataLost({ networks, database }: Known, what: string): Refused {
  if (networks.length === 0)
    return new Refused('CentralDataLost', `This host belonged to the northbound database ${database}, but ${what}.`, {
      next: 'Other hosts may have networks in it: bring it back from a copy. If it is not missed: the same command with --restore',
    })
  const names = networks.slice(0, 5).join(', ')
  const more = networks.length > 5 ? ` and ${String(networks.length - 5)} more` : ''
  return new Refused(
    'CentralDataLost',
    `This host has networks on OVN (${names}${more}), but ${what}. An empty one in its place would cut them off for good.`,
    {
      next: 'Bring the databases back from a copy; or begin with others, the same command with --restore: then repeat net create on each host, or run ovsd watch',
    },
  )
}
