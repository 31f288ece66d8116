/** What ip says about one line of its batch. */
export interface Complaint {
  /** As ip said them, with the end of their line. */
  readonly words: string
  /** Number of the line, from 1. */
  readonly line: number
}

/**
 * Parts what `ip -batch -` says: words, then `Command failed -:LINE`, once, or with -force for every bad line. A line that
 * ip cannot read ends it with words alone: nobody knows then how far it got, and the list is empty.
 */
export function complaintsOf(said: string): readonly Complaint[] {
  if (!/(?:^|\n)Command failed -:\d+$/.test(said)) return []
  return [...said.matchAll(/(.*?)^Command failed -:(\d+)(?:\n|$)/gms)].map(([, words = '', line]) => ({
    words,
    line: Number(line),
  }))
}
