import { Refused, type OvsdError } from '../errors.ts'
import { isForeign, knownKey, nearestLabel, PREFIX, splitLabel, type Key, type LabelName } from './keys.ts'
import { shown } from './quote.ts'

/** One label: its whole name, and its value. */
export interface Label {
  readonly name: string
  readonly value: string
}

/** What the labels of a container say about one interface, not yet checked. */
export interface Asked {
  readonly iface: string
  /** Whether labels without the name of an interface are among them. */
  readonly plain: boolean
  readonly labels: ReadonlyMap<Key, Label>
  /** What is wrong with the labels themselves, whatever their values. */
  readonly problem: Problem | undefined
}

/** An error with the label that it is about. */
export interface Problem {
  readonly label: string
  readonly error: OvsdError
}

/** What labels ask for, and labels that seem to be meant for ovsd and are not about any of these interfaces. */
export interface AskedOfAll {
  readonly interfaces: readonly Asked[]
  readonly strays: readonly (Problem & { readonly iface: string })[]
}

/** Labels are read again and again, and whoever starts a container may give it any number of them. */
const MOST = 256

interface Group {
  plain: boolean
  readonly labels: Map<Key, Label>
  problem: Problem | undefined
}

/**
 * Sorts labels by interface: the one of plain labels first, then eth2 before eth10. Plain labels are about the interface
 * that `ovs.interface` names, else about `defaultIface`, and join those that name it themselves.
 */
export function askedBy(labels: Readonly<Record<string, string>>, defaultIface: string): AskedOfAll {
  const ours = Object.entries(labels).filter(([name]) => name.startsWith(PREFIX))
  if (ours.length === 0) return { interfaces: [], strays: [] }
  if (ours.length > MOST) return { interfaces: [], strays: [tooMany(ours.length)] }
  const plainIface = labels[`${PREFIX}interface`] ?? defaultIface
  const groups = new Map<string, Group>()
  const unknown: [string, LabelName][] = []
  for (const [name, value] of ours.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const parts = splitLabel(name)
    const key = knownKey(parts)
    if (key === undefined) unknown.push([name, parts])
    else add(groupOf(groups, parts.iface ?? plainIface), parts.iface === undefined, key, { name, value })
  }
  const strays = unknown.flatMap(([name, parts]) => blame(groups, name, parts, plainIface))
  const interfaces = [...groups]
    .map(([iface, group]) => ({ iface, ...group }))
    .sort((a, b) => Number(b.plain) - Number(a.plain) || byName(a.iface, b.iface))
  return { interfaces, strays }
}

const byName = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1)

function groupOf(groups: Map<string, Group>, iface: string): Group {
  const group = groups.get(iface) ?? { plain: false, labels: new Map(), problem: undefined }
  groups.set(iface, group)
  return group
}

function add(group: Group, plain: boolean, key: Key, label: Label): void {
  group.plain ||= plain
  const before = group.labels.get(key)
  if (before !== undefined && before.value !== label.value)
    group.problem ??= {
      label: shown(label.name),
      error: new Refused('LabelConflict', `${shown(label.name)}: ${shown(before.name)} says something else.`, {
        next: 'Leave one of the two out.',
      }),
    }
  group.labels.set(key, before ?? label)
}

/** Puts an unknown label to the interface that it is about; gives it back when there is none, and it is not foreign. */
function blame(
  groups: ReadonlyMap<string, Group>,
  name: string,
  parts: LabelName,
  plainIface: string,
): AskedOfAll['strays'] {
  const group = groups.get(parts.iface ?? plainIface)
  if (group?.problem !== undefined) return []
  const isAbout = group !== undefined && (parts.iface !== undefined || group.plain)
  if (!isAbout && isForeign(parts)) return []
  const problem = { label: shown(name), error: unknownLabel(name, parts) }
  if (!isAbout) return [{ ...problem, iface: shown(parts.iface ?? '') }]
  group.problem ??= problem
  return []
}

function tooMany(count: number): AskedOfAll['strays'][number] {
  const message = `${String(count)} labels begin with ${PREFIX}, and ovsd reads no more than ${String(MOST)}.`
  return { iface: '', label: PREFIX, error: new Refused('LabelConflict', message, { next: 'Leave some out.' }) }
}

function unknownLabel(name: string, parts: LabelName): Refused {
  const near = nearestLabel(parts)
  return new Refused('UnknownLabel', `${shown(name)}: ovsd knows no such label.`, {
    next:
      near !== undefined
        ? `Did you mean ${shown(near)}?`
        : parts.key === 'interface'
          ? `Leave it out: ${shown(parts.iface ?? '')} is the name of the interface.`
          : 'The labels are listed in ovsd-policy(5).',
  })
}
