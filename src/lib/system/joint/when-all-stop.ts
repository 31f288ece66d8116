import type { Member } from './member.ts'

/**
 * A signal that comes when the callers of all members have stopped: as long as one of them goes on, so does the process
 * that they share. Listens to their signals until it is disposed of.
 */
export function whenAllStop(members: readonly Member[]): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController()
  const check = (): void => {
    if (members.every(({ isStopped }) => isStopped)) stop.abort(members[0]?.signal?.reason)
  }
  for (const { signal } of members) signal?.addEventListener('abort', check)
  check()
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const { signal } of members) signal?.removeEventListener('abort', check)
    },
  }
}
