import { portName } from '../attach/attachment.ts'
import { readPersistRecords, type PersistRecord } from '../attach/persist.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import type { AttachRequest } from '../plan/request.ts'

/** A record with the bridge that it is for. */
export type RecordOnBridge = PersistRecord & { readonly bridge: string }

type Records = ReadonlyMap<string, RecordOnBridge>

interface OfBridge {
  readonly uuid: string
  /** On its row, when it was last there. */
  readonly written: Records
  /** On the rows that it had before, and not on this one yet. */
  readonly remembered: Records
}

/**
 * The records of persistent attachments (attach/persist.ts), by container. They stand on Bridge rows; those of a bridge
 * that vanished, or was created anew, are remembered: with it went the ports that they are to bring back, each of which
 * writes its own record again.
 */
export class PersistRecords {
  readonly #bridges = new Map<string, OfBridge>()
  /** By container and interface; made when it is asked for. */
  #byContainer: ReadonlyMap<string, Records> | undefined

  /** Takes what the bridges say now. */
  update(rows: readonly BridgeRow[]): void {
    this.#byContainer = undefined
    for (const { name, uuid, externalIds } of rows) {
      const before = this.#bridges.get(name)
      const written: Records = new Map(
        readPersistRecords(externalIds).map((record) => [record.key, { ...record, bridge: name }]),
      )
      const gone = before === undefined || before.uuid === uuid ? [] : before.written
      const remembered = new Map([...(before?.remembered ?? []), ...gone].filter(([key]) => !written.has(key)))
      // An interface with records on two bridges belongs to the one that got its record last.
      const isNews = [...written.keys()].some((key) => before?.written.has(key) !== true)
      if (isNews || written.size + remembered.size === 0) this.#bridges.delete(name)
      if (written.size + remembered.size > 0) this.#bridges.set(name, { uuid, written, remembered })
    }
  }

  /** What is to be attached of one container: an interface once, and where its record was written last. */
  of(id: string): readonly RecordOnBridge[] {
    this.#byContainer ??= byContainer(this.all())
    return [...(this.#byContainer.get(id)?.values() ?? [])]
  }

  /** All records; those that stand on a row come last. */
  all(): readonly RecordOnBridge[] {
    const bridges = [...this.#bridges.values()]
    return [...bridges.map(({ remembered }) => remembered), ...bridges.map(({ written }) => written)].flatMap(
      (records) => [...records.values()],
    )
  }

  /** Containers for which addresses are kept because labels ask for them. */
  keptFor(): readonly string[] {
    return [...new Set(this.all().flatMap(({ owner, id }) => (owner === 'watch' ? [id] : [])))]
  }

  /** A container is gone: forgets its records, remembered ones and those of vanished bridges among them. */
  forget(id: string): void {
    this.#byContainer = undefined
    const others = (records: Records): Records => new Map([...records].filter(([, record]) => record.id !== id))
    for (const [name, { uuid, written, remembered }] of this.#bridges)
      this.#bridges.set(name, { uuid, written: others(written), remembered: others(remembered) })
  }
}

/** Whether a record only keeps addresses for an interface that labels ask for, and that is not there now. */
export const isIdle = ({ owner, id, iface }: RecordOnBridge): boolean =>
  owner === 'watch' && !linkExists(portName(id, iface))

/** The records of a container that can be taken off: a bridge may have vanished, and its records with it. */
export async function recordsOnRows(
  host: Host,
  records: PersistRecords,
  id: string,
): Promise<readonly RecordOnBridge[]> {
  const ofThis = records.all().filter((record) => record.id === id)
  const isThere = await Promise.all(
    ofThis.map(async ({ bridge, key }) => (await host.ovs.bridge(bridge))?.externalIds[key] !== undefined),
  )
  return ofThis.filter((_, i) => isThere[i])
}

/**
 * Whether what is to be attached is still asked for, now that nobody else is at work: a command that wrote the record of it may have
 * failed since, and undone that, too. Labels ask as long as their container is there.
 */
export async function isStillAsked(
  host: Host,
  records: PersistRecords,
  id: string,
  { bridge, iface, owner }: Pick<AttachRequest, 'bridge' | 'iface' | 'owner'>,
): Promise<boolean> {
  if (owner === 'watch') return true
  // Whoever listens hears of records before this is answered.
  await host.ovs.bridge(bridge)
  return records.of(id).some((record) => record.iface === iface)
}

function byContainer(all: readonly RecordOnBridge[]): ReadonlyMap<string, Records> {
  const found = new Map<string, Map<string, RecordOnBridge>>()
  for (const record of all) {
    const ofThis = found.get(record.id) ?? new Map<string, RecordOnBridge>()
    found.set(record.id, ofThis.set(record.iface, record))
  }
  return found
}
