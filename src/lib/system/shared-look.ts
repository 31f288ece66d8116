import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Shares looks at the host: who asks while a look is still to begin gets its answer, and who asks while one is under way
 * gets the next one's. So an answer is never older than the question, and looks never run side by side.
 */
export function sharedLook<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  const begin = async (): Promise<T> => {
    await running
    await nextTurn()
    next = undefined
    const answer = look()
    running = answer.catch(() => undefined)
    return answer
  }
  return () => (next ??= begin())
}
