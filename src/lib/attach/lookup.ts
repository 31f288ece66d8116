// Which ports belong to a container: ovsd's own by the full id, those of ovs-docker by what its user typed.
import { OvsdError, Refused } from '../errors.ts'
import type { Container } from '../docker/container.ts'
import { DockerUnreachable } from '../docker/http.ts'
import type { Host } from '../host.ts'
import type { InterfaceQuery, PortOnBridge } from '../ovs/reader.ts'
import type { InterfaceRow } from '../ovs/rows.ts'
import { shortId } from '../docker/container.ts'
import { linkExists } from '../net/links.ts'
import { isContainerName } from '../docker/container-name.ts'
import { OURS, readMarks, type Marks } from './marks.ts'

type Ids = Readonly<Record<string, string>>

/** The names under which ports of a container may be recorded. */
interface Names {
  readonly typed: string
  readonly id: string
  readonly name: string
}

const SHORT = 12

/**
 * Ports of one interface of a container whose full id is known. `existsInside`: the container has an interface of that
 * name, so it is worth the time to look for rows of ovs-docker under any beginning of the id as well.
 */
export async function portsOfInterface(
  host: Host,
  names: Names,
  iface: string,
  existsInside: boolean,
): Promise<readonly PortOnBridge[]> {
  const also = { container_iface: iface }
  const exact = await recordedExactly(host, names, also)
  return host.ovs.locate(exact.length > 0 || !existsInside ? exact : await recordedByBeginning(host, names, also))
}

/** Rows under the full id, the name, what was typed, and the short id: a millisecond each in a database of any size. */
async function recordedExactly(host: Host, names: Names, also: Ids): Promise<readonly InterfaceRow[]> {
  const { typed, id, name } = names
  const texts = [...new Set([typed, id, id.slice(0, SHORT), name])].filter((text) => text !== '')
  return ofThis(host, names, [
    { has: { ...also, ovsd_id: id } },
    ...texts.map((text) => ({ has: { ...also, container_id: text } })),
  ])
}

/** Rows of ovs-docker under any beginning of the id: its user typed what he liked. Downloads all rows of its kind. */
const recordedByBeginning = (host: Host, names: Names, also: Ids): Promise<readonly InterfaceRow[]> =>
  ofThis(host, names, [{ has: also, lacks: OURS }])

async function ofThis(host: Host, names: Names, queries: readonly InterfaceQuery[]): Promise<readonly InterfaceRow[]> {
  const rows = unique((await host.ovs.interfaces(queries)).flat())
  const kept = await Promise.all(rows.map(async (row) => ((await isOf(host, row, names)) ? row : undefined)))
  return kept.filter((row) => row !== undefined)
}

async function isOf(host: Host, row: InterfaceRow, { typed, id, name }: Names): Promise<boolean> {
  const marks = readMarks(row.externalIds)
  if (marks.ours) return marks.id === id || (marks.container === typed && (await isLeftByNamesake(host, row, marks)))
  if ([typed, name, id, id.slice(0, SHORT)].includes(marks.container)) return true
  // Any beginning of the id may have been typed, but the same letters may be another container's name.
  return marks.container !== '' && id.startsWith(marks.container) && (await idOf(host, marks.container)) === id
}

/**
 * Ports follow the id, not the name: the port of another container under the name counts only when nothing is left of
 * that container.
 */
async function isLeftByNamesake(host: Host, row: InterfaceRow, marks: Marks): Promise<boolean> {
  if (marks.netns !== '') return false
  // A link that lives says that its namespace does, whatever the engine that is asked knows: there may be two engines.
  return !linkExists(row.name) && (await idOf(host, marks.id)) === undefined
}

/** Undefined also for letters that name nobody: no container's name, or by now the beginning of several ids. */
async function idOf(host: Host, text: string): Promise<string | undefined> {
  if (!isContainerName(text)) return undefined
  try {
    return (await host.docker.find(text))?.id
  } catch (error) {
    if (error instanceof DockerUnreachable) return text
    if (error instanceof OvsdError) return undefined
    throw error
  }
}

/** The container, or undefined when it is gone, ambiguous for the engine, or there is no engine to ask. */
async function findOrNothing(host: Host, text: string): Promise<Container | undefined> {
  try {
    return await host.docker.find(text)
  } catch (error) {
    if (error instanceof DockerUnreachable) return undefined
    throw error
  }
}

/**
 * Ports that the user means by `typed`, whether or not the container or even the engine still exists; with `iface` only
 * those of that interface. Error: AmbiguousContainer.
 */
export async function portsMeantBy(host: Host, typed: string, iface?: string): Promise<readonly PortOnBridge[]> {
  const also: Ids = iface === undefined ? {} : { container_iface: iface }
  const known = await findOrNothing(host, typed)
  if (known === undefined) return recordedFor(host, typed, iface)
  const names = { typed, id: known.id, name: known.name }
  const exact = await recordedExactly(host, names, also)
  // One interface has one port; all interfaces may be recorded under different names.
  const rows =
    iface !== undefined && exact.length > 0
      ? exact
      : unique([...exact, ...(await recordedByBeginning(host, names, also))])
  if (rows.length > 0) return host.ovs.locate(rows)
  // Nothing of the container; but a bare namespace may have been given the same name, and has no other.
  const recorded = await recordedFor(host, typed, iface)
  return recorded.filter((where) => readMarks(where.interface.externalIds).netns !== '')
}

/**
 * Those of some records that `typed` means, a name or the beginning of an id with at least so many digits. Records follow the id
 * as ports do: where a container lives under that name now, those of an earlier one count only when nothing is left of that.
 * Error: AmbiguousContainer.
 */
export async function thoseMeantBy<T extends { readonly id: string; readonly name: string }>(
  host: Host,
  typed: string,
  all: readonly T[],
  digits: number,
): Promise<readonly T[]> {
  const known = await findOrNothing(host, typed)
  const isBeginning = /^[0-9a-f]+$/.test(typed) && typed.length >= digits
  if (known === undefined)
    return all.filter(({ id, name }) => name === typed || id === typed || (isBeginning && id.startsWith(typed)))
  const kept = await Promise.all(
    all.map(async (one) => {
      if (one.id === known.id) return one
      return one.name === typed && (await idOf(host, one.id)) === undefined ? one : undefined
    }),
  )
  return kept.filter((one) => one !== undefined)
}

/** Without an engine's word: what the marks say, exactly or by the beginning of an id. */
async function recordedFor(host: Host, typed: string, iface: string | undefined): Promise<readonly PortOnBridge[]> {
  const also = iface === undefined ? {} : { container_iface: iface }
  const exact = (
    await host.ovs.interfaces([
      { has: { ...also, container_id: typed } },
      { has: { ...also, ovsd_id: typed } },
      { has: { ...also, ovsd_name: typed } },
    ])
  ).flat()
  if (exact.length > 0) return onlyOne(typed, await host.ovs.locate(unique(exact)))
  if (!/^[0-9a-f]+$/.test(typed)) return []
  const all = await host.ovs.everything()
  const found = all.filter(({ interface: row }) => {
    const marks = readMarks(row.externalIds)
    return (
      (iface === undefined || marks.iface === iface) &&
      (marks.id.startsWith(typed) || marks.container.startsWith(typed))
    )
  })
  return onlyOne(typed, found)
}

const unique = (rows: readonly InterfaceRow[]): InterfaceRow[] => [
  ...new Map(rows.map((row) => [row.uuid, row])).values(),
]

function onlyOne(typed: string, ports: readonly PortOnBridge[]): readonly PortOnBridge[] {
  const ids = [
    ...new Set(
      ports.map(({ interface: row }) => readMarks(row.externalIds)).map(({ id, container }) => id || container),
    ),
  ]
  if (ids.length > 1)
    throw new Refused('AmbiguousContainer', `"${typed}" means several containers: ${ids.map(shortId).join(', ')}.`, {
      next: 'Type the id of the one you mean (ovsd list).',
    })
  return ports
}
