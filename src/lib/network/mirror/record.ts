// A mirror is recorded among the external_ids of its row, with everything that is needed to put it right. A stable interface,
// as all marks are (man/ovsd.8, "MARKS").
import { OURS, partMarks } from '../../attach/marks.ts'
import type { MirrorRow } from '../../ovs/mirror-rows.ts'
import type { Deadline } from './deadline.ts'
import { DIRECTIONS, type Mirror, type MirrorDest, type MirrorDirection, type MirrorSource } from './mirror.ts'

type Ids = Readonly<Record<string, string>>

/** What this part of a network is called in marks. */
const PART = 'mirror'

const NAME = 'ovsd_mirror'

/** The pairs of the row of a mirror. */
export function mirrorMarks({ name, network, sources, dest, direction, force, deadline }: Mirror): Ids {
  return {
    ...portMarks({ name, ...(network === undefined ? {} : { network }) }),
    ovsd_spec: JSON.stringify({ sources, dest, direction, force }),
    ...(deadline === undefined
      ? {}
      : {
          ovsd_expires: deadline.at,
          ovsd_boot: deadline.boot,
          ovsd_uptime: String(deadline.uptime),
        }),
  }
}

/** The pairs of a port that was made for a mirror. */
export const portMarks = ({ name, network }: Pick<Mirror, 'name' | 'network'>): Ids => ({
  ...(network === undefined ? { ...OURS, ovsd_part: PART } : partMarks(network, PART)),
  [NAME]: name,
})

/** The name of the mirror of ovsd that a row is, or that a port is for; undefined for others' rows. */
export const mirrorNameIn = (ids: Ids): string | undefined => (ids['ovsd'] === undefined ? undefined : ids[NAME])

/** What the row of a mirror of ovsd says; undefined for others' rows and for a damaged record. */
export function readMirror({
  bridge,
  externalIds: ids,
}: Pick<MirrorRow, 'bridge' | 'externalIds'>): Mirror | undefined {
  const name = mirrorNameIn(ids)
  const spec = specIn(ids['ovsd_spec'])
  if (name === undefined || spec === undefined) return undefined
  const network = ids['ovsd_network']
  const deadline = deadlineIn(ids)
  return {
    ...{ name, bridge, ...spec },
    ...(network === undefined ? {} : { network }),
    ...(deadline === undefined ? {} : { deadline }),
  }
}

/** A damaged one has passed: a mirror that was to go must not stay. */
function deadlineIn(ids: Ids): Deadline | undefined {
  const { ovsd_expires: at, ovsd_boot: boot = '', ovsd_uptime: uptime = '' } = ids
  if (at === undefined) return undefined
  return { at, boot, uptime: /^[0-9]+(\.[0-9]+)?$/.test(uptime) ? Number(uptime) : 0 }
}

type Spec = Pick<Mirror, 'sources' | 'dest' | 'direction' | 'force'>

function specIn(text: string | undefined): Spec | undefined {
  try {
    const spec = JSON.parse(text ?? '') as Partial<Record<keyof Spec, unknown>> | null
    if (spec === null || !Array.isArray(spec.sources)) return undefined
    const sources = spec.sources.filter(isSource)
    const isWhole = sources.length === spec.sources.length && sources.length > 0
    if (!isWhole || !isDest(spec.dest) || !isDirection(spec.direction)) return undefined
    const { dest, direction, force } = spec
    return { sources, dest, direction, ...(force === true ? { force } : {}) }
  } catch {
    return undefined
  }
}

const isDirection = (value: unknown): value is MirrorDirection => (DIRECTIONS as readonly unknown[]).includes(value)
const isSource = (value: unknown): value is MirrorSource =>
  isEnd(value) || (has(value, 'network', 'network') && isTextIfAny(value, 'id'))
const isDest = (value: unknown): value is MirrorDest => isEnd(value) || has(value, 'gre', 'ip')
const isEnd = (value: unknown): boolean =>
  (has(value, 'container', 'id', 'name') || has(value, 'name', 'name') || has(value, 'port', 'port')) &&
  isTextIfAny(value, 'iface')

const isTextIfAny = (value: unknown, key: string): boolean =>
  ['undefined', 'string'].includes(typeof (value as Readonly<Record<string, unknown>>)[key])

function has(value: unknown, kind: string, ...keys: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  const row = value as Readonly<Record<string, unknown>>
  return row['kind'] === kind && keys.every((key) => typeof row[key] === 'string')
}
