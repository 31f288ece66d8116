import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { lookAtMirrors, ownMirrors, type MirrorsAround } from '../network/mirror/around.ts'
import { isOver } from '../network/mirror/deadline.ts'
import { mirrorNameIn, readMirror } from '../network/mirror/record.ts'
import { tunnelName } from '../network/mirror/wanted.ts'
import type { MirrorRow } from '../ovs/mirror-rows.ts'
import { closest } from '../ui/closest.ts'
import type { Prepared } from './prepared.ts'
import type { ReversibleStep } from './step.ts'
import { mirrorRemove, type MirrorsToRemove } from './steps/mirror-remove.ts'

/** What mirror rm answers. */
export interface RemovedMirror {
  readonly mirror: string
  readonly bridge: string
}

/** Plans the removal of a mirror of ovsd. Errors: MirrorMissing, MirrorForeign, MirrorOfNetwork. */
export async function removeMirror(host: Host, name: string): Promise<Prepared<RemovedMirror>> {
  const around = await lookAtMirrors(host)
  const { rows } = around.table
  const row =
    rows.find(({ externalIds }) => mirrorNameIn(externalIds) === name) ?? rows.find((one) => one.name === name)
  if (row === undefined) throw missing(name, rows)
  if (mirrorNameIn(row.externalIds) === undefined)
    throw new Refused('MirrorForeign', `ovsd did not make the mirror ${name} on ${row.bridge}.`, {
      next: 'Whoever made it removes it',
    })
  refusePartOf(row)
  const steps = [
    await mirrorRemove(host, withTunnel([row]), `Remove the mirror ${name} from ${row.bridge}`),
    ...(await expiredRemoval(host, around, row)),
  ]
  return {
    plan: { onFailure: 'continue', title: `Remove the mirror ${name}`, stages: steps.map((step) => [step]) },
    result: { mirror: name, bridge: row.bridge },
  }
}

/** What mirror expire answers. */
export interface ExpiredMirrors {
  readonly removed: readonly RemovedMirror[]
}

/** Plans the removal of all mirrors whose time is over. */
export async function removeExpired(host: Host): Promise<Prepared<ExpiredMirrors>> {
  const around = await lookAtMirrors(host)
  const steps = await expiredRemoval(host, around)
  return {
    plan: steps.length === 0 ? undefined : { onFailure: 'continue', title: 'Remove expired mirrors', stages: [steps] },
    result: { removed: expiredIn(around).map(({ name, bridge }) => ({ mirror: name, bridge })) },
  }
}

/** The rows of mirrors whose time is over. */
export const expiredIn = ({ table }: MirrorsAround): readonly MirrorRow[] =>
  ownMirrors(table)
    .filter(({ mirror: { deadline } }) => deadline !== undefined && isOver(deadline))
    .map(({ row }) => row)

/** Removes the mirrors whose time is over, beside one that is removed anyway; no step when there is none. */
export async function expiredRemoval(
  host: Host,
  around: MirrorsAround,
  besides?: MirrorRow,
): Promise<readonly ReversibleStep[]> {
  const rows = expiredIn(around).filter(({ uuid }) => uuid !== besides?.uuid)
  if (rows.length === 0) return []
  const names = rows.map(({ name }) => name).join(', ')
  return [await mirrorRemove(host, withTunnel(rows), `Remove ${names}, whose time is over`)]
}

/** What there is when those whose time is over are gone. */
export function withoutExpired(around: MirrorsAround): MirrorsAround {
  const expired = withTunnel(expiredIn(around))
  return {
    ...around,
    table: { ...around.table, rows: around.table.rows.filter((row) => !expired.rows.includes(row)) },
    ports: around.ports.filter(({ name }) => !expired.tunnels.includes(name)),
  }
}

/** Mirrors with the tunnels that were made for them, if that was the case. */
export const withTunnel = (rows: readonly MirrorRow[]): MirrorsToRemove => ({
  rows,
  tunnels: rows.map(({ bridge, name }) => tunnelName(bridge, name)),
})

/** Error: MirrorOfNetwork. */
function refusePartOf(row: MirrorRow): void {
  const network = readMirror(row)?.network
  if (network !== undefined)
    throw new Refused('MirrorOfNetwork', `The mirror ${row.name} belongs to the network ${network}.`, {
      next: `It goes with it: ovsd net rm ${network}`,
    })
}

function missing(name: string, rows: readonly MirrorRow[]): Refused {
  const meant = closest(
    name,
    rows.map((row) => row.name),
  )
  return new Refused('MirrorMissing', `There is no mirror ${name}.`, {
    next:
      meant === undefined ? 'See which there are: ovsd mirror ls' : `Did you mean ${meant}? See also: ovsd mirror ls`,
  })
}
