import { readdirSync, readFileSync, statSync } from 'node:fs'
import { orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

/** Daemons of others that attach the same containers: they follow the same labels, or serve Docker's networks. */
const OTHERS = ['ovs-port-manager', 'docker-ovs-plugin', 'docker-ovn-driver', 'ovn-docker-overlay-driver', 'dovesnap']

export const daemons: Check = {
  id: 'own.daemons',
  title: 'no other daemon attaches the same containers, and none of ovsd runs twice',
  about:
    'ovs-port-manager follows the labels that ovsd watch follows, and removes ports that it does not know. Two daemons on one host undo each other’s work; which of them is right is for you to say. Of its own daemons ovsd sees to it itself that one follows labels and one serves Docker; but not across network namespaces: such a pair works on one database all the same.',
  needs: [],
  run: ({ host }) => {
    const all = processes()
    const others = all.filter(({ words }) => OTHERS.includes(programOf(words)))
    const own = withoutForks(
      all.filter(({ pid, words }) => roleOf(words) !== undefined && isOnDatabase(pid, host.database.text)),
    )
    return Promise.resolve(
      orOk(
        [
          ...others.map(({ pid, words }): Trouble => ({
            ...{ level: 'warn', subject: `process ${pid}` },
            said: `${programOf(words)} runs as process ${pid}, and attaches containers beside ovsd.`,
            evidence: [`ps -fp ${pid}: ${words.slice(0, 2).join(' ')}`],
            fix: typed(`kill ${pid}   # or stop ovsd's own: systemctl stop ovsd`),
          })),
          ...ROLES.flatMap((words) => twice(own.filter((one) => words.includes(roleOf(one.words) ?? '')))),
        ],
        own.length === 0
          ? 'none'
          : own.map(({ pid, words }) => `ovsd ${roleOf(words) ?? ''} as process ${pid}`).join(', '),
      ),
    )
  },
}

/** What follows labels, and what serves Docker's networks: one process of each is right. ovsd daemon is both. */
const ROLES: readonly (readonly string[])[] = [
  ['watch', 'daemon'],
  ['plugin', 'daemon'],
]

interface Running {
  readonly pid: string
  readonly words: readonly string[]
}

/** A daemon that starts a tool is there twice for a moment: its child has its command line until it has become the tool (execve(2)). */
function withoutForks(all: readonly Running[]): readonly Running[] {
  const pids = new Set(all.map(({ pid }) => pid))
  return all.filter(({ pid }) => {
    const parent = parentOf(pid)
    return parent !== undefined && !pids.has(parent)
  })
}

/** The parent of a process (proc_pid_stat(5), the fourth field; the second one, a name in brackets, may have anything in it). */
function parentOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  } catch {
    return undefined
  }
}

function twice(all: readonly Running[]): readonly Trouble[] {
  const [first, second] = all
  if (first === undefined || second === undefined) return []
  const list = all.map(({ pid, words }) => `ovsd ${roleOf(words) ?? ''} as process ${pid}`)
  return [
    {
      ...{ level: 'warn', subject: 'ovsd' },
      said: `${String(all.length)} daemons of ovsd work on this database for the same: ${list.join(' and ')}.`,
      evidence: all.map(({ pid, words }) => `ps -fp ${pid}: ${words.join(' ')}`),
      // Which of them is not meant is not to be seen from here.
      fix: typed(
        `systemctl status ${all.map(({ pid }) => pid).join(' ')}`,
        '# and end the one that is not meant: kill PID',
      ),
    },
  ]
}

/** "watch", "daemon" or "plugin" of a daemon of ovsd's. What it serves is followed by options only. */
function roleOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(ovsd|dev)$/.test(baseOf(word)))
  const [role = '', next = '-'] = at < 0 || at > 1 ? [] : words.slice(at + 1)
  if (at >= 0 && baseOf(words[at] ?? '') === 'dev' && !(words[at] ?? '').endsWith('bin/dev.ts')) return undefined
  const isOnce = words.some((word) => ['--once', '--dry-run', '--help'].includes(word))
  return ['watch', 'daemon', 'plugin'].includes(role) && /^(-.*)?$/.test(next) && !isOnce ? role : undefined
}

/** Whether a process sees the same socket of the database as we do: then it is on this host, wherever its network is. */
function isOnDatabase(pid: string, database: string): boolean {
  const path = /^unix:(.*)$/.exec(database)?.[1]
  if (path === undefined) return false
  try {
    const [theirs, ours] = [statSync(`/proc/${pid}/root${path}`), statSync(path)]
    return theirs.dev === ours.dev && theirs.ino === ours.ino
  } catch {
    return false
  }
}

/** What runs: the program, or the script that an interpreter runs. */
const programOf = ([program = '', script = '']: readonly string[]): string =>
  /^(node|python[0-9.]*|perl|bash|sh|dash)$/.test(baseOf(program)) ? baseOf(script) : baseOf(program)

const baseOf = (word: string): string => word.replace(/^.*\//, '').replace(/\.(js|cjs|ts|py|sh)$/, '')

/** Enough for a program, the script that it runs, a command and all of its options. */
const WORDS = 64

/** The processes of this host: their numbers and the first words of their command lines. */
const processes = (): readonly Running[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return [{ pid, words: words.slice(0, WORDS).filter((word) => word !== '') }]
      } catch {
        // It has ended meanwhile.
        return []
      }
    })
