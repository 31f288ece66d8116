import { strict as assert } from 'node:assert'
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseInterface } from '../../src/lib/net/ifname.ts'
import { readNic, type Nic } from '../../src/lib/net/nic.ts'
import { nicRoutes } from '../../src/lib/net/nic-routes.ts'
import { pendingFor, pendingKey, pendingPair, type Pending } from '../../src/lib/network/pending.ts'
import type { UplinkRecord } from '../../src/lib/network/uplink-record.ts'
import type { UplinkPlace } from '../../src/lib/network/uplink-vlans.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { networkConfirm } from '../../src/lib/plan/steps/network-confirm.ts'
import { uplinkAddress } from '../../src/lib/plan/steps/uplink-address.ts'
import { uplinkMove } from '../../src/lib/plan/steps/uplink-move.ts'
import { uplinkPort } from '../../src/lib/plan/steps/uplink-port.ts'
import { uplinkRecord } from '../../src/lib/plan/steps/uplink-record.ts'
import { uplinkShield } from '../../src/lib/plan/steps/uplink-shield.ts'
import { uplinkUp } from '../../src/lib/plan/steps/uplink-up.ts'
import { uplinkVlans } from '../../src/lib/plan/steps/uplink-vlans.ts'
import { watchdogStart } from '../../src/lib/plan/steps/watchdog-start.ts'
import { testBridge } from '../support/bridge.ts'
import { lan, type LanOptions } from '../support/lan.ts'
import { PROGRAM } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { hostNow, settle } from '../support/uplink.ts'

interface Fixture {
  readonly host: Host
  readonly place: UplinkPlace
  readonly nic: Nic
  readonly record: UplinkRecord
  readonly pending: Pending
}

type Make = (fixture: Fixture) => ReversibleStep

const signal = new AbortController().signal
const ID = 'ab'.repeat(32)

/** A bridge, a NIC with addresses and routes (unless it is down), and the steps that have to come first; until it is disposed of. */
async function fixtureFor(before: readonly Make[], options: LanOptions): Promise<Fixture & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const host = stack.use(openHost())
  const bridge = stack.use(testBridge())
  const net = stack.use(lan(options))
  // A link-local address at once, and not in the middle of a test.
  tool('sysctl', '-qw', `net.ipv6.conf.${bridge.name}.accept_dad=0`)
  if (options.up !== false) settle(net)
  const nic = await readNic(host.run, net.nic)
  if (nic === undefined) throw new Error('no NIC')
  const { routes } = await nicRoutes(host.run, net.nic)
  const words = (family: 4 | 6) => routes.filter((one) => one.family === family).map((one) => one.words)
  const addresses = nic.addresses.map((one) => one.words)
  const moved = { localUp: false, addresses, routes4: words(4), routes6: words(6) }
  const place = { bridge: parseInterface(bridge.name), uplink: parseInterface(net.nic) }
  const fixture: Fixture = {
    ...{ host, place, nic, pending: pendingFor(ID, 60) },
    record: { up: nic.isUp, moved: nic.isUp ? moved : undefined },
  }
  for (const make of before) {
    const step = make(fixture)
    stack.defer(() => step.undo(signal))
    await step.apply(signal)
  }
  const held = stack.move()
  return { ...fixture, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

/** The three tests that every step has. */
function stepTests(id: string, make: Make, first: readonly Make[] = [], options: LanOptions = {}): void {
  describe(id, () => {
    let fixture: Fixture & AsyncDisposable
    // As it is before the first of them: what one left would be a difference in the next.
    let earlier: unknown
    before(async () => {
      fixture = await fixtureFor(first, options)
      earlier = hostNow()
    })
    after(() => fixture[Symbol.asyncDispose]())

    it('can be undone without having been applied', async () => {
      await make(fixture).undo(signal)
      assert.deepEqual(hostNow(), earlier)
    })
    it('is done after apply, and not before', async () => {
      const step = make(fixture)
      assert.equal(step.id, id)
      assert.equal(await step.isDone(signal), false)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      await step.undo(signal)
    })
    it('leaves nothing after undo, and can be applied again', async () => {
      for (const step of [make(fixture), make(fixture)]) {
        await step.apply(signal)
        assert.notDeepEqual(hostNow(), earlier, 'this step is not seen')
        await step.undo(signal)
        assert.deepEqual(hostNow(), earlier)
      }
    })
  })
}

const movedOf = ({ record }: Fixture) => {
  if (record.moved === undefined) throw new Error('nothing moves')
  return record.moved
}
const record: Make = ({ host, place, record: one, nic }) =>
  uplinkRecord(host, place, one, undefined, { mac: nic.mac, mtu: nic.mtu })
const address: Make = (fixture) => uplinkAddress(fixture.host, fixture.place, movedOf(fixture))
const port: Make = ({ host, place }) => uplinkPort(host, place, 'blue', { kind: 'trunk', trunks: [0, 100] })
const move: Make = (fixture) => uplinkMove(fixture.host, fixture.place, movedOf(fixture), fixture.nic)
const shield: Make = ({ host, place }) => uplinkShield(host, place.uplink)
/** The record of a network that waits, without the network. */
const waiting: Make = ({ host, place: { bridge }, pending }) => ({
  ...{ id: 'test.waiting', title: '', leaves: '', commands: () => [] },
  isDone: () => Promise.resolve(false),
  apply: async () => {
    await host.run(host.vsctl.setBridgePairs({ bridge, pairs: pendingPair('blue', pending) }))
  },
  undo: async () => {
    await host.run(host.vsctl.forget(bridge, [pendingKey('blue')]))
  },
})

describe('uplink steps', () => {
  stepTests('uplink.record', record)
  stepTests('uplink.record', ({ host, place }) =>
    uplinkRecord(host, place, { up: false, moved: undefined }, undefined, undefined),
  )
  stepTests(
    'uplink.record',
    (fixture) => {
      const { host, place, record: before } = fixture
      return uplinkRecord(host, place, { up: false, moved: movedOf(fixture) }, before, undefined)
    },
    [record],
  )
  stepTests('uplink.address', address, [record])
  stepTests('uplink.port', port, [record, address])
  stepTests('uplink.port', ({ host, place }) => uplinkPort(host, place, 'blue', { kind: 'access', tag: 0 }))
  stepTests('uplink.move', move, [record, address, port])
  stepTests('uplink.shield', shield, [record, address, port])
  stepTests('uplink.up', ({ host, place }) => uplinkUp(host, place.uplink), [], { up: false })
  stepTests(
    'uplink.vlans',
    ({ host, place }) =>
      uplinkVlans(
        host,
        place,
        { network: 'red', vlan: { kind: 'trunk', trunks: [100, 200] } },
        { network: 'blue', columns: { tag: undefined, trunks: [0, 100], mode: 'trunk' } },
      ),
    [port],
  )
  stepTests(
    'watchdog.start',
    ({ host, place: { bridge }, pending }) =>
      watchdogStart(host, { name: 'blue', id: ID, bridge }, pending, [...PROGRAM, '__take-back'], () => undefined),
    [waiting],
  )
  stepTests(
    'network.confirm',
    ({ host, place: { bridge }, pending }) =>
      networkConfirm(host, bridge, 'blue', pendingPair('blue', pending)[pendingKey('blue')] ?? ''),
    [waiting],
  )
})
