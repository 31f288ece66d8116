import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseIp } from '../../src/lib/net/ip-address.ts'
import { change } from '../../src/lib/ovn/change.ts'
import { chooseAddresses, dropPort, recount } from '../../src/lib/ovn/nb/addresses.ts'
import { portNamed, portsOfNetwork, portsWithAddress } from '../../src/lib/ovn/nb/logical-port.ts'
import { switchAt } from '../../src/lib/ovn/nb/logical-switch.ts'
import { erase, isRow, newUuid } from '../../src/lib/ovsdb/operations.ts'
import { isAddressKey } from '../../src/lib/ovn/nb/pools.ts'
import { addPort, dump, idOf, madeSwitch, NB_SOCKET, northbound, pool, portOf, signal } from '../support/northbound.ts'
import { startNorthbound } from '../support/northbound.ts'
import { tool } from '../support/tool.ts'

const ADDER = fileURLToPath(new URL('../support/port-adder.ts', import.meta.url))
const SUBNETS = ['10.5.0.0/24', 'fd05::/64']
const ip = (words: string) => parseIp(words, 'test')

describe('addresses that hosts share', function () {
  this.timeout(120_000)
  let server: Disposable
  beforeEach(() => {
    server = startNorthbound()
  })
  afterEach(() => {
    server[Symbol.dispose]()
  })

  const adder = (uuid: string, first: number, count: number, subnets = SUBNETS) => {
    const args = [ADDER, NB_SOCKET, uuid, String(first), String(count), ...subnets]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    return { child, said: Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]) }
  }

  /** Every address of the network is on one port, and just those are noted as used. */
  async function refuseDoubles(uuid: string, count: number): Promise<void> {
    using nb = northbound()
    const ports = await portsOfNetwork(nb, idOf(1))
    assert.equal(ports.length, count)
    const all = ports.flatMap(({ ips }) => ips.map((one) => one.text))
    assert.equal(new Set(all).size, count * 2, all.join(' '))
    const noted = await switchAt(nb, uuid)
    assert.deepEqual(await recount(nb, uuid), noted, 'the notes are not what is used')
  }

  it('one after the other, the gateway left out; what is released is not given again at once', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const pools = SUBNETS.map(pool)
    const add = async (n: number): Promise<string> =>
      (await addPort(nb, ls.uuid, portOf(n), { asked: [], pools })).map((one) => one.text).join(' ')
    assert.deepEqual([await add(1), await add(2)], ['10.5.0.2 fd05::2', '10.5.0.3 fd05::3'])
    const found = await portNamed(nb, portOf(1).name)
    assert.deepEqual(found?.addresses, [`${portOf(1).mac} 10.5.0.2 fd05::2`])
    assert.deepEqual(found.options, { 'requested-chassis': 'hv1', 'iface-id-ver': '2026-01-01T00:00:00Z' })
    assert.deepEqual(found.externalIds, {
      ...{ ovsd: '1', ovsd_container: idOf(1), ovsd_id: idOf(1), network_id: idOf(1) },
      ...{ 'ovsd_ip.10.5.0.2': '1', 'ovsd_ip.fd05::2': '1' },
    })
    await dropPort(nb, ls, found.uuid, signal)
    await dropPort(nb, ls, found.uuid, signal)
    assert.equal(await add(3), '10.5.0.4 fd05::4')
  })

  it('a port that was added and removed leaves the database as it was', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    await addPort(nb, ls.uuid, portOf(9), { asked: [], pools: SUBNETS.map(pool) })
    const before = dump()
    const port = portOf(1)
    await addPort(nb, ls.uuid, port, { asked: [ip('10.5.0.200'), ip('fd05::beef')], pools: [] })
    assert.notDeepEqual(dump(), before)
    await dropPort(nb, ls, port.uuid, signal)
    assert.deepEqual(dump(), before)
  })

  it('an address that was asked for and is taken says who has it; one above the others is kept', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const four = [pool('10.5.0.0/24')]
    await addPort(nb, ls.uuid, portOf(1), { asked: [ip('10.5.0.3')], pools: [] })
    const again = addPort(nb, ls.uuid, portOf(2), { asked: [ip('10.5.0.3')], pools: [] })
    await assert.rejects(again, { code: 'AddressInUse', message: new RegExp(portOf(1).name) })
    const given = []
    for (const n of [3, 4]) given.push(...(await addPort(nb, ls.uuid, portOf(n), { asked: [], pools: four })))
    assert.deepEqual(
      given.map((one) => one.text),
      ['10.5.0.2', '10.5.0.4'],
    )
    assert.deepEqual(
      (await portsWithAddress(nb, idOf(1), ip('10.5.0.3'))).map(({ name }) => name),
      [portOf(1).name],
    )
  })

  it('twenty ask for one address at once: one gets it', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => addPort(nb, ls.uuid, portOf(i), { asked: [ip('10.5.0.77')], pools: [] })),
    )
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const one of all)
      if (one.status === 'rejected') assert.equal((one.reason as { code?: string }).code, 'AddressInUse')
  })

  it('a small pool is given out to the last address, and then says so; a released one is found', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const pools = [pool('10.5.0.0/29')]
    const given = []
    for (let n = 0; n < 5; n++) given.push(...(await addPort(nb, ls.uuid, portOf(n), { asked: [], pools })))
    assert.deepEqual(
      given.map((one) => one.text).sort(),
      [2, 3, 4, 5, 6].map((n) => `10.5.0.${n}`),
    )
    await assert.rejects(addPort(nb, ls.uuid, portOf(9), { asked: [], pools }), { code: 'PoolExhausted' })
    const third = await portNamed(nb, portOf(2).name)
    await dropPort(nb, ls, third?.uuid ?? '', signal)
    const [last] = await addPort(nb, ls.uuid, portOf(9), { asked: [], pools })
    assert.equal(last?.text, '10.5.0.4')
  })

  it('a port that was removed by hand gives its address back before anybody is refused', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const pools = [pool('10.5.0.0/30')]
    await addPort(nb, ls.uuid, portOf(1), { asked: [], pools })
    tool('ovn-nbctl', 'lsp-del', portOf(1).name)
    const [given] = await addPort(nb, ls.uuid, portOf(2), { asked: [], pools })
    assert.equal(given?.text, '10.5.0.2')
    tool('ovn-nbctl', 'lsp-del', portOf(2).name)
    await addPort(nb, ls.uuid, portOf(3), { asked: [ip('10.5.0.2')], pools: [] })
    tool('ovn-nbctl', 'lsp-del', portOf(3).name)
    const { externalIds } = await recount(nb, ls.uuid)
    assert.deepEqual(
      Object.keys(externalIds).filter((key) => isAddressKey(key) && !key.includes('next')),
      [],
    )
  })

  it('a name that is taken, and a switch that is gone, are said', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const wanted = { asked: [], pools: SUBNETS.map(pool) }
    await addPort(nb, ls.uuid, portOf(1), wanted)
    await assert.rejects(addPort(nb, ls.uuid, portOf(1), wanted), { code: 'LogicalPortExists' })
    const chosen = await chooseAddresses(nb, ls.uuid, wanted)
    assert.deepEqual(
      chosen.addresses.map((one) => one.text),
      ['10.5.0.3', 'fd05::3'],
      'what failed took no address',
    )
    await change(nb, [erase('Logical_Switch', isRow(ls.uuid))], signal)
    await assert.rejects(addPort(nb, ls.uuid, portOf(2), wanted), { code: 'LogicalSwitchGone' })
    await assert.rejects(addPort(nb, newUuid(), portOf(2), wanted), { code: 'LogicalSwitchGone' })
  })

  it('fifty from five processes at once get fifty', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const start = performance.now()
    const all = await Promise.all([0, 1, 2, 3, 4].map((i) => adder(ls.uuid, i * 10, 10).said))
    for (const [, stderr, [status]] of all) assert.equal(status, 0, stderr)
    console.log(`        fifty ports in ${(performance.now() - start).toFixed(0)} ms`)
    await refuseDoubles(ls.uuid, 50)
  })

  it('clients that are killed in between: what they said is there, nothing twice, nothing half', async () => {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    const all = [0, 1, 2, 3, 4].map((i) => adder(ls.uuid, i * 10, 10))
    for (const [i, { child }] of all.slice(0, 3).entries()) {
      await pause(150 + i * 60)
      child.kill('SIGKILL')
    }
    const said = (await Promise.all(all.map((one) => one.said))).map(([stdout]) => stdout)
    // What a killed one had sent goes on its way.
    await pause(500)
    const ports = await portsOfNetwork(nb, idOf(1))
    const there = new Set(ports.map(({ name, ips }) => `${name} ${ips.map((one) => one.text).join(' ')}`))
    for (const line of said.flatMap((one) => one.split('\n').filter((word) => word !== '')))
      assert.ok(there.has(line), `${line} was said and is not there: ${[...there].join(', ')}`)
    assert.ok(ports.length >= 20, 'those that were not killed are all there')
    assert.ok(ports.length < 50, 'nobody was killed in time')
    await refuseDoubles(ls.uuid, ports.length)
  })
})
