// What a network of ovsd costs `docker run` and `docker network connect`, against one of Docker's own bridge driver, in turn. Inside a
// private host: `node lab/run.ts --services=docker -- node bench/docker.ts ROUNDS BURSTS`. Prints a Markdown table to stdout and
// progress to stderr. The engine there runs with --iptables=false: its bridge driver does no firewall, its work is the least it can be.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { callTimes, driver } from './driver.ts'
import { median } from './statistics.ts'

const ROUNDS = Number(process.argv[2] ?? '15')
const BURSTS = Number(process.argv[3] ?? '1')
const AT_ONCE = 100
/** The most that each ratio may be. */
const LIMIT = 1.1
/** What the ratios are taken to. */
const BASE = 'bridge'
const KINDS = {
  l2: ['--driver=ovsd', '--opt=mode=l2', '--subnet=10.8.0.0/16'],
  nat: ['--driver=ovsd', '--opt=mode=nat', '--subnet=10.9.0.0/16'],
  [BASE]: ['--driver=bridge', '--subnet=10.10.0.0/16'],
} as const
type Kind = keyof typeof KINDS
const ALL = Object.keys(KINDS) as Kind[]
const OURS = ALL.filter((kind) => kind !== BASE)

const run = promisify(execFile)
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`)
const netOf = (kind: Kind): string => `${kind}-net`

/** Nothing of this process waits meanwhile: it has to read what the driver says. */
const docker = async (...args: string[]): Promise<unknown> => run('docker', args)
const ended = (kind: Kind): Promise<unknown> =>
  docker('run', '--rm', `--network=${netOf(kind)}`, 'busybox', '/bin/busybox', 'true')

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** One thing that is measured in every kind of network, in turn, who is first changing every round. */
class Series {
  readonly what: string
  readonly #rounds: Readonly<Record<Kind, number>>[] = []

  constructor(what: string) {
    this.what = what
  }

  /** Measures `rounds` times; and once more before that when `warm`, which is not counted. */
  async measure(rounds: number, warm: boolean, work: (kind: Kind) => Promise<unknown>): Promise<void> {
    for (let round = warm ? -1 : 0; round < rounds; round++) {
      const turn = (round + ALL.length) % ALL.length
      const took = { l2: 0, nat: 0, [BASE]: 0 }
      for (const kind of [...ALL.slice(turn), ...ALL.slice(0, turn)]) took[kind] = await timed(() => work(kind))
      if (round >= 0) this.#rounds.push(took)
    }
    for (const kind of OURS) say(`${this.what}, ${kind}: ratios ${this.#spread(kind)}`)
  }

  /** The middle half of the ratios, when there are several. */
  #spread(kind: Kind): string {
    const sorted = this.#ratios(kind).sort((a, b) => a - b)
    const at = (part: number): string => (sorted[Math.round((sorted.length - 1) * part)] ?? NaN).toFixed(2)
    return sorted.length > 1 ? `${at(0.25)} to ${at(0.75)}` : 'measured once'
  }

  #ratios = (kind: Kind): number[] => this.#rounds.map((took) => took[kind] / took[BASE])

  /** The lines of the table. */
  lines(): readonly string[] {
    const ms = (kind: Kind): string => `${median(this.#rounds.map((took) => took[kind])).toFixed(0)} ms`
    return OURS.map(
      (kind) =>
        `| ${this.what} | mode ${kind} | ${ms(kind)} | ${ms(BASE)} | **${this.ratio(kind).toFixed(2)}** (${this.#spread(kind)}) |`,
    )
  }

  /** Taken round by round, so that a drifting machine cancels out. */
  ratio = (kind: Kind): number => median(this.#ratios(kind))
}

const serving = await driver()
for (const kind of ALL) {
  await docker('network', 'create', ...KINDS[kind], netOf(kind))
  await docker('run', '--detach', '--network=none', `--name=${kind}`, 'busybox', '/bin/busybox', 'sleep', '100000')
  // One that has no network at all cannot be connected to another one.
  await docker('network', 'disconnect', 'none', kind)
}
const runs = new Series('`docker run --rm`, ends at once')
await runs.measure(ROUNDS, true, ended)
const connects = new Series('`docker network connect` and `disconnect`, running container')
await connects.measure(ROUNDS * 2, true, async (kind) => {
  await docker('network', 'connect', netOf(kind), kind)
  await docker('network', 'disconnect', netOf(kind), kind)
})
for (const line of callTimes(serving.lines)) say(line)
const before = serving.lines.length
const bursts = new Series(`${String(AT_ONCE)} × \`docker run --rm\` at once`)
// One that fails ends the bench.
const burst = (kind: Kind): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, () => ended(kind)))
const had = serving.cpu()
await bursts.measure(BURSTS, false, burst)
const each = (serving.cpu() - had) / (BURSTS * AT_ONCE * OURS.length)
say(`of a processor, the driver and its tools had ${(each * 1000).toFixed(0)} ms for each container of these`)
for (const line of callTimes(serving.lines.slice(before))) say(line)
for (const kind of ALL) {
  await docker('rm', '--force', kind)
  await docker('network', 'rm', netOf(kind))
}
await serving.end()

const all = [runs, connects, bursts]
console.log(`Networks of ovsd against those of Docker's own bridge driver; medians of ${String(ROUNDS)} interleaved runs (${String(ROUNDS * 2)} of \`connect\`, ${String(BURSTS)} of all at once), with the middle
half of the ratios. The engine has no firewall here (\`--iptables=false\`), so the work of its bridge driver is the least it can be.

| docker | network of ovsd | ovsd | bridge driver | ratio |
|---|---|---|---|---|`)
for (const line of all.flatMap((one) => one.lines())) console.log(line)
if (all.some((one) => OURS.some((kind) => one.ratio(kind) > LIMIT))) say(`a ratio is above ${String(LIMIT)}`)
