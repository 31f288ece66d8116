// FAULTS group E, for a living daemon: what somebody changes or deletes of its ports is put back, what is others' is left.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { testBridge } from '../support/bridge.ts'
import { container, netnsOf } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { holds, NO_POLICING, type Expectations } from '../support/invariants.ts'
import { labelled, type LabelledContainer } from '../support/labelled.ts'
import { portOf, portsSeen } from '../support/ovs-rows.ts'
import { ok } from '../support/ovsd.ts'
import { withLink } from '../support/ovs-docker-link.ts'
import { tool, toolIn } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { watch, type LogLine, type Watcher } from '../support/watch.ts'

const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args)
const ADDRESS = '10.3.0.2/24'

describe('what somebody does to ports and interfaces of watch', () => {
  let held: AsyncDisposableStack
  let watcher: Watcher
  let a: LabelledContainer
  let b: LabelledContainer
  let expected: Expectations
  let other: string
  before(async () => {
    held = new AsyncDisposableStack()
    const bridge = held.use(testBridge())
    other = held.use(testBridge()).name
    const was = hostView(bridge.name)
    // The default, by its name: what is missing of this host is still known to be its own.
    const db = '--db=unix:/run/openvswitch/db.sock'
    watcher = held.use(await watch([`--bridge=${bridge.name}`, '--log-level=debug', db]))
    a = held.use(
      labelled({
        ...{ addresses: [ADDRESS, 'fd03::2/64'], gateways: ['10.3.0.1'], routes: ['10.99.0.0/16,10.3.0.9'] },
        ...{ mtu: 1400, vlan: 10, rate: 500_000, tenant: 'blue' },
      }),
    )
    b = held.use(labelled({ addresses: ['10.3.0.3/24'], mtu: 1400, vlan: 10 }))
    for (const { name } of [a, b]) await watcher.sees({ event: 'port.attached', container: name })
    const containers = [a, b]
    expected = {
      containers,
      bridge: bridge.name,
      before: was,
      expected: ['container.restless'],
      watcher,
      complaints: [NO_POLICING, /ignoring trunks in favor of implicit vlan/],
    }
    await holds(expected)
  })
  after(() => held.disposeAsync())

  const port = (): string => portOf(a.id)?.port ?? assert.fail('no port')
  const index = (): number => insideSeen(netnsOf(a.name)).get('eth1')?.index ?? assert.fail('no eth1')
  const inside = (...command: string[]): string => toolIn(netnsOf(a.name), ...(command as [string]))
  const about = (event: string) => ({ event, container: a.name })

  /** Of what is put back without a new interface, the container notices nothing: its connections live on. */
  async function repaired(action: () => unknown, what: RegExp): Promise<void> {
    const before = { port: portOf(a.id)?.uuid, index: index() }
    await watcher.after(action, { ...about('port.repaired'), what })
    await holds(expected)
    assert.deepEqual({ port: portOf(a.id)?.uuid, index: index() }, before)
  }
  async function replaced(action: () => unknown): Promise<void> {
    await watcher.after(action, about('port.attached'))
    await holds(expected)
    assert.ok(answers(b.name, '10.3.0.2'))
  }
  /** The daemon is told of nothing that happens inside: it sees it when it looks at everything, which SIGHUP brings about. */
  const unseen = (action: () => unknown) => (): void => {
    action()
    watcher.signal('SIGHUP')
  }

  it('VLAN changed, trunks set, VLAN cleared', async () => {
    await repaired(() => vsctl('set', 'Port', port(), 'tag=99'), /VLAN/)
    await repaired(() => vsctl('set', 'Port', port(), 'trunks=1,2,3'), /VLAN/)
    await repaired(() => vsctl('clear', 'Port', port(), 'tag'), /VLAN/)
    await repaired(() => vsctl('set', 'Port', port(), 'vlan_mode=native-tagged'), /VLAN/)
  })
  it('rate changed', () => repaired(() => vsctl('set', 'Interface', port(), 'ingress_policing_rate=1'), /Limit/))
  it('address flushed', () =>
    repaired(
      unseen(() => inside('ip', 'address', 'flush', 'dev', 'eth1')),
      /10\.3\.0\.2\/24 is missing/,
    ))
  it('one of two addresses deleted', () =>
    repaired(
      unseen(() => inside('ip', 'address', 'del', 'fd03::2/64', 'dev', 'eth1')),
      /fd03::2\/64 is missing/,
    ))
  it('default route and another route deleted', async () => {
    await repaired(
      unseen(() => inside('ip', 'route', 'del', 'default')),
      /default route via 10\.3\.0\.1 is missing/,
    )
    await repaired(
      unseen(() => inside('ip', 'route', 'del', '10.99.0.0/16')),
      /route to 10\.99\.0\.0\/16 is missing/,
    )
  })
  it("the host's end set down", () =>
    repaired(
      unseen(() => tool('ip', 'link', 'set', port(), 'down')),
      /_l is down/,
    ))
  it('interface set down inside', () => replaced(unseen(() => inside('ip', 'link', 'set', 'eth1', 'down'))))
  it('MTU changed together with an address: the thorough look finds both', () =>
    repaired(
      unseen(() => {
        inside('ip', 'link', 'set', 'eth1', 'mtu', '1300')
        inside('ip', 'address', 'del', ADDRESS, 'dev', 'eth1')
      }),
      /MTU is 1300, not 1400/,
    ))
  it('mark of an address, and the tenant, removed', async () => {
    await repaired(() => vsctl('remove', 'Interface', port(), 'external_ids', 'ovsd_ip.10.3.0.2'), /marks/)
    await repaired(() => vsctl('set', 'Interface', port(), 'external_ids:ovsd_tenant=red'), /marks/)
  })
  it("MTU of the host's end changed", () =>
    repaired(
      unseen(() => tool('ip', 'link', 'set', 'dev', port(), 'mtu', '1300')),
      /MTU of/,
    ))
  it('port deleted', () => replaced(() => vsctl('del-port', port())))
  it('interface deleted inside', () => replaced(unseen(() => inside('ip', 'link', 'del', 'eth1'))))
  it('link deleted on the host', () => replaced(unseen(() => tool('ip', 'link', 'del', port()))))
  it('port moved to another bridge: reported, and left there', async () => {
    const moved = portOf(a.id)
    const name = port()
    const line = await watcher.after(
      () =>
        vsctl(
          '--',
          'remove',
          'Bridge',
          expected.bridge,
          'ports',
          portUuid(name),
          '--',
          'add',
          'Bridge',
          other,
          'ports',
          portUuid(name),
        ),
      { ...about('port.refused'), code: 'PortMoved' },
    )
    assert.match(line.msg, new RegExp(`${name} of eth1 of ${a.name} is on ${other}, not on ${expected.bridge}`))
    assert.deepEqual(await watcher.during(0.3), [])
    assert.deepEqual(portOf(a.id), { ...moved, bridge: other, ofport: portOf(a.id)?.ofport })
    await watcher.after(() => vsctl('del-port', name), about('port.attached'))
    await holds({ ...expected, expected: ['port.refused', 'container.restless'] })
  })
  it('all marks removed: the port is not known as its own any more, and is left, and said so', async () => {
    const name = port()
    const line = await watcher.after(() => vsctl('clear', 'Interface', name, 'external_ids'), about('port.refused'))
    assert.match(line.msg, new RegExp(name))
    assert.ok(answers(b.name, '10.3.0.2'))
    await watcher.after(() => vsctl('del-port', name), about('port.attached'))
    await holds({ ...expected, expected: ['port.refused', 'container.restless'] })
  })
  it('marks of its life, or of what was asked for, removed: replaced', async () => {
    const without = (mark: string) => () => vsctl('remove', 'Interface', port(), 'external_ids', mark)
    await watcher.after(without('ovsd_generation'), about('port.attached'))
    await watcher.after(without('ovsd_spec'), about('port.attached'))
    await holds({ ...expected, expected: ['port.refused', 'container.restless'] })
  })
  it('bridge deleted: created anew, and everything on it', async () => {
    const from = watcher.lines.length
    vsctl('del-br', expected.bridge)
    for (const { name } of [a, b]) await watcher.sees({ event: 'port.attached', container: name }, { from })
    await holds({ ...expected, expected: ['port.refused', 'container.restless'] })
    assert.ok(answers(b.name, '10.3.0.2'))
  })
})

describe('somebody who changes again what watch puts back', function () {
  this.timeout(60_000)

  it('is answered at once at first, and then at intervals; others do not wait for it', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`, '--log-level=debug'])
    using a = labelled({ addresses: [ADDRESS], vlan: 10 })
    await watcher.sees({ event: 'port.attached', container: a.name })
    const { port } = portOf(a.id) ?? assert.fail('no port')
    const end = performance.now() + 12_000
    while (performance.now() < end) {
      vsctl('set', 'Port', port, 'tag=9')
      await pause(50)
    }
    const repairs = watcher.all({ event: 'port.repaired', container: a.name }).length
    assert.ok(repairs > 20 && repairs < 36, `${repairs} repairs`)
    using b = labelled('10.3.0.3/24')
    await watcher.sees({ event: 'port.attached', container: b.name })
    await holds({
      ...{ containers: [{ ...a, wants: [{ addresses: [ADDRESS], vlan: 10 }] }, b], bridge: bridge.name, watcher },
      ...{ expected: ['container.restless'], seconds: 8 },
    })
  })
})

describe('what is not of watch', () => {
  it('ports of add-port, of ovs-docker and of nobody, on the same bridge: never touched', async () => {
    using bridge = testBridge()
    using byHand = container()
    using byScript = container()
    using a = labelled('10.3.0.2/24')
    // What labels ask for is there already, made by hand.
    using taken = labelled('10.3.0.3/24')
    ok('add-port', bridge.name, 'eth1', byHand.name, '--ipaddress=10.3.0.4/24')
    ok('add-port', bridge.name, 'eth1', taken.name, '--ipaddress=10.3.0.33/24')
    assert.equal(withLink('add-port', bridge.name, 'eth1', byScript.name, '--ipaddress=10.3.0.5/24').status, 0)
    vsctl('remove', 'Interface', portOf(byScript.id)?.port ?? '', 'external_ids', 'ovsd')
    vsctl('add-port', bridge.name, 'dummy0', '--', 'set', 'Interface', 'dummy0', 'type=internal')
    const others = (): unknown =>
      portsSeen()
        .filter(({ ids }) => ids['ovsd_owner'] !== 'watch')
        .sort((one, other) => (one.port < other.port ? -1 : 1))
    const before = others()
    {
      await using watcher = await watch([`--bridge=${bridge.name}`])
      await watcher.sees({ event: 'port.attached', container: a.name })
      await watcher.sees({ event: 'port.refused', container: taken.name, code: 'AttachedByOther' })
      const byOthers = watcher.lines.filter(({ container: name }) => name === byHand.name || name === byScript.name)
      assert.deepEqual(byOthers, [])
      // Of these nobody but who made them is to know what they should be.
      vsctl('set', 'Port', portOf(byHand.id)?.port ?? '', 'tag=7')
      tool('docker', 'restart', '--time=0', byScript.name)
      const reload = (): void => {
        watcher.signal('SIGHUP')
      }
      assert.deepEqual(await watcher.during(0.5, reload).then(withoutReload), [])
      vsctl('clear', 'Port', portOf(byHand.id)?.port ?? '', 'tag')
      assert.deepEqual(others(), before)
      // By hand it was taken, by hand it is given back.
      const attached = { event: 'port.attached', container: taken.name }
      await watcher.after(() => ok('del-port', bridge.name, 'eth1', taken.name), attached)
      tool('docker', 'kill', a.name)
      await watcher.sees({ event: 'port.detached', container: a.name })
    }
    const rest = (before as { ids: Record<string, string> }[]).filter(({ ids }) => ids['ovsd_id'] !== taken.id)
    assert.deepEqual(others(), rest)
  })
})

const withoutReload = (lines: readonly LogLine[]): readonly LogLine[] =>
  lines.filter(({ event }) => event !== 'policy.loaded')

const portUuid = (name: string): string => vsctl('get', 'Port', name, '_uuid').trim()
