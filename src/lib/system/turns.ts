// Changes of one thing by one process, one after the other. Where each expects what it has read to be so still, as the notes about used
// addresses of a logical switch, all but one of those made side by side would fail, and begin again.
const turns = new WeakMap<object, Map<string, Promise<unknown>>>()

/** Does `work` when all that was begun before it for the same `name` of the same `owner` has ended. Errors: those of `work`. */
export async function inTurn<T>(owner: object, name: string, work: () => Promise<T>): Promise<T> {
  const names = turns.get(owner) ?? new Map<string, Promise<unknown>>()
  turns.set(owner, names)
  const before = names.get(name) ?? Promise.resolve()
  const mine = before.then(work)
  const over = mine.catch(() => undefined)
  names.set(name, over)
  try {
    return await mine
  } finally {
    if (names.get(name) === over) names.delete(name)
  }
}
