// Central of OVN away while containers come and go, under watch and by command; and a northbound database that is not true for a host.
import { strict as assert } from 'node:assert'
import { netCreate, portOf, TwoHosts, type Guest } from '../support/cloud.ts'
import { errorOf } from '../support/ovsd.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { echoes } from '../support/place.ts'
import type { FarSite, Site } from '../support/underlay.ts'
import type { SiteWatcher } from '../support/watch-on.ts'

const complaints = ({ lines }: SiteWatcher) =>
  lines.filter(({ level }) => level === 'warn' || level === 'error').map(({ event }) => event)

describe('networks on OVN under watch, when central does not answer', function () {
  this.timeout(180_000)
  let hosts: TwoHosts
  let near: Site
  let far: FarSite
  before(async () => {
    hosts = await TwoHosts.start()
    ;({ near, far } = hosts)
  })
  after(() => hosts.end())
  beforeEach(() => hosts.both(...netCreate()))
  afterEach(() => hosts.clear())

  const stop = () => near.run(OVN_CTL, 'stop_northd')
  const start = () => near.run(OVN_CTL, 'start_northd')
  /** Until the test ends, or what is given back is called, a daemon does not answer. */
  async function freeze(name: 'ovnnb_db' | 'ovnsb_db' | 'ovn-northd'): Promise<() => Promise<unknown>> {
    const signal = (what: string) => near.run('sh', '-c', `kill -${what} $(cat /run/ovn/${name}.pid)`)
    await signal('STOP')
    hosts.defer(() => signal('CONT'))
    return () => signal('CONT')
  }
  /** What of ovsd's a host has: links, ports, records. */
  const traces = async (site: Site) => [
    await site.run('sh', '-c', 'ip -oneline link show type veth | grep -c _l@ || true'),
    await site.run('ovs-vsctl', '--bare', '--columns=name', 'find', 'Interface', 'external_ids:ovsd=1'),
    await site.run('ovs-vsctl', 'get', 'Bridge', 'br-int', 'external_ids').then((text) => text.match(/ovsd_persist/g)),
  ]
  const isRight = async (guest: Guest) =>
    (await hosts.logicalPorts()).includes(portOf(guest)) &&
    (await hosts.generationOf(portOf(guest))) === (await hosts.startedAt(guest)) &&
    (await hosts.nbctl('get', 'Logical_Switch_Port', portOf(guest), 'up')) === 'true'
  const labels = { 'ovs.network': 'blue' }
  async function attached(watcher: SiteWatcher, site: Site): Promise<Guest> {
    const guest = await hosts.run(site, labels)
    await watcher.sees({ event: 'port.attached', container: guest.name })
    return guest
  }

  for (const how of ['stopped', 'silent'] as const)
    it(`${how}: what had addresses is attached at once, what had none waits, and all is made up for afterwards`, async () => {
      const watcher = await hosts.follow(far)
      const b = await hosts.run(near)
      await near.ok('net', 'connect', 'blue', b.name)
      const [a, removed] = [await attached(watcher, far), await attached(watcher, far)]
      const [connected, leaving] = [await hosts.run(far), await hosts.run(far)]
      for (const { name } of [connected, leaving]) await far.ok('net', 'connect', 'blue', name)
      const [had = '', hadToo = ''] = await hosts.addresses(far, [a.id, connected.id])
      const newcomer = await hosts.run(far)
      const before = await traces(far)
      let again: () => Promise<unknown> = start
      if (how === 'stopped') await stop()
      else again = await freeze('ovnnb_db')

      const begun = performance.now()
      const refused = await far.ovsd('net', 'connect', 'blue', newcomer.name, '--json')
      assert.equal(errorOf(refused).code, 'CentralUnreachable')
      assert.ok(performance.now() - begun < 15_000)
      assert.deepEqual(await traces(far), before)

      const from = watcher.lines.length
      const since = performance.now()
      await far.run('docker', 'restart', '--time=0', a.id, connected.id)
      for (const { name } of [a, connected])
        await watcher.sees({ event: 'port.attached', container: name }, { from, seconds: 10 })
      assert.ok(performance.now() - since < 10_000, `${String(performance.now() - since)} ms`)
      assert.deepEqual(await hosts.addresses(far, [a.id, connected.id]), [had, hadToo])
      const late = await hosts.run(far, labels)
      await far.run('docker', 'rm', '--force', removed.id)
      await watcher.sees({ event: 'port.detached', container: removed.name })
      const left = await far.ovsd('net', 'disconnect', 'blue', leaving.name)
      assert.equal(left.status, 3)
      assert.match(left.stderr, new RegExp(portOf(leaving)))
      assert.deepEqual(await hosts.addresses(far, [late.id, leaving.id]), ['', ''])

      await again()
      await watcher.sees({ event: 'central.back' })
      await watcher.sees({ event: 'port.attached', container: late.name })
      for (const guest of [a, connected, late]) await comesTrue(() => isRight(guest), `${guest.name} works`)
      const present = [a, b, connected, late].map(portOf).sort()
      await comesTrue(async () => (await hosts.logicalPorts()).join() === present.join(), present.join(), 30)
      for (const { id } of [a, connected, late]) assert.ok(await echoes(await hosts.placeOf(far, id), '10.0.0.2'))
      assert.deepEqual(complaints(watcher), ['central.lost'])
      assert.equal(watcher.lines.filter(({ event }) => event === 'central.back').length, 1)
      await far.ok('net', 'connect', 'blue', newcomer.name)
    })

  it('ovn-northd does not work: interfaces have their addresses, it is told, and they work as soon as it does', async () => {
    const watcher = await hosts.follow(far)
    const again = await freeze('ovn-northd')
    const a = await attached(watcher, far)
    const [told] = await watcher.sees({ event: 'upkeep.failed', code: 'PortNotUp' }, { seconds: 40 })
    assert.match(told?.msg ?? '', /ovn-northd/)
    await again()
    await comesTrue(() => isRight(a), 'it works')
    assert.deepEqual(complaints(watcher), ['upkeep.failed'])
  })

  it('logical ports that somebody removed or that are of another life are put right; of others nothing is touched', async () => {
    const watcher = await hosts.follow(far)
    const [a, b, stopped] = [await attached(watcher, far), await attached(watcher, far), await attached(watcher, far)]
    const c = await hosts.run(near)
    await near.ok('net', 'connect', 'blue', c.name)
    await far.run('docker', 'stop', '--time=0', stopped.id)
    const [address = ''] = await hosts.addresses(far, [a.id])
    const chassis = await hosts.nbctl('get', 'Logical_Switch_Port', portOf(b), 'options:requested-chassis')
    const id = await hosts.nbctl('get', 'Logical_Switch', 'ls-blue', 'external_ids:ovsd_id')
    const add = (name: string, ...settings: string[]) =>
      hosts.nbctl('lsp-add', 'ls-blue', name, '--', 'set', 'Logical_Switch_Port', name, ...settings)
    await hosts.nbctl('lsp-del', portOf(a))
    await hosts.nbctl('set', 'Logical_Switch_Port', portOf(b), 'options:iface-id-ver="2000-01-01T00:00:00Z"')
    const mark = `external_ids:ovsd_container=${'ab'.repeat(32)}`
    await add('stray', `external_ids:ovsd_id=${id}`, mark, `options:requested-chassis=${chassis}`)
    await add('foreign', `options:requested-chassis=${chassis}`)
    await add('elsewhere', `external_ids:ovsd_id=${id}`, mark, 'options:requested-chassis=hv9')
    const kept = [portOf(a), portOf(b), portOf(c), portOf(stopped)].sort()
    await comesTrue(() => isRight(a), 'the one that was removed', 30)
    await comesTrue(() => isRight(b), 'the one of another life', 30)
    const all = () => hosts.nbctl('--bare', '--no-headings', '--columns=name', 'list', 'Logical_Switch_Port')
    await comesTrue(async () => !(await all()).includes('stray'), 'the stray one', 30)
    assert.deepEqual((await all()).split('\n').filter(Boolean).sort(), [...kept, 'elsewhere', 'foreign'].sort())
    assert.match(await hosts.nbctl('lsp-get-addresses', portOf(a)), new RegExp(` ${address}$`))
    assert.ok(await echoes(c, address))
    const mended = watcher.lines.filter(({ event }) => event === 'upkeep.mended')
    assert.ok(mended.length >= 1 && mended.length <= 3, String(mended.length))
    for (const name of ['foreign', 'elsewhere']) await hosts.nbctl('lsp-del', name)
  })

  it('gc removes what nothing here is for, and nothing else', async () => {
    const [a, b] = [await hosts.run(far), await hosts.run(far)]
    for (const { name } of [a, b]) await far.ok('net', 'connect', 'blue', name)
    await stop()
    assert.equal((await far.ovsd('net', 'disconnect', 'blue', a.name)).status, 3)
    assert.match(await far.ok('gc'), /Nothing to remove/)
    await start()
    await comesTrue(async () => (await far.ovsd('gc', '--dry-run')).stdout.includes('ovsdb-client'), 'central is back')
    assert.match(await far.ok('gc'), new RegExp(`Removed ${portOf(a)}.*eth1 of ${a.name}`))
    assert.deepEqual(await hosts.logicalPorts(), [portOf(b)])
    assert.match(await far.ok('gc'), /Nothing to remove/)
    // Its address is free for anybody.
    const c = await hosts.run(near)
    assert.match(await near.ok('net', 'connect', 'blue', c.name, '--ip=10.0.0.2'), /10\.0\.0\.2/)
    // A container that is removed while nobody watches.
    await far.run('docker', 'rm', '--force', b.id)
    await far.ok('gc')
    assert.deepEqual(await hosts.logicalPorts(), [portOf(c)])
  })
})
