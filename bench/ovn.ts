// What a logical port costs in a northbound database that is full, against one that is empty. Inside a private host:
// `node lab/run.ts --services=ovs -- node bench/ovn.ts ROUNDS`. Prints a Markdown table to stdout, progress to stderr.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Northbound } from '../src/lib/ovn/change.ts'
import { logicalPortsRemoval } from '../src/lib/plan/logical-removal.ts'
import { logicalPortName, makePort, portNamed, type PortToMake } from '../src/lib/ovn/nb/logical-port.ts'
import { makeSwitch, type LogicalSwitch } from '../src/lib/ovn/nb/logical-switch.ts'
import { newUuid, type Change } from '../src/lib/ovsdb/operations.ts'
import { poolOf, usedPairs, type AddressPool } from '../src/lib/ovn/nb/pools.ts'
import { parseNetwork } from '../src/lib/net/cidr.ts'
import { ipOfBits } from '../src/lib/net/ip-address.ts'
import { derivedMac } from '../src/lib/net/mac.ts'
import { parseRemotes } from '../src/lib/ovn/remotes.ts'
import { OvsdbClient } from '../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../src/lib/ovsdb/endpoint.ts'
import { map, uuid as reference, type Json } from '../src/lib/ovsdb/values.ts'
import { addPort, openNorthbound } from '../test/support/northbound.ts'
import { Pairs } from './statistics.ts'

const ROUNDS = Number(process.argv[2] ?? '15')
const FOLDER = '/run/ovsd-bench'
const PORTS = 10_000
const LIMIT = 1.5
const signal = new AbortController().signal
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`)

function must(file: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')}: ${stderr}`)
}

const idOf = (n: number): string => n.toString(16).padStart(12, '0').padEnd(64, 'ab')

const pools: readonly AddressPool[] = ['10.0.0.0/16', 'fd00::/64'].map((text) => {
  const cidr = parseNetwork(text, 'bench')
  return poolOf({ cidr, range: cidr, gateway: ipOfBits(cidr.ip.family, cidr.ip.bits + 1n), aux: [] })
})

/** A port with the marks that those of a network have. */
const portOf = (n: number): Omit<PortToMake, 'addresses'> => ({
  uuid: newUuid(),
  name: logicalPortName(idOf(n), 'eth1'),
  mac: derivedMac(idOf(n), 'eth1'),
  marks: {
    ...{ ovsd: '1', container_id: `web${n}`, container_iface: 'eth1', ovsd_container: idOf(n), ovsd_owner: 'net' },
    ovsd_generation: '2026-01-01T00:00:00.000000000Z',
  },
  chassis: 'hv1',
  generation: '2026-01-01T00:00:00.000000000Z',
})

/** A northbound database of its own, with its server. */
interface Place {
  readonly name: string
  readonly nb: Northbound & Disposable
  readonly ls: string
}

async function place(name: string, switches: number, portsEach: number): Promise<Place> {
  const file = (what: string): string => `${FOLDER}/${name}.${what}`
  must('ovsdb-tool', 'create', file('db'), '/usr/share/ovn/ovn-nb.ovsschema')
  const files = [`--pidfile=${file('pid')}`, `--log-file=${file('log')}`, `--unixctl=${file('ctl')}`]
  must(
    'ovsdb-server',
    '--detach',
    '--no-chdir',
    '-vconsole:off',
    ...files,
    `--remote=punix:${file('sock')}`,
    file('db'),
  )
  const remote = `unix:${file('sock')}`
  using client = new OvsdbClient(parseEndpoint(remote), 'OVN_Northbound')
  let last = ''
  for (let n = 0; n < switches; n++) {
    const uuid = newUuid()
    const ips = pools.map(({ family, first }) =>
      Array.from({ length: portsEach }, (_, i) => ipOfBits(family, first + BigInt(i + 2))),
    )
    const made = makeSwitch({ uuid, name: `s${n}`, id: idOf(1_000_000 + n), record: '{}', systemId: 'hv1' })
    const next = Object.fromEntries(
      pools.map(({ family, first }) => [`ovsd_next.${family}`, ipOfBits(family, first + BigInt(portsEach + 2)).text]),
    )
    const ls: LogicalSwitch = { uuid, name: '', externalIds: { ovsd_id: idOf(1_000_000 + n) }, otherConfig: {} }
    const ports = Array.from({ length: portsEach }, (_, i) =>
      makePort(ls, { ...portOf(n * portsEach + i), addresses: ips.flatMap((all) => all.slice(i, i + 1)) }),
    )
    const inserts = ports.flat().filter((one) => one.op === 'insert')
    const mutations: Json = [
      ['external_ids', 'insert', map({ ...usedPairs(ips.flat()), ...next })],
      ['ports', 'insert', ['set', inserts.map((one) => reference(one.uuid))]],
    ]
    const all: readonly (Change | Record<string, Json>)[] = [
      ...made,
      ...inserts,
      { op: 'mutate', table: 'Logical_Switch', where: [['_uuid', '==', reference(uuid)]], mutations },
    ]
    const answer = (await client.request('transact', all as readonly Json[])) as readonly ({ error?: string } | null)[]
    const failed = answer.find((one) => one?.error !== undefined)
    if (failed !== undefined) throw new Error(JSON.stringify(failed))
    last = uuid
  }
  const [rows = []] = await client.select([{ table: 'Logical_Switch_Port', where: [], columns: ['_uuid'] }])
  if (rows.length !== switches * portsEach) throw new Error(`${String(rows.length)} ports in ${name}`)
  const nb = openNorthbound(parseRemotes(remote, 'bench', 6641))
  return { name, nb, ls: last }
}

/** Milliseconds to add one port with an address of each IP version, and to remove it; it is read back in between. */
async function once({ nb, ls }: Place, n: number): Promise<{ readonly add: number; readonly remove: number }> {
  const port = portOf(n)
  const start = performance.now()
  await addPort(nb, ls, port, { asked: [], pools })
  const added = performance.now()
  const found = await portNamed(nb, port.name)
  if (found?.ips.length !== 2) throw new Error('the port is not what it should be')
  const begin = performance.now()
  for (const step of await logicalPortsRemoval(nb, [port.name], false)) await step.apply(signal)
  return { add: added - start, remove: performance.now() - begin }
}

must('mkdir', '-p', FOLDER)
say(`filling databases with ${String(PORTS)} ports`)
const empty = await place('empty', 1, 0)
const full = [await place('many', 100, PORTS / 100), await place('one', 1, PORTS)]
const words = ['100 switches of 100', 'one switch of 10,000']
const figures = full.map(() => ({ add: new Pairs(), remove: new Pairs() }))
for (let round = 0; round < ROUNDS + 2; round++)
  for (const [i, one] of full.entries()) {
    const [there, here] = [await once(one, 5_000_000 + round), await once(empty, 5_000_000 + round)]
    // The first ones open connections and warm up this process.
    if (round < 2) continue
    figures[i]?.add.add(there.add, here.add)
    figures[i]?.remove.add(there.remove, here.remove)
  }
console.log(`One logical port, with addresses of both IP versions, in a northbound database that has 10,000; medians of ${String(ROUNDS)} interleaved runs.

| northbound database of OVN | ovsd | in an empty one | ratio |
|---|---|---|---|`)
let isTooSlow = false
for (const [i, { add, remove }] of figures.entries())
  for (const [what, { first, second, ratio }] of [
    ['add', add],
    ['remove', remove],
  ] as const) {
    isTooSlow ||= what === 'add' && ratio > LIMIT
    console.log(
      `| ${what}, ${words[i] ?? ''} | ${first.toFixed(1)} ms | ${second.toFixed(1)} ms | **${ratio.toFixed(2)}** |`,
    )
  }
for (const { name, nb } of [empty, ...full]) {
  nb[Symbol.dispose]()
  process.kill(Number(readFileSync(`${FOLDER}/${name}.pid`, 'latin1')))
}
if (isTooSlow) process.exitCode = 1
