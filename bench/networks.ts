// A container in a network, against the same port by hand: what looking the network up and choosing an address costs.
import { spawnSync } from 'node:child_process'
import { measure } from './measure.ts'
import { Pairs } from './statistics.ts'

/** A line of the table. */
export interface Row {
  readonly what: string
  readonly pairs: Pairs
  readonly than: string
}

function must(...command: readonly string[]): void {
  const [file = '', ...args] = command
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
}

/** `net connect` and `add-port` in turn, on the running containers `ours` and `theirs`, beside so many ports in the database. */
export function netConnect(ovsd: string, rounds: number, ports: number): Row {
  const row = { what: `net connect, ${String(ports)} ports`, pairs: new Pairs(), than: 'ovsd add-port' }
  must(ovsd, 'net', 'create', 'bench', '--bridge=br0', '--mode=l2', '--subnet=10.9.0.0/24', '--vlan=9', '--mtu=1400')
  const connect = [ovsd, 'net', 'connect', 'bench', 'ours', '--interface=eth1']
  const settings = ['--ipaddress=10.9.1.2/24', '--vlan=10', '--mtu=1400', '--persist']
  const add = [ovsd, 'add-port', 'br0', 'eth1', 'theirs', ...settings]
  for (let round = -1; round < rounds; round++) {
    const [first, second] = round % 2 === 0 ? [connect, add] : [add, connect]
    const [a, b] = [measure(first).ms, measure(second).ms]
    if (round >= 0) row.pairs.add(first === connect ? a : b, first === connect ? b : a)
    must(ovsd, 'net', 'disconnect', 'bench', 'ours')
    must(ovsd, 'del-port', 'br0', 'eth1', 'theirs')
  }
  must(ovsd, 'net', 'rm', 'bench')
  return row
}
