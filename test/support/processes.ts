import { readdirSync, readFileSync } from 'node:fs'

/** Numbers of the processes whose command line has this word in it. */
export const processesWith = (word: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
      } catch {
        return false
      }
    })
    .map(Number)
