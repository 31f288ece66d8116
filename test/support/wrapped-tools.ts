// Tools that do something else at one chosen call: the way to hit exactly one moment of a run of the real program.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * What happens at the chosen call: a signal to ovsd before or after the tool's work, the tool itself is killed, or
 * something else is done first (`meanwhile`, a shell line).
 */
export type Moment = 'before' | 'after' | 'self' | 'meanwhile'

export interface WrappedTools extends Disposable {
  /** PATH with the wrappers in front. */
  readonly path: string
  /** Which call it was that something happened at; undefined when there were too few. Waits as `calls` does. */
  hit(): number | undefined
  /**
   * How many calls there were. Tools outlive an ovsd that is killed and finish their one command; this waits for that, so that
   * what comes next does not meet them.
   */
  calls(): number
}

/**
 * For a loop over all calls that kills ovsd (SIGKILL) at each: by turns just before the tool works, and just after. What is left on
 * the host is the same: the tool outlives ovsd and finishes its one command, whose input it has been given when it was started,
 * and `calls` waits for that; nobody is there to begin another one. So each state that a killed run can leave comes once. It is
 * not so for signals that ovsd answers: it ends the tool before it has worked, or undoes what it has done.
 */
export const killedWhen = (nth: number): 'before' | 'after' => (nth % 2 === 0 ? 'after' : 'before')

/**
 * The polite signals for a loop over all calls at one moment, by turns, and the status of who got one: what ovsd does about them is
 * one function, which only notes the name. At the other moment it is the other one, so that each call meets both.
 */
export function askedToEnd(nth: number, moment: 'before' | 'after'): readonly ['INT' | 'TERM', number] {
  return (nth % 2 === 0) === (moment === 'after') ? ['INT', 130] : ['TERM', 143]
}

/**
 * What only looks, as patterns of sh for a tool and its words. Whatever is not here counts as a change: to take a change for a look
 * would leave out a moment, the other way round it is only looked at twice.
 */
const LOOKS = [
  ...['ip -json *', 'ip -[46] -details -oneline route show *', 'nsenter * ip -json *', 'sysctl -ne *'],
  ...['ovsdb-tool *schema-version *', 'ovs-appctl *version'],
]

const TOOLS = ['ip', 'ovs-vsctl', 'nsenter', 'ovn-nbctl', 'ovn-sbctl', 'ovsdb-client']

/** From a script of OVN to the ovsd that has called it. */
const CLIMB = `until [ "$ovsd" -le 1 ] || readlink /proc/$ovsd/exe | grep -qE '/(node|ovsd)$'; do
  ovsd=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$ovsd/status)
done`

/** For callers that wait for nothing else, as those of `ovsd` do. */
function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

const realOf = (name: string): string =>
  ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].map((folder) => join(folder, name)).find((path) => existsSync(path)) ??
  `/usr/bin/${name}`

/**
 * Wrappers around ip, nsenter, the tools of OVS and OVN, and `more`, that count their calls, and at the `nth` (from 1) send `signal`
 * to ovsd (their parent; with `more`, which scripts call, the nearest one above them), or end themselves. With `onlyFirstLook` it is
 * the first call from the nth on that does not look at the host right after another look.
 */
export function wrappedTools(
  nth: number,
  moment: Moment,
  signal: 'KILL' | 'INT' | 'TERM' | 'HUP',
  meanwhile = ':',
  more: readonly string[] = [],
  onlyFirstLook = false,
): WrappedTools {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-tools-'))
  const chosen = onlyFirstLook
    ? `[ $n -ge ${String(nth)} ] && [ "$kind $previous" != 'look look' ]`
    : `[ $n = ${String(nth)} ]`
  for (const name of [...TOOLS, ...more]) {
    const script = `#!/bin/sh
kind=change
case "${name} $*" in ${LOOKS.map((one) => one.replaceAll(' ', '\\ ')).join('|')}) kind=look ;; esac
# Each call takes the next free number: with set -C, only one of those that run side by side can make a file that is not there.
set -C
n=1
until printf '%s\\n' "$kind ${name} $*" 2>/dev/null >${folder}/call-$n; do
  [ -d ${folder} ] || exit 1
  n=$((n + 1))
done
previous=
[ $n = 1 ] || read -r previous more <${folder}/call-$((n - 1))
set +C
real=${realOf(name)}
${chosen} || exec "$real" "$@"
set -C
printf '%s\\n' $n 2>/dev/null >${folder}/hit || exec "$real" "$@"
set +C
ovsd=$PPID
${more.length > 0 ? CLIMB : ''}
case ${moment} in
before)
  kill -${signal} $ovsd
  sleep 0.2
  "$real" "$@"
  status=$?
  : >${folder}/over
  exit $status
  ;;
after)
  "$real" "$@"
  status=$?
  kill -${signal} $ovsd
  sleep 0.2
  : >${folder}/over
  exit $status
  ;;
self) "$real" "$@"; kill -KILL $$ ;;
meanwhile) ( ${meanwhile} ) >/dev/null 2>&1; exec "$real" "$@" ;;
esac
`
    const path = join(folder, name)
    writeFileSync(path, script)
    chmodSync(path, 0o755)
  }
  const hit = join(folder, 'hit')
  const wait = (): void => {
    const outlives = signal === 'KILL' && (moment === 'before' || moment === 'after')
    const isOver = (): boolean => !existsSync(hit) || existsSync(join(folder, 'over'))
    // What is started to stay does not end.
    for (let tries = 0; outlives && !isOver() && tries < 100; tries++) sleepSync(10)
  }
  return {
    path: `${folder}:${process.env['PATH'] ?? ''}`,
    hit() {
      wait()
      return existsSync(hit) ? Number(readFileSync(hit, 'utf8')) : undefined
    },
    calls() {
      wait()
      return readdirSync(folder).filter((name) => name.startsWith('call-')).length
    },
    [Symbol.dispose]() {
      // Tools that ovsd had started side by side may be about to begin.
      rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 20 })
    },
  }
}
