// Changes of one logical switch, one after the other. Each expects the notes about used addresses to be as they were read, so of those
// that one process made side by side all but one would fail, and begin again.
const turns = new WeakMap<object, Map<string, Promise<unknown>>>()

/** Does `work` when all that was begun before it for the same row of the same database has ended. Errors: those of `work`. */
export async function inTurn<T>(database: object, uuid: string, work: () => Promise<T>): Promise<T> {
  const rows = turns.get(database) ?? new Map<string, Promise<unknown>>()
  turns.set(database, rows)
  const before = rows.get(uuid) ?? Promise.resolve()
  const mine = before.then(work)
  const over = mine.catch(() => undefined)
  rows.set(uuid, over)
  try {
    return await mine
  } finally {
    if (rows.get(uuid) === over) rows.delete(uuid)
  }
}
