// The addresses that people expect ovsd's own central at: which of the candidates was free is found out when it is made.
import type { Central } from '../central.ts'
import { madeCentral } from '../central-record.ts'
import { remotesAt, type CentralRemotes } from '../life.ts'
import type { LocalOvn } from '../local.ts'
import { isSame, type Side } from '../remotes.ts'
import { addressIn, CANDIDATES } from './subnet.ts'

const PLACES = CANDIDATES.flatMap((subnet) => {
  const address = addressIn(subnet)
  return address === undefined ? [] : [remotesAt(address.text)]
})

/** Whether both are the same databases, in whatever order their servers are named. */
export const isSameCentral = (one: CentralRemotes, other: CentralRemotes): boolean =>
  (['northbound', 'southbound'] satisfies Side[]).every((side) => isSame(one[side].text, other[side].text))

/** Whether connections are those of a central that ovsd makes in a container, in one of the subnets that it tries. */
export const isExpected = (asked: CentralRemotes): boolean => PLACES.some((place) => isSameCentral(place, asked))

/**
 * Whether the central of a host is its own container, in one subnet, and was asked for in another one that would have been tried as well: the connection
 * strings that people type are those of the first.
 */
export const isOwnElsewhere = (local: LocalOvn, known: Central, asked: CentralRemotes): boolean =>
  madeCentral(local) === 'docker' && isExpected(known) && isExpected(asked)
