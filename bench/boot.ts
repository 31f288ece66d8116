// How long dockerd takes to boot with fifty containers that are to restart, in a private host: `boot.ts ROUNDS`. In turn they are in a network
// of ovsd and in one of Docker's own bridge driver. Prints a Markdown table to stdout and progress to stderr.
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { callTimes, driver } from './driver.ts'
import { Pairs } from './statistics.ts'

const DOCKERD = fileURLToPath(new URL('../lab/services/dockerd.sh', import.meta.url))
const ROUNDS = Number(process.argv[2] ?? '5')
const COUNT = Number(process.argv[3] ?? '50')
const ENGINE = '/run/docker.pid'
/** Who does not run by then is left stopped. */
const MOST_MS = 120_000
const KINDS = ['ovsd', 'bridge'] as const
type Kind = (typeof KINDS)[number]

const run = promisify(execFile)
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`)

function must(...command: string[]): string {
  const [file = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${command.slice(0, 6).join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** Ends dockerd and its containers, as when the host goes down. */
async function shutDown(): Promise<void> {
  const pid = Number(readFileSync(ENGINE, 'utf8'))
  process.kill(pid, 'SIGTERM')
  while (existsSync(`/proc/${String(pid)}`)) await pause(20)
  rmSync(ENGINE, { force: true })
}

const names = (kind: Kind): string[] => Array.from({ length: COUNT }, (_, i) => `${kind}${String(i)}`)

async function running(kind: Kind): Promise<number> {
  const { stdout } = await run('docker', ['ps', '--quiet', `--filter=name=^${kind}[0-9]+$`])
  return stdout.split('\n').filter(Boolean).length
}

/** Milliseconds from the start of dockerd until it answers, with all containers of this kind running. */
async function boot(kind: Kind): Promise<number> {
  must('docker', 'update', '--restart=no', ...names(kind === 'ovsd' ? 'bridge' : 'ovsd'))
  must('docker', 'update', '--restart=always', ...names(kind))
  await shutDown()
  // What the other one left to be done is not part of this one.
  await pause(2000)
  const start = performance.now()
  // Not waited for by this process as a whole: it has to read what the driver says.
  await run('sh', [DOCKERD])
  for (;;) {
    const missing = COUNT - (await running(kind))
    const took = performance.now() - start
    if (missing === 0) return took
    if (took > MOST_MS) throw new Error(`${String(missing)} of ${String(COUNT)} containers of ${kind} are left stopped`)
    await pause(50)
  }
}

must('docker', 'network', 'create', '--driver=bridge', '--subnet=10.8.0.0/24', 'bridge-net')
const serving = await driver()
must('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'ovsd-net')
say(`making ${String(COUNT)} containers of each kind`)
for (const kind of KINDS)
  for (const name of names(kind))
    // One that never ran is not started by a boot.
    must(
      ...['docker', 'run', '--detach', '--stop-signal=KILL', `--name=${name}`, `--network=${kind}-net`, 'busybox'],
      ...['/bin/busybox', 'sleep', '100000'],
    )
const pairs = new Pairs()
for (let round = -1; round < ROUNDS; round++) {
  const took = { ovsd: 0, bridge: 0 }
  let cpu = 0
  for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
    const before = serving.cpu()
    took[kind] = await boot(kind)
    if (kind === 'ovsd') cpu = serving.cpu() - before
  }
  say(
    `boot ${String(round + 1)}: ovsd ${took.ovsd.toFixed(0)} ms, bridge ${took.bridge.toFixed(0)} ms; ovsd had ${cpu.toFixed(1)} s of a processor`,
  )
  // The first one of each reads everything from the disk.
  if (round >= 0) pairs.add(took.ovsd, took.bridge)
}
await serving.end()

for (const line of callTimes(serving.lines)) say(line)
const ms = (value: number): string => `${value.toFixed(0)} ms`
console.log(
  `\`dockerd\` boots with ${String(COUNT)} containers that are to restart, in one network; medians of ${String(ROUNDS)} interleaved boots.\n`,
)
console.log('| boot of dockerd | ovsd | its own bridge driver | ratio |\n|---|---|---|---|')
console.log(
  `| until all ${String(COUNT)} run | ${ms(pairs.first)} | ${ms(pairs.second)} | **${pairs.ratio.toFixed(2)}** (limit: 1.2) |`,
)
