// The measurements, inside a private host. Prints a Markdown table to stdout and progress to stderr.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { measure, peakMemory } from './measure.ts'
import { netConnect, type Row } from './networks.ts'
import { Pairs } from './statistics.ts'

const OVSD = fileURLToPath(new URL('../dist/ovsd', import.meta.url))
const ROUNDS = Number(process.argv[2] ?? '15')
const MANY = 5000

function must(...command: string[]): string {
  const [file = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${command.slice(0, 6).join(' ')}: ${stderr}`)
  return stdout.trim()
}

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`)

/** One row of the table: ovsd against the other, in turn, who is first changing every round. */
function inTurn(ovsd: readonly string[], other: readonly string[], pairs: Pairs, round: number): void {
  const first = round % 2 === 0
  const a = first ? measure(ovsd).ms : 0
  const b = measure(other).ms
  pairs.add(first ? a : measure(ovsd).ms, b)
}

/** add-port, set-vlan and del-port of both tools, on containers of their own. */
function portCommands(ports: number): Row[] {
  const rows = ['add-port', 'set-vlan', 'del-port'].map((what) => ({
    what: `${what}, ${String(ports)} ports`,
    pairs: new Pairs(),
    than: 'ovs-docker',
  }))
  const line = (tool: string, container: string): Record<string, string[]> => ({
    'add-port': [
      tool,
      'add-port',
      'br0',
      'eth1',
      container,
      `--ipaddress=10.0.0.${tool === OVSD ? '2' : '3'}/24`,
      '--mtu=1400',
    ],
    'set-vlan': [tool, 'set-vlan', 'br0', 'eth1', container, '5'],
    'del-port': [tool, 'del-port', 'br0', 'eth1', container],
  })
  const ours = line(OVSD, 'ours')
  const theirs = line('ovs-docker', 'theirs')
  // One round more than counted, first: caches of the kernel, of ovsdb-server and of the engine.
  for (let round = -1; round < ROUNDS; round++)
    for (const [i, what] of ['add-port', 'set-vlan', 'del-port'].entries()) {
      const row = rows[i]
      inTurn(ours[what] ?? [], theirs[what] ?? [], round < 0 ? new Pairs() : (row?.pairs ?? new Pairs()), round)
    }
  return rows
}

/** Rows in the database without devices, as of ovs-docker, on a bridge whose datapath does not exist here. */
function fillDatabase(): void {
  must('ovs-vsctl', '--no-wait', 'add-br', 'big', '--', 'set', 'Bridge', 'big', 'datapath_type=system')
  for (let from = 0; from < MANY; from += 250) {
    const ports = Array.from({ length: 250 }, (_, i) => `n${String(from + i)}`)
    must(
      'ovs-vsctl',
      '--no-wait',
      ...ports.flatMap((port) => [
        '--',
        'add-port',
        'big',
        port,
        '--',
        'set',
        'Interface',
        port,
        `external_ids:container_id=other-${port}`,
        'external_ids:container_iface=eth1',
      ]),
    )
  }
  // ovs-vswitchd looks at all of them once; after that it is quiet.
  must('ovs-vsctl', '--timeout=120', 'set', 'Bridge', 'big', 'other_config:bench=filled')
}

function startUp(): Row {
  const row = { what: '--version', pairs: new Pairs(), than: 'node -e 0' }
  for (let round = -1; round < ROUNDS * 2; round++)
    inTurn([OVSD, '--version'], [process.execPath, '-e', '0'], round < 0 ? new Pairs() : row.pairs, round)
  return row
}

for (const name of ['ours', 'theirs'])
  must('docker', 'run', '--detach', `--name=${name}`, '--network=none', 'busybox', '/bin/busybox', 'sleep', '100000')
must('ovs-vsctl', 'add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev')
say(`${String(ROUNDS)} rounds, ovsd and ovs-docker in turn`)
const rows = [startUp(), ...portCommands(0), netConnect(OVSD, ROUNDS, 0)]
say(`filling the database with ${String(MANY)} ports`)
fillDatabase()
rows.push(...portCommands(MANY), netConnect(OVSD, ROUNDS, MANY))
const memory = peakMemory([OVSD, 'add-port', 'br0', 'eth1', 'ours', '--ipaddress=10.0.0.2/24'])

const ms = (value: number): string => `${value.toFixed(0)} ms`
console.log(`Medians of ${String(ROUNDS)} interleaved runs of whole processes; the ratio is the median of the pairs.\n`)
console.log('| command | ovsd | compared with | ratio |\n|---|---|---|---|')
for (const { what, pairs, than } of rows)
  console.log(`| ${what} | ${ms(pairs.first)} | ${than}: ${ms(pairs.second)} | **${pairs.ratio.toFixed(2)}** |`)
console.log(`\nPeak memory of an add-port at ${String(MANY)} ports: ${memory.toFixed(0)} MiB.`)
