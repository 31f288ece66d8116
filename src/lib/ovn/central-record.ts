// What ovsd made of central on this host, kept in external_ids of Open_vSwitch.
import type { LocalOvn } from './local.ts'

/** Key of the record: which kind of central ovsd made here. */
export const CENTRAL_RECORD = 'ovsd_central'
/** Key of the name that the northbound database has itself: another one in its place is empty, or somebody else's. */
export const DATABASE_ID = 'ovsd_nb_id'

/** A central in a container, or that of the distribution. */
export type MadeCentral = 'docker' | 'local'

/** Which kind of central ovsd made here; undefined for none. */
export function madeCentral({ externalIds }: LocalOvn): MadeCentral | undefined {
  const kind = externalIds[CENTRAL_RECORD]
  return kind === 'docker' || kind === 'local' ? kind : undefined
}

/** The UUID of the northbound database that this host belonged to last. */
export const knownDatabase = ({ externalIds }: LocalOvn): string | undefined => externalIds[DATABASE_ID]
