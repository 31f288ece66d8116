// The northbound database kept true for a host with a thousand logical ports: what is asked, and how many transactions change it.
import { strict as assert } from 'node:assert'
import { mock } from 'node:test'
import { portName } from '../../src/lib/attach/attachment.ts'
import { openHost } from '../../src/lib/host.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import { OvsdbClient } from '../../src/lib/ovsdb/client.ts'
import { logicalPortName } from '../../src/lib/ovn/nb/logical-port.ts'
import { createNetwork } from '../../src/lib/plan/create-network.ts'
import { keepLogicalPorts } from '../../src/lib/plan/keep-logical-ports.ts'
import { lookAtLogicalPorts } from '../../src/lib/plan/logical-upkeep.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Command } from '../../src/lib/system/command.ts'
import { run } from '../../src/lib/system/runner.ts'
import { openWatchHost } from '../../src/lib/watch/open-host.ts'
import { dump, idOf, NB_SOCKET, signal, startNorthbound } from '../support/northbound.ts'
import { tool } from '../support/tool.ts'

const COUNT = 1000
const BLUE = { name: 'blue', mode: 'l2', switch: 'ls-blue', subnet: ['10.4.0.0/16'], mtu: '1400' }
const addressOf = (n: number): string => `10.4.${String(1 + Math.floor(n / 200))}.${String((n % 200) + 2)}`

/** A port of a container as ovsd marks it, with a pair of links that nobody is at the other end of. */
function marksOf(n: number, generation: string): readonly string[] {
  const id = idOf(n)
  const mac = `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`
  const spec = { addresses: [`${addressOf(n)}/16`], gateways: [], routes: [], mac, mtu: 1400 }
  const ids = {
    ...{ ovsd: '1', ovsd_id: id, ovsd_name: `c${String(n)}`, ovsd_generation: generation, ovsd_owner: 'net' },
    ...{ container_iface: 'eth1', ovsd_network: 'blue', ovsd_spec: JSON.stringify(spec) },
    ...{ 'iface-id': logicalPortName(id, 'eth1'), 'iface-id-ver': generation, 'iface-status': 'active' },
  }
  return Object.entries(ids).map(([key, value]) => `external_ids:${key}=${JSON.stringify(value)}`)
}

describe('a thousand logical ports of one host', function () {
  this.timeout(120_000)
  let held: DisposableStack
  before(async () => {
    held = new DisposableStack()
    held.use(startNorthbound())
    const ids = { 'system-id': 'hv1', 'ovn-nb': NB_SOCKET, 'ovn-remote': 'unix:/none', 'ovn-encap-ip': '192.0.2.1' }
    const own = tool('ovs-vsctl', 'get', 'open_vswitch', '.', 'external_ids:system-id').trim()
    for (const [key, value] of Object.entries(ids))
      tool('ovs-vsctl', 'set', 'open_vswitch', '.', `external_ids:${key}="${value}"`)
    // Without the module nothing of it comes to life, which a thousand ports of the userspace datapath would.
    tool('ovs-vsctl', '--no-wait', 'add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=system')
    held.defer(() => {
      tool('ovs-vsctl', '--no-wait', 'del-br', 'br-int')
      for (const key of Object.keys(ids)) tool('ovs-vsctl', 'remove', 'open_vswitch', '.', 'external_ids', key)
      tool('ovs-vsctl', 'set', 'open_vswitch', '.', `external_ids:system-id=${own}`)
      tool('sh', '-c', `for l in /sys/class/net/*_l; do echo link del $(basename $l); done | ip -force -batch -`)
    })
    using host = openHost()
    const { plan } = await createNetwork(host, BLUE, parseNetworkSpec(BLUE), { mayExist: false })
    assert.ok(plan)
    await runPlan(plan, signal, nobody)
    const numbers = Array.from({ length: COUNT }, (_, n) => n)
    const links = numbers.map((n) => `link add ${portName(idOf(n), 'eth1')} type veth peer name p${String(n)}`)
    tool('sh', '-c', `ip -batch - <<'EOF'\n${links.join('\n')}\nEOF`)
    for (let from = 0; from < COUNT; from += 200)
      tool(
        ...['ovs-vsctl', '--no-wait'],
        ...numbers.slice(from, from + 200).flatMap((n) => {
          const name = portName(idOf(n), 'eth1')
          return [
            ...['--', `--id=@i${String(n)}`, 'create', 'Interface', `name="${name}"`, ...marksOf(n, 'g1')],
            ...['--', `--id=@p${String(n)}`, 'create', 'Port', `name="${name}"`, `interfaces=@i${String(n)}`],
            ...['--', 'add', 'Bridge', 'br-int', 'ports', `@p${String(n)}`],
          ]
        }),
      )
  })
  after(() => {
    held.dispose()
  })

  /** Does something with a host like that of watch; gives what it did, and how often it asked central and changed it. */
  async function counted<T>(work: (host: ReturnType<typeof openWatchHost>) => Promise<T>) {
    const commands: Command[] = []
    using host = openWatchHost({
      runner: (command, limit) => {
        commands.push(command)
        return run(command, limit)
      },
    })
    await host.ovs.connect()
    // The first question finds out who is the leader.
    await lookAtLogicalPorts(host)
    commands.length = 0
    const asked = mock.method(OvsdbClient.prototype, 'select')
    const begun = performance.now()
    const result = await work(host)
    const ms = performance.now() - begun
    // Not those to Open vSwitch: where central is, and whether the copy of the database is up to date.
    const tables = asked.mock.calls.map(({ arguments: [operations] }) => operations[0]?.['table'])
    const questions = tables.filter((table) => table !== undefined && table !== 'Open_vSwitch').length
    asked.mock.restore()
    return { result, ms, questions, commands }
  }

  it('all of them missing are made with few transactions; then a look is one question, and no process', async function () {
    const lost = await counted(async (host) => {
      const [one] = (await lookAtLogicalPorts(host))?.differences ?? []
      assert.equal(one?.missing.length, COUNT)
      const step = await keepLogicalPorts(host, one.ls.externalIds['ovsd_id'] ?? '')
      await step?.apply(signal)
    })
    assert.ok(lost.commands.length <= COUNT / 100 + 1, String(lost.commands.length))
    assert.ok(lost.questions < (6 * COUNT) / 100, String(lost.questions))
    const right = await counted((host) => lookAtLogicalPorts(host))
    assert.deepEqual(right.result?.differences, [])
    assert.deepEqual([right.questions, right.commands], [1, []])
    const rows = dump().filter((line) => line.includes('lsp-'))
    assert.equal(rows.length, COUNT)
    // Printed with the test, because it depends on the machine.
    const ms = (of: { readonly ms: number }) => String(Math.round(of.ms))
    console.log(`      made ${String(COUNT)} in ${ms(lost)} ms; a look takes ${ms(right)} ms`)
  })

  it('all of another life are renewed, and all of nothing removed, with few transactions', async () => {
    tool(
      'sh',
      '-c',
      `for p in $(ovn-nbctl --bare --columns=_uuid list Logical_Switch_Port); do echo "-- set Logical_Switch_Port $p options:iface-id-ver=g0"; done | xargs ovn-nbctl`,
    )
    const renewed = await counted(async (host) => {
      const [one] = (await lookAtLogicalPorts(host))?.differences ?? []
      assert.equal(one?.old.length, COUNT)
      await (await keepLogicalPorts(host, one.ls.externalIds['ovsd_id'] ?? ''))?.apply(signal)
    })
    assert.equal(renewed.commands.length, COUNT / 100)
    for (const line of dump().filter((one) => one.includes('lsp-'))) assert.match(line, /iface-id-ver=g1/)
    tool(
      'sh',
      '-c',
      `ovs-vsctl --bare --columns=name find Interface external_ids:ovsd=1 | grep . | sed 's/^/-- --if-exists del-port /' | xargs ovs-vsctl --no-wait`,
    )
    const removed = await counted(async (host) => {
      const [one] = (await lookAtLogicalPorts(host))?.differences ?? []
      assert.equal(one?.gone.length, COUNT)
      await (await keepLogicalPorts(host, one.ls.externalIds['ovsd_id'] ?? ''))?.apply(signal)
    })
    assert.equal(removed.commands.length, COUNT / 100)
    assert.deepEqual(
      dump().filter((line) => line.includes('lsp-') || line.includes('ovsd_used')),
      [],
    )
  })
})
