import type { Host } from '../host.ts'
import { lookAtMirrors, type MirrorsAround } from '../network/mirror/around.ts'
import { isOver } from '../network/mirror/deadline.ts'
import { describeMirror, type MirrorResult } from '../network/mirror/describe.ts'
import { describeEnd, type Mirror, type MirrorSource } from '../network/mirror/mirror.ts'
import { mirrorOfNetwork } from '../network/mirror/of-network.ts'
import { portsOfEnd } from '../network/mirror/ports.ts'
import { mirrorNameIn, readMirror } from '../network/mirror/record.ts'
import { isSelected, isThatNetwork, wanted } from '../network/mirror/wanted.ts'
import { linkExists } from '../net/links.ts'
import type { MirrorRow } from '../ovs/mirror-rows.ts'

/** What becomes of the copies: see `reason`. */
export type MirrorState = 'ok' | 'no output' | 'no source' | 'incomplete' | 'expired' | 'waiting' | 'damaged'

/** A line of mirror ls. */
export interface ListedMirror extends MirrorResult {
  /** Frames copied so far, as of up to five seconds ago; null when there is no mirror yet. */
  readonly packets: number | null
  /** False for those of others, which ovsd only shows. */
  readonly ours: boolean
  readonly state: MirrorState
  /** Why it is not ok, or networks of it that are gone; '' when there is nothing to say. */
  readonly reason: string
}

/** All mirrors of a host, and those that networks ask for and nobody could get yet, by bridge and name. */
export async function listMirrors(host: Host): Promise<readonly ListedMirror[]> {
  const around = await lookAtMirrors(host)
  const rows = around.table.rows.map((row) => listed(row, around))
  const waiting = around.networks.flatMap((spec) => {
    const mirror = mirrorOfNetwork(spec)
    const isThere = rows.some((one) => one.ours && one.mirror === mirror?.name)
    return mirror === undefined || isThere ? [] : [waits(mirror, around)]
  })
  const key = ({ bridge, mirror }: ListedMirror): string => `${bridge}\0${mirror}`
  return [...rows, ...waiting].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

function listed(row: MirrorRow, around: MirrorsAround): ListedMirror {
  const mirror = readMirror(row)
  if (mirror !== undefined)
    return { ...describeMirror(mirror), packets: row.packets, ours: true, ...stateOf(mirror, row, around) }
  const ours = mirrorNameIn(row.externalIds) !== undefined
  const state = ours ? { state: 'damaged' as const, reason: 'its record cannot be read' } : foreignState(row)
  return { ...described(row, around), packets: row.packets, ours, ...state }
}

type State = Pick<ListedMirror, 'state' | 'reason'>

function stateOf(mirror: Mirror, row: MirrorRow, around: MirrorsAround): State {
  const { selection, output, use, missing } = wanted(mirror, around)
  if (mirror.deadline !== undefined && isOver(mirror.deadline))
    return {
      state: 'expired',
      reason: 'its time is over: the next ovsd mirror create or rm, ovsd gc, or watch removes it',
    }
  const dest = describeEnd(mirror.dest)
  if (output === undefined) return { state: 'no output', reason: `${dest} has no port on ${mirror.bridge}` }
  if (use !== undefined) return { state: 'no output', reason: `${dest} cannot be taken: it ${use.why}` }
  if (mirror.dest.kind === 'container' && output.marks.ours && !linkExists(output.name))
    return { state: 'no output', reason: `the link of ${dest} is gone` }
  if (!isSelected(row, selection, around.ports))
    return {
      state: 'incomplete',
      reason: 'ports came or went: repeat ovsd mirror create, or let ovsd watch, plugin or daemon run',
    }
  const gone = goneNetworks(mirror, around)
  const dead = mirror.sources.filter((source) => isDead(source, mirror.bridge, around)).map(describeEnd)
  if (dead.length > 0 && dead.length + missing.length === mirror.sources.length)
    return { state: 'no source', reason: `the link of ${dead.join(' and ')} is gone: it is to be attached again` }
  if (missing.length < mirror.sources.length) return { state: 'ok', reason: gone.join('; ') }
  const without = missing.filter((one) => !gone.some((text) => text.startsWith(`${one} `)))
  const portless = without.length === 0 ? [] : [`${without.join(', ')}: no port on ${mirror.bridge}`]
  return { state: 'no source', reason: [...gone, ...portless].join('; ') }
}

/** Whether all that there is of a source are ports whose links went with the container that had them. */
function isDead(source: MirrorSource, bridge: string, { ports }: MirrorsAround): boolean {
  if (source.kind === 'network') return false
  const found = portsOfEnd(
    source,
    ports.filter((port) => port.bridge === bridge),
  )
  return found.length > 0 && found.every(({ name, marks }) => marks.ours && !linkExists(name))
}

/** In words: networks that it was made for, and that are no more. */
const goneNetworks = ({ sources }: Mirror, { networks }: MirrorsAround): readonly string[] =>
  sources.flatMap((source) => {
    if (source.kind !== 'network' || networks.some((one) => isThatNetwork(source, one))) return []
    const other = networks.some(({ name }) => name === source.network) ? ', and another one has its name now' : ''
    return [`${describeEnd(source)} is gone${other}`]
  })

function foreignState({ output, outputVlan, selectAll, sources, destinations }: MirrorRow): State {
  if (output === undefined && outputVlan === undefined) return { state: 'no output', reason: 'it has no output' }
  return selectAll || sources.length + destinations.length > 0
    ? { state: 'ok', reason: '' }
    : { state: 'no source', reason: 'it selects no port' }
}

/** A row of somebody else, as far as it can be said in the same words. */
function described(row: MirrorRow, { ports }: MirrorsAround): MirrorResult {
  const nameOf = (uuid: string): string => ports.find((port) => port.uuid === uuid)?.name ?? uuid
  const { name, bridge, sources, destinations, selectAll, vlans, output, outputVlan } = row
  const listedPorts = [...new Set([...sources, ...destinations])].map(nameOf)
  return {
    ...{ mirror: name, bridge, network: null, expires: null },
    sources: [...(selectAll ? ['all'] : listedPorts), ...vlans.map((vlan) => `VLAN ${String(vlan)}`)],
    dest: output === undefined ? (outputVlan === undefined ? '' : `VLAN ${String(outputVlan)}`) : nameOf(output),
    direction: selectAll || sources.length * destinations.length > 0 ? 'both' : sources.length > 0 ? 'out' : 'in',
  }
}

/** The mirror of a network that cannot be made yet. */
function waits(mirror: Mirror, around: MirrorsAround): ListedMirror {
  const { output, missing } = wanted(mirror, around)
  const whom = [...(output === undefined ? [describeEnd(mirror.dest)] : []), ...missing]
  return {
    ...{ ...describeMirror(mirror), packets: null, ours: true, state: 'waiting' },
    reason:
      whom.length === 0
        ? 'it is made by ovsd net connect, or by ovsd watch, plugin or daemon'
        : `waits for ${whom.join(', ')}`,
  }
}
