// The measurements of `ovsd watch`, inside a private host: `watch.ts ROUNDS`. Prints a Markdown table to stdout and
// progress to stderr. A container takes the engine a third of a second, so this takes some minutes.
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from './statistics.ts'

const OVSD = fileURLToPath(new URL('../dist/ovsd', import.meta.url))
const ROUNDS = Number(process.argv[2] ?? '3')
const BURST = 200
const STARTS = 100
const SETTLE_S = 5
const MANY = 500
const IDLE_S = 70
const BRIDGE = 'ovsbr0'

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`)
const run = promisify(execFile)

function must(...command: string[]): string {
  const [file = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${command.slice(0, 6).join(' ')}: ${stderr}`)
  return stdout.trim()
}

const name = (i: number): string => `b${String(i)}`
const address = (i: number): string => `10.9.${String(i >> 7)}.${String((i & 127) + 1)}/16`

const address6 = (i: number): string => `fd09::${(i + 2).toString(16)}/64`
const GATEWAY = '10.9.255.254'

/** Starts containers `from` to `to`, four at a time, with labels that ask for addresses, one or both, and the gateway. */
async function containers(from: number, to: number, hasIpv6 = true): Promise<void> {
  let next = from
  const worker = async (): Promise<void> => {
    for (let i = next++; i < to; i = next++)
      await run('docker', [
        ...[
          'run',
          '--detach',
          `--name=${name(i)}`,
          '--network=none',
          `--label=ovs.ip_address=${address(i)}${hasIpv6 ? `,${address6(i)}` : ''}`,
        ],
        `--label=ovs.gateway=${GATEWAY}`,
        ...['busybox', '/bin/busybox', 'sleep', '100000'],
      ])
  }
  await Promise.all([worker(), worker(), worker(), worker()])
}

function clean(): void {
  must('ovs-vsctl', '--if-exists', 'del-br', BRIDGE)
  const links = must('ip', '-o', 'link', 'show', 'type', 'veth')
  const ours = [...links.matchAll(/^\d+: ([0-9a-f]{13}_l)@/gm)].map(([, link]) => `link del dev ${String(link)}\n`)
  spawnSync('ip', ['-force', '-batch', '-'], { input: ours.join('') })
  must('ovs-vsctl', 'add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, 'datapath_type=netdev')
}

/**
 * Milliseconds of a burst with each tool; what came of it is checked after each. ovs-docker gives an interface one address:
 * the IPv6 one, which Docker's switch for IPv6 is in the way of, is given by hand; the process ids are looked up beforehand.
 */
function burst(hasIpv6: boolean): { ovsd: number; script: number } {
  const names = Array.from({ length: BURST }, (_, i) => name(i))
  const pids = must('docker', 'inspect', '--format={{.State.Pid}}', ...names).split('\n')
  const timed = (work: () => void): number => {
    clean()
    const start = performance.now()
    work()
    const ms = performance.now() - start
    const ports = must('ovs-vsctl', 'list-ports', BRIDGE).split('\n').length
    if (ports !== BURST) throw new Error(`${String(ports)} ports, not ${String(BURST)}`)
    for (const pid of [pids[0], pids.at(-1)]) {
      const inside = (...args: string[]): string => must('nsenter', `--net=/proc/${String(pid)}/ns/net`, 'ip', ...args)
      if (hasIpv6 && !inside('-6', 'address', 'show', 'dev', 'eth1').includes('fd09::'))
        throw new Error('no IPv6 address')
      if (!inside('route', 'show', 'default').includes(GATEWAY)) throw new Error('no default route')
    }
    return ms
  }
  const ovsd = timed(() => must(OVSD, 'watch', '--once', '--policy=none', '--quiet'))
  const script = timed(() => {
    for (const [i, pid] of pids.entries()) {
      const options = [`--ipaddress=${address(i)}`, `--gateway=${GATEWAY}`, '--mtu=1500']
      must('ovs-docker', 'add-port', BRIDGE, 'eth1', name(i), ...options)
      if (!hasIpv6) continue
      const add6 = `echo 0 >/proc/sys/net/ipv6/conf/eth1/disable_ipv6; ip address add ${address6(i)} dev eth1 nodad`
      must('nsenter', `--net=/proc/${pid}/ns/net`, 'sh', '-c', add6)
    }
  })
  return { ovsd, script }
}

interface LogLine {
  readonly time: string
  readonly event: string
  readonly container_id?: string
}

/** A daemon and what it says. */
function daemon(): { child: ChildProcess; lines: LogLine[] } {
  const child = spawn(OVSD, ['watch', '--policy=none', '--log-format=json'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const lines: LogLine[] = []
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(JSON.parse(line) as LogLine))
  return { child, lines }
}

async function until(what: () => boolean, seconds: number): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    if (tries > seconds * 50) throw new Error('not in time')
    await pause(20)
  }
}

/** Milliseconds from the engine's `start` event to the line that says that the interface can be used. */
async function latencies(lines: readonly LogLine[], first: number): Promise<number[]> {
  const events = spawn('docker', ['events', '--filter=event=start', '--format={{json .}}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const started = new Map<string, number>()
  createInterface({ input: events.stdout }).on('line', (line) => {
    const { id, timeNano } = JSON.parse(line) as { id: string; timeNano: number }
    started.set(id, timeNano / 1e6)
  })
  await pause(500)
  for (let i = 0; i < STARTS; i++) {
    await containers(first + i, first + i + 1)
    await pause(250)
  }
  events.kill()
  const attached = lines.filter(({ event }) => event === 'port.attached')
  return attached.flatMap(({ container_id: id = '', time }) => {
    const start = started.get(id)
    return start === undefined ? [] : [Date.parse(time) - start]
  })
}

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * q) - 1)] ?? NaN

const rss = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024

/** CPU time so far, in seconds (proc_pid_stat(5): utime, stime and those of children waited for). */
const cpu = (pid: number): number =>
  readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks), 0) / 100

const ms = (value: number): string => `${value.toFixed(0)} ms`
const rows: string[] = []

/** Ends a daemon; the network stays. */
async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

/** Single starts, as two rows of the table; on an idle host with the limits that are to be kept. */
async function singleStarts(
  lines: readonly LogLine[],
  first: number,
  others: string,
  limits = ['', ''],
): Promise<void> {
  say(`${String(STARTS)} single starts ${others}`)
  const times = await latencies(lines, first)
  if (times.length !== STARTS) throw new Error(`${String(times.length)} attached`)
  rows.push(
    `| start event to usable interface ${others}, p50 of ${String(STARTS)} | ${ms(quantile(times, 0.5))} | ${limits[0] ?? ''} | |`,
    `| the same, p99 | ${ms(quantile(times, 0.99))} | ${limits[1] ?? ''} | |`,
  )
}

{
  clean()
  const { child, lines } = daemon()
  await until(() => lines.some(({ event }) => event === 'watch.started'), 10)
  await singleStarts(lines, 2000, 'on an idle host', ['limit: 60 ms', 'limit: 250 ms'])
  await end(child)
  must('docker', 'rm', '--force', ...Array.from({ length: STARTS }, (_, i) => name(2000 + i)))
}

/** Bursts with each tool in turn, as a row of the table. The containers stay. */
async function bursts(hasIpv6: boolean): Promise<string> {
  say(`starting ${String(BURST)} containers`)
  await containers(0, BURST, hasIpv6)
  const all = Array.from({ length: ROUNDS }, (_, i) => {
    const figures = burst(hasIpv6)
    say(`burst ${String(i + 1)}: ovsd ${ms(figures.ovsd)}, ovs-docker ${ms(figures.script)}`)
    return figures
  })
  const ratio = median(all.map(({ ovsd, script }) => script / ovsd))
  const of = (pick: (one: { ovsd: number; script: number }) => number): string => ms(median(all.map(pick)))
  const [what, other] = hasIpv6
    ? ['IPv4, IPv6, gateway', 'a loop of ovs-docker, and ip for IPv6']
    : ['IPv4, gateway', 'a loop of ovs-docker']
  return `| ${String(BURST)} labelled containers at start-up: ${what} | ${of(({ ovsd }) => ovsd)} | ${other}: ${of(({ script }) => script)} | **${ratio.toFixed(1)} ×** faster |`
}

const only4 = await bursts(false)
must('docker', 'rm', '--force', ...Array.from({ length: BURST }, (_, i) => name(i)))
rows.unshift(only4, await bursts(true))

clean()
const { child, lines } = daemon()
const pid = child.pid ?? 0
await until(() => lines.filter(({ event }) => event === 'port.attached').length === BURST, 60)
// Two hundred containers announce their addresses, each to all others, for two seconds.
await pause(SETTLE_S * 1000)
await singleStarts(lines, 1000, `beside ${String(BURST)} others`)
say(`up to ${String(MANY)} containers`)
await containers(BURST, MANY - STARTS)
await until(() => lines.filter(({ event }) => event === 'port.attached').length === MANY, 60)
await pause(SETTLE_S * 1000)
const before = cpu(pid)
say(`idle for ${String(IDLE_S)} s`)
await pause(IDLE_S * 1000)
const used = ((cpu(pid) - before) / IDLE_S) * 100
rows.push(
  `| resident memory with ${String(MANY)} containers | ${rss(pid).toFixed(0)} MiB | limit: 90 MiB | |`,
  `| processor when idle with ${String(MANY)} containers, a resync included | ${used.toFixed(2)} % of one | | |`,
)
await end(child)
console.log(`\`ovsd watch\` on a userspace bridge; medians of ${String(ROUNDS)} interleaved bursts.\n`)
console.log('| watch | ovsd | compared with | |\n|---|---|---|---|')
for (const row of rows) console.log(row)
