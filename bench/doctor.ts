// What `ovsd doctor` takes on a healthy host with 200 ports, against one `ovs-vsctl show`. Inside a private host:
// `node lab/run.ts --services=ovs -- node bench/doctor.ts ROUNDS`. Prints a Markdown table to stdout, progress to stderr.
import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { measure } from './measure.ts'
import { Pairs } from './statistics.ts'

const OVSD = fileURLToPath(new URL('../dist/ovsd', import.meta.url))
const ROUNDS = Number(process.argv[2] ?? '9')
const PORTS = 200
/** Issue: at most twenty times `ovs-vsctl show`, and two seconds. */
const LIMIT = 20
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`)

function must(...command: string[]): string {
  const [file = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${command.slice(0, 6).join(' ')}: ${stderr}${stdout.slice(0, 2000)}`)
  return stdout.trim()
}

say(`${PORTS} ports`)
must('ovs-vsctl', 'add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev')
for (let n = 1; n <= PORTS; n++) {
  must('ip', 'netns', 'add', `c${n}`)
  // With a process and a /sys of its own, as a container has them.
  const { pid } = spawn('ip', ['netns', 'exec', `c${n}`, 'sleep', '1000'], { stdio: 'ignore' })
  const address = `--ipaddress=10.0.${Math.floor(n / 250)}.${(n % 250) + 1}/16`
  must(OVSD, 'add-port', 'br0', 'eth1', `c${n}`, `--pid=${pid}`, address, '--gateway=10.0.255.1')
}
const pairs = new Pairs()
await pause(1000)
for (let round = -1; round < ROUNDS; round++) {
  const [doctor, show] = [measure([OVSD, 'doctor']).ms, measure(['ovs-vsctl', 'show']).ms]
  // The first one fills the caches of the kernel and of the file system.
  if (round >= 0) pairs.add(doctor, show)
  say(`round ${round + 1} of ${ROUNDS}: ${doctor.toFixed(0)} ms, ${show.toFixed(0)} ms`)
}
console.log(`
| what                                        | ovsd     | ovs-vsctl show | ratio | at most |
| ------------------------------------------- | -------- | -------------- | ----- | ------- |
| doctor, a healthy host with ${PORTS} ports       | ${pairs.first.toFixed(0)} ms   | ${pairs.second.toFixed(1)} ms        | ${pairs.ratio.toFixed(1)}  | ${LIMIT}      |
`)
process.exit(pairs.ratio > LIMIT ? 1 : 0)
