import { strict as assert } from 'node:assert'
import { parseNetwork } from '../../src/lib/net/cidr.ts'
import { parseIp } from '../../src/lib/net/ip-address.ts'
import { change, type Northbound } from '../../src/lib/ovn/change.ts'
import { chooseAddresses } from '../../src/lib/ovn/nb/addresses.ts'
import { dhcpOptions, dhcpRows, makeDhcp } from '../../src/lib/ovn/nb/dhcp-options.ts'
import { portAt } from '../../src/lib/ovn/nb/logical-port.ts'
import { hostsOf, joinSwitch, switchAt, type LogicalSwitch } from '../../src/lib/ovn/nb/logical-switch.ts'
import { newUuid } from '../../src/lib/ovsdb/operations.ts'
import { logicalPortsRemoval } from '../../src/lib/plan/logical-removal.ts'
import type { ReversibleStep, Step } from '../../src/lib/plan/step.ts'
import { logicalDhcpSet } from '../../src/lib/plan/steps/logical-dhcp-set.ts'
import { logicalLocalnetAdd } from '../../src/lib/plan/steps/logical-localnet-add.ts'
import { logicalPortAdd } from '../../src/lib/plan/steps/logical-port-add.ts'
import { logicalPortRenew } from '../../src/lib/plan/steps/logical-port-renew.ts'
import { logicalSwitchCreate } from '../../src/lib/plan/steps/logical-switch-create.ts'
import { logicalSwitchJoin } from '../../src/lib/plan/steps/logical-switch-join.ts'
import { logicalSwitchRemove } from '../../src/lib/plan/steps/logical-switch-remove.ts'
import { shellLine } from '../../src/lib/system/command.ts'
import {
  addPort,
  dump,
  idOf,
  madeSwitch,
  northbound,
  pool,
  portOf,
  signal,
  startNorthbound,
} from '../support/northbound.ts'
import { tool } from '../support/tool.ts'

/** A database with one network, hosts hv1 and hv2, and one port, and what a step needs of them. */
interface Fixture {
  readonly nb: Northbound
  readonly ls: LogicalSwitch
}

const NETWORK = idOf(1)
const ip = (words: string) => parseIp(words, 'test')
const life = { chassis: 'hv2', generation: 'later' }

const toMake = (name = 'red', n = 2) => ({
  ...{ uuid: newUuid(), name, id: idOf(n), record: '{}', systemId: 'hv1', role: 'transit' },
})

const words = (mtu: number) => ({
  ...{ cidr: parseNetwork('10.5.0.0/24', 'test'), gateway: ip('10.5.0.1'), dns: [ip('192.0.2.53')], mtu },
})
const row = (mtu: number) => ({
  ...{ uuid: newUuid(), cidr: '10.5.0.0/24', options: dhcpOptions(NETWORK, words(mtu)) },
})
const row6 = () => ({
  uuid: newUuid(),
  cidr: 'fd05::/64',
  options: dhcpOptions(NETWORK, { cidr: parseNetwork('fd05::/64', 'test'), dns: [] }),
})

async function add(nb: Northbound, ls: LogicalSwitch, n: number) {
  const port = portOf(n)
  const pools = ['10.5.0.0/24', 'fd05::/64'].map(pool)
  await addPort(nb, ls.uuid, port, { asked: [], pools })
  const [now, made] = [await switchAt(nb, ls.uuid), await portAt(nb, port.uuid)]
  assert.ok(now && made)
  return { ls: now, port: made }
}

async function portStep({ nb, ls }: Fixture, n = 3, pools = [pool('fd05::/64')]): Promise<ReversibleStep> {
  const wanted = { asked: [ip('10.5.0.50')], pools }
  const { addresses, given, ls: now } = await chooseAddresses(nb, ls.uuid, wanted)
  return logicalPortAdd(nb, { ls: now, port: { ...portOf(n), addresses }, given })
}

const forward: Readonly<Record<string, (fixture: Fixture) => ReversibleStep | Promise<ReversibleStep>>> = {
  'logical-switch.create': ({ nb }) => logicalSwitchCreate(nb, toMake()),
  'logical-switch.join': ({ nb, ls }) => logicalSwitchJoin(nb, ls, 'hv2'),
  'logical-localnet.add': ({ nb, ls }) => logicalLocalnetAdd(nb, ls, { uuid: newUuid(), physnet: 'physnet1', tag: 42 }),
  'logical-port.add': (fixture) => portStep(fixture),
  'logical-port.renew': async ({ nb, ls }) => logicalPortRenew(nb, (await add(nb, ls, 8)).port, life),
  'logical-dhcp.set': ({ nb }) =>
    logicalDhcpSet(nb, { network: NETWORK, name: 'blue', wanted: [row(1442), row6()], rows: [] }),
  'logical-dhcp.set, one of them with other options': async ({ nb }) => {
    await change(nb, makeDhcp(NETWORK, row(1400)), signal)
    const rows = await dhcpRows(nb, NETWORK)
    return logicalDhcpSet(nb, { network: NETWORK, name: 'blue', wanted: [row(1442), row6()], rows })
  },
}

const backward: Readonly<Record<string, (fixture: Fixture) => Step | Promise<Step>>> = {
  'logical-switch.remove': ({ nb, ls }) => logicalSwitchRemove(nb, ls, 'hv1'),
  'logical-port.remove': async ({ nb, ls }) => {
    const [step] = await logicalPortsRemoval(nb, [(await add(nb, ls, 7)).port.name], false)
    return step ?? assert.fail()
  },
}

describe('steps of logical networks', function () {
  this.timeout(60_000)
  let server: Disposable
  beforeEach(() => {
    server = startNorthbound()
  })
  afterEach(() => {
    server[Symbol.dispose]()
  })

  async function withFixture(body: (fixture: Fixture) => Promise<void>): Promise<void> {
    using nb = northbound()
    const ls = await madeSwitch(nb, 'blue')
    await body({ nb, ls: (await add(nb, ls, 1)).ls })
  }

  for (const [title, make] of Object.entries({ ...forward, ...backward })) {
    describe(title, () => {
      it('is done after apply, and not before', () =>
        withFixture(async (fixture) => {
          const step = await make(fixture)
          assert.equal(step.id, title.split(',')[0])
          assert.equal(await step.isDone(signal), false)
          await step.apply(signal)
          assert.equal(await step.isDone(signal), true)
        }))
      it('the commands that it prints are what it does', () =>
        withFixture(async (fixture) => {
          const step = await make(fixture)
          for (const command of step.commands()) tool('sh', '-c', shellLine(command))
          assert.equal(await step.isDone(signal), true)
        }))
    })
  }

  for (const [title, make] of Object.entries(forward)) {
    describe(title, () => {
      it('leaves nothing after undo', () =>
        withFixture(async (fixture) => {
          const step = await make(fixture)
          const earlier = dump()
          await step.apply(signal)
          assert.notDeepEqual(dump(), earlier, 'the dump does not see this step')
          await step.undo(signal)
          assert.deepEqual(dump(), earlier)
          await step.undo(signal)
          assert.deepEqual(dump(), earlier)
        }))
      it('can be undone without having been applied', () =>
        withFixture(async (fixture) => {
          const step = await make(fixture)
          const earlier = dump()
          await step.undo(signal)
          assert.deepEqual(dump(), earlier)
        }))
    })
  }

  it('the switch that another host has joined meanwhile stays, for that one', () =>
    withFixture(async ({ nb, ls }) => {
      const made = toMake()
      const create = logicalSwitchCreate(nb, made)
      const remove = await logicalSwitchRemove(nb, ls, 'hv1')
      await create.apply(signal)
      await change(nb, joinSwitch(made, 'hv2'), signal)
      await change(nb, joinSwitch(ls, 'hv2'), signal)
      await create.undo(signal)
      await remove.apply(signal)
      for (const uuid of [made.uuid, ls.uuid]) {
        const now = await switchAt(nb, uuid)
        assert.deepEqual(now && hostsOf(now), ['hv2'])
      }
      assert.equal(await remove.isDone(signal), true)
    }))

  it('the last two hosts that leave at the same moment leave nothing behind', async () => {
    for (let round = 0; round < 5; round++)
      await withFixture(async ({ nb, ls }) => {
        await change(nb, joinSwitch(ls, 'hv2'), signal)
        const now = await switchAt(nb, ls.uuid)
        assert.ok(now)
        const steps = await Promise.all(['hv1', 'hv2'].map((host) => logicalSwitchRemove(nb, now, host)))
        await Promise.all(steps.map((step) => step.apply(signal)))
        assert.equal(await switchAt(nb, ls.uuid), undefined)
      })
  })

  it('a switch of that name, and a switch that is gone, are said', () =>
    withFixture(async ({ nb, ls }) => {
      await assert.rejects(logicalSwitchCreate(nb, toMake('blue')).apply(signal), { code: 'ChangedMeanwhile' })
      await assert.rejects(logicalSwitchCreate(nb, toMake('red', 1)).apply(signal), { code: 'ChangedMeanwhile' })
      tool('ovn-nbctl', 'ls-del', 'blue')
      const localnet = logicalLocalnetAdd(nb, ls, { uuid: newUuid(), physnet: 'p' })
      for (const step of [logicalSwitchJoin(nb, ls, 'hv2'), localnet])
        await assert.rejects(step.apply(signal), { code: 'LogicalSwitchGone' })
    }))

  it('ports that others add near an address do not keep a step from its own', () =>
    withFixture(async ({ nb, ls }) => {
      const step = await portStep({ nb, ls }, 3, [])
      const taken = await portStep({ nb, ls }, 5, [])
      await add(nb, ls, 4)
      await step.apply(signal)
      await assert.rejects(taken.apply(signal), { code: 'AddressInUse' })
      assert.equal(await taken.isDone(signal), false)
    }))

  it('removal takes what the network has on routers and switches of others, and nothing else', () =>
    withFixture(async ({ nb }) => {
      const nbctl = (...args: string[]) => tool('ovn-nbctl', ...args).trim()
      nbctl('lr-add', 'r-other', '--', 'lrp-add', 'r-other', 'other-port', '02:00:00:00:00:01', '192.0.2.1/24')
      nbctl('ls-add', 'transit', '--', 'lsp-add', 'transit', 'theirs', '--', 'pg-add', 'group', 'theirs')
      nbctl('lr-nat-add', 'r-other', 'snat', '192.0.2.9', '10.9.0.0/24')
      await madeSwitch(nb, 'green', 5)
      await change(nb, makeDhcp(idOf(5), row(1400)), signal)
      tool('ovn-nbctl', 'ls-del', 'blue')
      const before = dump()
      const again = await madeSwitch(nb, 'blue')
      await add(nb, again, 1)
      const mark = `external_ids:ovsd_id=${NETWORK}`
      const marked = (table: string, name: string) => nbctl('set', table, name, mark)
      nbctl('lr-add', 'lr-blue', '--', 'lrp-add', 'lr-blue', 'lrp-blue', '02:00:00:00:00:02', '10.5.0.1/24')
      marked('Logical_Router', 'lr-blue')
      nbctl('lrp-add', 'r-other', 'to-blue', '02:00:00:00:00:03', '192.0.3.1/24')
      marked('Logical_Router_Port', 'to-blue')
      nbctl('lsp-add', 'transit', 'ts-blue', '--', 'lsp-set-type', 'ts-blue', 'router')
      nbctl('lsp-set-options', 'ts-blue', 'router-port=lrp-blue')
      marked('Logical_Switch_Port', 'ts-blue')
      nbctl(
        '--',
        '--id=@x',
        'create',
        'NAT',
        mark,
        'type=snat',
        'external_ip=192.0.2.8',
        'logical_ip=10.5.0.0/24',
        ...['--', 'add', 'Logical_Router', 'r-other', 'nat', '@x'],
      )
      nbctl(
        '--',
        '--id=@x',
        'create',
        'Logical_Router_Static_Route',
        mark,
        'ip_prefix=10.5.0.0/24',
        'nexthop=192.0.2.7',
        ...['--', 'add', 'Logical_Router', 'r-other', 'static_routes', '@x'],
      )
      nbctl(
        '--',
        '--id=@x',
        'create',
        'ACL',
        mark,
        'direction=to-lport',
        'match=ip4',
        'action=drop',
        'priority=5',
        ...['--', 'add', 'Port_Group', 'group', 'acls', '@x'],
      )
      nbctl(
        '--',
        '--id=@x',
        'create',
        'QoS',
        mark,
        'direction=to-lport',
        'match=ip4',
        'action=dscp=5',
        'priority=5',
        ...['--', 'add', 'Logical_Switch', 'transit', 'qos_rules', '@x'],
      )
      nbctl('create', 'Mirror', mark, 'name=m-blue', 'sink=192.0.2.5', 'type=gre', 'filter=from-lport', 'index=5')
      nbctl('create', 'Port_Group', mark, 'name=pg_blue')
      await change(nb, makeDhcp(NETWORK, row(1442)), signal)
      const now = await switchAt(nb, again.uuid)
      assert.ok(now)
      await (await logicalSwitchRemove(nb, now, 'hv1')).apply(signal)
      assert.deepEqual(dump(), before)
    }))
})
