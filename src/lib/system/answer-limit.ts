const LIMIT_MS = 10_000
/** Timers come before sockets: a process that was stopped for a while first has to read what arrived meanwhile. */
const READING_MS = 100

/** Calls `fail` with the reason, unless it is disposed of within ten seconds in which an answer could have been heard. */
export function answerLimit(fail: (why: string) => void): Disposable {
  const why = `no answer within ${String(LIMIT_MS / 1000)} s`
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      fail(why)
    }, READING_MS)
  }, LIMIT_MS)
  return {
    [Symbol.dispose]() {
      clearTimeout(timer)
    },
  }
}
