import { readdirSync, readFileSync } from 'node:fs'
import { orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

/** Daemons of others that attach the same containers: they follow the same labels, or serve Docker's networks. */
const OTHERS = ['ovs-port-manager', 'docker-ovs-plugin', 'docker-ovn-driver', 'ovn-docker-overlay-driver', 'dovesnap']

export const daemons: Check = {
  id: 'own.daemons',
  title: 'no other daemon attaches the same containers',
  about:
    'ovs-port-manager follows the labels that ovsd watch follows, and removes ports that it does not know. Two daemons on one host undo each other’s work; which of them is right is for you to say.',
  needs: [],
  run: () => {
    const found = processes().filter(({ words }) => OTHERS.includes(programOf(words)))
    return Promise.resolve(
      orOk(
        found.map(({ pid, words }): Trouble => ({
          ...{ level: 'warn', subject: `process ${pid}` },
          said: `${programOf(words)} runs as process ${pid}, and attaches containers beside ovsd.`,
          evidence: [words.join(' ')],
          fix: typed(`kill ${pid}   # or stop ovsd's own: systemctl stop ovsd`),
        })),
        'none',
      ),
    )
  },
}

/** What runs: the program, or the script that an interpreter runs. */
const programOf = ([program = '', script = '']: readonly string[]): string =>
  /^(node|python[0-9.]*|perl|bash|sh|dash)$/.test(baseOf(program)) ? baseOf(script) : baseOf(program)

const baseOf = (word: string): string => word.replace(/^.*\//, '').replace(/\.(js|py|sh)$/, '')

/** The processes of this host: their numbers and the first words of their command lines. */
function processes(): readonly { readonly pid: string; readonly words: readonly string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // What runs, or the script that an interpreter runs; arguments further on may be anything.
        return [{ pid, words: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 2) }]
      } catch {
        // It has ended meanwhile.
        return []
      }
    })
}
