// Mirrors follow their containers: a restart gives a container a new port, and a mirror that still names the old one copies
// nothing.
import type { Host } from '../host.ts'
import { lookAtMirrors, ownMirrors, type MirrorsAround } from '../network/mirror/around.ts'
import type { Mirror } from '../network/mirror/mirror.ts'
import { mirrorOfNetwork } from '../network/mirror/of-network.ts'
import { portOf, type ComingPort } from '../network/mirror/ports.ts'
import { isSelected, wanted, type Wanted } from '../network/mirror/wanted.ts'
import { readNetworks } from '../network/record.ts'
import { readMirrors, type MirrorRow } from '../ovs/mirror-rows.ts'
import { expiredIn, expiredRemoval, withoutExpired } from './remove-mirror.ts'
import type { ReversibleStep, Stages } from './step.ts'
import { mirrorPut } from './steps/mirror-put.ts'

/** A mirror that is not as it should be, and can be put right. */
interface Crooked {
  readonly mirror: Mirror
  readonly row: MirrorRow | undefined
  readonly wanted: Wanted
}

/** Mirrors that can be put right: of those of `which`. `force`: also with outputs that are used for something else. */
export function crooked(
  around: MirrorsAround,
  which: (mirror: Mirror) => boolean = () => true,
  force = false,
): readonly Crooked[] {
  const own = ownMirrors(around.table).map(({ mirror, row }) => ({
    mirror: force ? { ...mirror, force } : mirror,
    row,
  }))
  const missing = around.networks.flatMap((spec) => {
    const mirror = mirrorOfNetwork(spec, force)
    const isThere = own.some(({ mirror: one }) => one.name === mirror?.name)
    return mirror === undefined || isThere ? [] : [{ mirror, row: undefined }]
  })
  return [...own, ...missing]
    .filter(({ mirror }) => which(mirror))
    .map(({ mirror, row }) => ({ mirror, row, wanted: wanted(mirror, around) }))
    .filter(({ row, ...rest }) => isToPut(rest, row, around))
}

/**
 * One that is to be made waits for somebody who gets the copies, and for somebody who is copied; one that is there is left
 * as it is while nobody gets the copies: it does nothing. An output that is used for something else is nobody who may get them:
 * nobody has asked whoever uses it.
 */
function isToPut(
  { mirror, wanted: wish }: Omit<Crooked, 'row'>,
  row: MirrorRow | undefined,
  around: MirrorsAround,
): boolean {
  const { selection } = wish
  const isTunnel = mirror.dest.kind === 'gre'
  if (wish.use !== undefined || (selection.output === undefined && !isTunnel)) return false
  if (row === undefined) return selection.selectAll || selection.sources.length + selection.destinations.length > 0
  return (isTunnel && wish.output === undefined) || !isSelected(row, selection, around.ports)
}

/** What is to be done about the mirrors of this host, those of networks included, in words; nothing when all is well. */
export async function missingOfMirrors(host: Host): Promise<readonly string[]> {
  const around = await lookAtMirrors(host)
  return [
    ...expiredIn(around).map(({ name }) => `the time of mirror ${name} is over`),
    ...crooked(withoutExpired(around), isKept(around)).map(({ mirror, row }) =>
      row === undefined ? `mirror ${mirror.name} is missing` : `mirror ${mirror.name} does not copy what it should`,
    ),
  ]
}

/** Plans that: removes mirrors whose time is over, and gives the others the ports that they should have. */
export async function keepMirrors(host: Host): Promise<Stages<ReversibleStep>> {
  const around = await lookAtMirrors(host)
  const expired = await expiredRemoval(host, around)
  const puts = putsFor(host, withoutExpired(around), isKept(around))
  return [...(expired.length === 0 ? [] : [expired]), ...puts]
}

/**
 * What a network asks for is a part of it (parts/mirror.ts), and kept here besides: containers come and go without a look at networks, which is
 * more work. One whose network is gone, or cannot be read, is left as it is.
 */
const isKept =
  ({ networks }: MirrorsAround) =>
  ({ network, bridge }: Mirror): boolean =>
    network === undefined || networks.some((one) => one.name === network && one.bridge === bridge)

/** One after the other: two may have the same destination. */
export const putsFor = (
  host: Host,
  around: MirrorsAround,
  which?: (mirror: Mirror) => boolean,
  force?: boolean,
): Stages<ReversibleStep> =>
  crooked(around, which, force).map((one) => [mirrorPut(host, { ...one, table: around.table })])

/**
 * Plans what all mirrors of a bridge need when a port comes to it, that of networks included: to be done after the port is
 * made. Nothing, for the price of two questions to the database, when no mirror is about that bridge: all ports, which take half a
 * second when there are 5,000, are looked at for mirrors only.
 */
export async function mirrorsFollow(host: Host, coming: ComingPort): Promise<Stages<ReversibleStep>> {
  if (!(await hasMirrors(host, coming.bridge))) return []
  const around = await lookAtMirrors(host, portOf(coming))
  return putsFor(host, withoutExpired(around), ({ bridge }) => bridge === coming.bridge)
}

/** Whether a mirror of ovsd is on a bridge, or wanted by a network of it. */
async function hasMirrors(host: Host, bridge: string): Promise<boolean> {
  const [table, row] = await Promise.all([readMirrors(host.database), host.ovs.bridge(bridge)])
  const networks = row === undefined ? [] : readNetworks(row)
  return (
    ownMirrors(table).some(({ mirror }) => mirror.bridge === bridge) ||
    networks.some((one) => 'spec' in one && one.spec.mirroring !== undefined)
  )
}
