import { isSameNetwork, type KeptNetwork, type NetworkOnRow } from './kept-network.ts'

/**
 * How a copy and the database stand to each other: the same; the database has other settings; has no such network; has
 * another one of that name, made later; has one whose record cannot be used. Or there is no copy of what the database has.
 */
export type Standing = 'ok' | 'differs' | 'missing' | 'replaced' | 'unusable' | 'unkept'

export interface Compared {
  readonly standing: Standing
  readonly kept: KeptNetwork | undefined
  readonly recorded: NetworkOnRow | undefined
}

/** Puts the copies beside what the database has. A network is known by its id, and by its name where it has none. */
export function compareNetworks(kept: readonly KeptNetwork[], recorded: readonly NetworkOnRow[]): readonly Compared[] {
  const copies = kept.map((one): Compared => {
    const same = recorded.find((row) => row.hasId && row.kept?.id === one.id)
    const named = same ?? recorded.find(({ name }) => name === one.name)
    return { standing: standingOf(one, named), kept: one, recorded: named }
  })
  const spokenFor = new Set(copies.flatMap((one) => (one.standing === 'replaced' ? [] : (one.recorded ?? []))))
  const unkept = recorded.filter((row) => row.kept !== undefined && !spokenFor.has(row))
  return [...copies, ...unkept.map((row): Compared => ({ standing: 'unkept', kept: undefined, recorded: row }))]
}

function standingOf(kept: KeptNetwork, row: NetworkOnRow | undefined): Standing {
  if (row === undefined) return 'missing'
  if (row.kept === undefined) return 'unusable'
  if (row.hasId && row.kept.id !== kept.id) return 'replaced'
  return isSameNetwork(kept, { ...row.kept, id: kept.id }) ? 'ok' : 'differs'
}
