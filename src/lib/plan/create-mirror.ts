import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { lookAtMirrors, type MirrorsAround } from '../network/mirror/around.ts'
import { deadlineIn } from '../network/mirror/deadline.ts'
import { describeMirror, keepsTags, type MirrorResult } from '../network/mirror/describe.ts'
import { describeEnd, type Mirror, type MirrorDest } from '../network/mirror/mirror.ts'
import { mirrorNameIn, readMirror } from '../network/mirror/record.ts'
import { isSelected, wanted } from '../network/mirror/wanted.ts'
import type { MirrorRequest } from '../network/mirror/words.ts'
import { refuseTunnel, refuseUsedPort } from './mirror-dest.ts'
import { calledFor, resolveNamed, resolveSource, type Resolved } from './mirror-ends.ts'
import type { Prepared } from './prepared.ts'
import { expiredRemoval, withoutExpired } from './remove-mirror.ts'
import { expiryStart } from './steps/expiry-start.ts'
import { mirrorPut } from './steps/mirror-put.ts'

/** What mirror create answers. */
export interface CreatedMirror extends MirrorResult {
  /** "completed" when it was there and not as it should be, "unchanged" when --may-exist found it done. */
  readonly status: 'created' | 'completed' | 'unchanged'
  /** Whether copies carry the VLAN tags that the frames have on the bridge. */
  readonly tagged: boolean
  /** Sources that have no port now. */
  readonly missing: readonly string[]
}

export interface CreateMirrorOptions {
  readonly mayExist: boolean
  /** Take a port that is used for something else, too. */
  readonly force: boolean
  /** What runs when its time is over: a program and its arguments. */
  readonly expire: readonly string[]
}

/**
 * Looks at the host and plans one mirror. Errors: those of mirror-ends and mirror-dest, MirrorBridgeUnclear, MirrorToItself,
 * MirrorForeign, MirrorExists, MirrorDiffers.
 */
export async function createMirror(
  host: Host,
  request: MirrorRequest,
  options: CreateMirrorOptions,
): Promise<Prepared<CreatedMirror>> {
  const found = await lookAtMirrors(host)
  const around = withoutExpired(found)
  const sources = await Promise.all(request.sources.map((one) => resolveSource(host, one, around)))
  const { dest } = request
  const target = dest.kind === 'gre' ? undefined : await resolveNamed(host, dest, around)
  const bridge = bridgeOf(request, [...sources, ...(target === undefined ? [] : [target])])
  const mirror: Mirror = {
    ...{ name: request.name, bridge, direction: request.direction },
    sources: sources.flatMap(({ ends }) => ends),
    dest: dest.kind === 'gre' ? { kind: 'gre', ip: dest.ip.text } : destOf(target, bridge),
    ...(request.ttl === undefined ? {} : { deadline: deadlineIn(request.ttl) }),
  }
  const wish = wanted(mirror, around)
  if (dest.kind === 'named') refuseItself(sources, mirror, around)
  const existing = existingOf(mirror, around, options)
  if (existing === undefined) {
    const row = await host.ovs.bridge(bridge)
    if (dest.kind === 'gre' && row !== undefined) await refuseTunnel(host, dest.ip, row, around.ports)
    if (wish.output !== undefined) await refuseUsedPort(host, wish.output, options.force)
  }
  const isRight = existing !== undefined && isSelected(existing.row, wish.selection, around.ports)
  if (isRight && !options.mayExist && wish.output !== undefined) throw exists(mirror.name)
  const isDone = isRight && wish.output !== undefined
  const { name } = mirror
  const put = mirrorPut(host, {
    mirror: existing?.mirror ?? mirror,
    wanted: wish,
    row: existing?.row,
    table: around.table,
  })
  const starts =
    request.ttl === undefined || existing !== undefined ? [] : [expiryStart(host, request.ttl, options.expire)]
  const stages = [await expiredRemoval(host, found), starts, isDone ? [] : [put]].filter((steps) => steps.length > 0)
  return {
    plan: stages.length === 0 ? undefined : { onFailure: 'unwind', title: `Mirror ${name} on ${bridge}`, stages },
    result: {
      ...describeMirror(existing?.mirror ?? mirror),
      status: isDone ? 'unchanged' : existing === undefined ? 'created' : 'completed',
      tagged: keepsTags(wish.output),
      missing: wish.missing,
    },
  }
}

/** The bridge that all of them have. Errors: MirrorBridgeUnclear. */
function bridgeOf({ bridge }: MirrorRequest, ends: readonly Resolved<Mirror['sources'][number]>[]): string {
  const at = ends.map(({ typed, bridges }) => `${typed} is on ${bridges.join(' and ')}`).join('; ')
  const [first, ...others] = ends
  const found = (first?.bridges ?? []).filter((one) => others.every(({ bridges }) => bridges.includes(one)))
  const candidates = bridge === undefined ? found : found.filter((one) => one === bridge)
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) return only
  throw new Refused(
    'MirrorBridgeUnclear',
    only === undefined
      ? `A mirror is of one bridge${bridge === undefined ? '' : `, here ${bridge}`}; ${at}.`
      : `There is more than one bridge that it could be on: ${at}.`,
    {
      next:
        only === undefined
          ? 'Mirror each bridge by itself, to a port of its own or to gre:IP'
          : `Say which: --bridge ${only}`,
    },
  )
}

/** Errors: MirrorEndAmbiguous (a container with several ports). */
function destOf(target: Resolved<Mirror['sources'][number]> | undefined, bridge: string): MirrorDest {
  const ports = (target?.ports ?? []).filter((port) => port.bridge === bridge)
  const [port] = ports
  const [end] = target?.ends ?? []
  if (port === undefined || end === undefined || end.kind === 'network') throw new Error('a destination without a port')
  if (ports.length > 1)
    throw new Refused('MirrorEndAmbiguous', `${target?.typed ?? ''} has several ports on ${bridge}.`, {
      next: `Say which gets the copies: --dest ${ports.map(calledFor).join(' or ')}`,
    })
  return end.kind === 'container' ? { ...end, iface: port.marks.iface } : { kind: 'port', port: port.name }
}

/** Error: MirrorToItself. */
function refuseItself(
  sources: readonly Resolved<Mirror['sources'][number]>[],
  mirror: Mirror,
  around: MirrorsAround,
): void {
  const output = wanted(mirror, around).output
  const both = sources.find(
    ({ ends, ports }) => ends[0]?.kind !== 'network' && ports.some(({ uuid }) => uuid === output?.uuid),
  )
  if (both === undefined) return
  throw new Refused(
    'MirrorToItself',
    `${describeEnd(mirror.dest)} would get copies of what it gets: ${both.typed} is it, too.`,
    {
      next: 'Name the interfaces that are copied: --source CONTAINER:INTERFACE',
    },
  )
}

/** The mirror of that name, if it is the same. Errors: MirrorForeign, MirrorExists, MirrorDiffers. */
function existingOf(mirror: Mirror, { table }: MirrorsAround, { mayExist }: CreateMirrorOptions) {
  const { name } = mirror
  const row = table.rows.find((one) => one.name === name || mirrorNameIn(one.externalIds) === name)
  if (row === undefined) return undefined
  if (mirrorNameIn(row.externalIds) === undefined)
    throw new Refused('MirrorForeign', `There is a mirror ${name} on ${row.bridge} already, which ovsd did not make.`, {
      next: 'Choose another name',
    })
  const found = readMirror(row)
  if (found === undefined) throw exists(name)
  const [is, asked] = [shape(found), shape(mirror)]
  const different = (Object.keys(is) as (keyof typeof is)[]).filter((key) => is[key] !== asked[key])
  if (different.length === 0) return { row, mirror: found }
  if (!mayExist) throw exists(name)
  const how = different.map((key) => `${key} is ${is[key]}, not ${asked[key]}`).join(', ')
  throw new Refused('MirrorDiffers', `There is a mirror ${name} with other settings: ${how}.`, look)
}

/** What has to be equal. That a mirror ends counts, when it ends does not. */
const shape = ({ bridge, sources, dest, direction, deadline }: Mirror) => ({
  ...{ bridge, direction, dest: describeEnd(dest), sources: sources.map(exactly).sort().join(' and ') },
  end: deadline === undefined ? 'never' : 'after a time',
})

/** Two networks may have had the same name. */
const exactly = (source: Mirror['sources'][number]): string =>
  source.kind === 'network' && source.id !== undefined
    ? `${describeEnd(source)} (${source.id.slice(0, 12)})`
    : describeEnd(source)

const look = { next: 'Look at it: ovsd mirror ls' }
const exists = (name: string): Refused => new Refused('MirrorExists', `There is a mirror ${name} already.`, look)
