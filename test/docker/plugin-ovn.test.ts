// Docker's networks on OVN, with a real engine on each of two hosts and a real central.
import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'
import { forgottenNetworks } from '../../src/lib/plugin/forgotten-networks.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { ownStore } from '../../src/lib/state/own-store.ts'
import { listed } from '../support/attachments.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { logicalHolds, logicalPortsSeen } from '../support/logical-invariants.ts'
import { comesTrue, northboundDump } from '../support/ovn.ts'
import { ovnDrivers, type OvnDrivers } from '../support/ovn-drivers.ts'
import { delivers, echoes, placeOn, type Place } from '../support/place.ts'
import type { FarSite, Site } from '../support/underlay.ts'
import { pluginOn } from '../support/watch-on.ts'

/** A container that Docker has put into a network. */
type Inside = Place & { readonly id: string; readonly address: string }

/** Every daemon of central, as they are on the first host. */
const CENTRAL = ['ovnnb_db', 'ovnsb_db', 'ovn-northd'].map((name) => `$(cat /run/ovn/${name}.pid)`).join(' ')

/** Longest that the first container may take to start while something of OVN hangs, those after it, and a network to be removed. */
const FIRST_MS = 9000
const NEXT_MS = 4500
const REMOVED_MS = 15_000

describe('ovsd as a network driver of Docker, on OVN', function () {
  this.timeout(120_000)
  let world: OvnDrivers
  let near: Site
  let far: FarSite
  before(async () => {
    world = await ovnDrivers()
    ;({ near, far } = world)
  })
  after(() => world[Symbol.asyncDispose]())
  afterEach(() => world.clear())

  const create = (site: Site, ...options: string[]): Promise<string> =>
    site.run('docker', 'network', 'create', '--driver=ovsd', '--opt=ovn.switch=ls-blue', ...options, 'blue')

  async function started(site: Site, ...options: string[]): Promise<Inside> {
    const words = [...options, 'busybox', '/bin/busybox', 'sleep', '100000']
    return look(site, (await site.run('docker', 'run', '--detach', '--network=blue', ...words)).trim())
  }
  async function look(site: Site, id: string): Promise<Inside> {
    const format = '--format={{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
    const [pid = '', address = ''] = (await site.run('docker', 'inspect', format, id)).trim().split(' ')
    return { id, address, ...placeOn(site.host, `/proc/${pid}/ns/net`) }
  }
  function removed(site: Site, ...containers: readonly Inside[]): Promise<string> {
    if (site === near) driverHolds()
    return site.run('docker', 'rm', '--force', ...containers.map(({ id }) => id))
  }

  it('containers of a logical switch reach each other, in every life, and are known by their names', async () => {
    await create(near, '--subnet=10.0.0.0/24', '--opt=tenant_id=acme')
    const [a, b] = [await started(near, '--name=first'), await started(near, '--name=second', '--ip=10.0.0.77')]
    assert.equal(b.address, '10.0.0.77')
    assert.ok(await echoes(a, b.address))
    assert.ok(await delivers(a, b, b.address, 256))
    logicalHolds()
    const isKnown = async () =>
      Promise.resolve(listed().every(({ container }) => ['first', 'second'].includes(container)))
    await comesTrue(isKnown, 'both are known')
    logicalHolds()
    await near.run('docker', 'restart', '--time=0', b.id)
    assert.ok(await echoes(await look(near, b.id), a.address))
    logicalHolds()
    assert.deepEqual(
      logicalPortsSeen().map(({ ids }) => ids['tenant_id']),
      ['acme', 'acme'],
    )
    await removed(near, a, b)
  })

  it('a port of br-int that somebody deletes comes back with its logical port, whether the driver runs or not', async () => {
    await create(near, '--subnet=10.0.0.0/24')
    const [a, b] = [await started(near), await started(near)]
    const seen = logicalPortsSeen()
    const ports = () => near.run('sh', '-c', 'ovs-vsctl list-ports br-int | grep _l$ | sort')
    const before = await ports()
    const deleted = () =>
      near.run('sh', '-c', `for port in ${before.split('\n').join(' ')}; do ovs-vsctl del-port $port; done`)
    await deleted()
    const isBack = async () => (await ports().catch(() => '')) === before
    await comesTrue(isBack, 'the ports are back')
    await comesTrue(() => echoes(a, b.address), 'traffic')
    logicalHolds()
    await world.drivers[0]?.[Symbol.asyncDispose]()
    await deleted()
    world.drivers[0] = await pluginOn(near)
    await comesTrue(isBack, 'the ports are back')
    await comesTrue(() => echoes(a, b.address), 'traffic')
    await comesTrue(() => Promise.resolve(logicalPortsSeen().length === seen.length), 'the logical ports are there')
    logicalHolds()
    await removed(near, a, b)
  })

  it('two hosts share a switch; an address that Docker gives twice is refused, and nothing is left', async () => {
    await create(near, '--subnet=10.0.0.0/24', '--ip-range=10.0.0.0/25')
    const differs = await create(far, '--subnet=10.0.1.0/24').catch(String)
    assert.match(differs, /network of other settings on other hosts; subnets: subnet 10\.0\.0\.0\/24/)
    await create(far, '--subnet=10.0.0.0/24')
    const [a, b] = [await started(near), await started(far, '--ip=10.0.0.200')]
    assert.ok(await echoes(a, b.address))
    assert.ok(await delivers(b, a, a.address, 256))
    const refused = await started(far, `--ip=${a.address}`).then(() => '', String)
    assert.match(refused, new RegExp(`${a.address} belongs to .* --ipam-driver ovsd`, 's'))
    logicalHolds()
    await removed(near, a)
    const c = await started(far, `--ip=${a.address}`)
    assert.ok(await echoes(b, c.address))
    await far.run('sh', '-c', 'docker rm --force $(docker ps --all --quiet)')
  })

  it('ovsd gives the addresses: however many hosts start containers at once, no two get the same', async () => {
    for (const site of world.sites) await create(site, '--ipam-driver=ovsd', '--subnet=10.0.0.0/24')
    const all = await Promise.all(world.sites.flatMap((site) => Array.from({ length: 8 }, () => started(site))))
    const addresses = all.map(({ address }) => address)
    assert.equal(new Set(addresses).size, 16, addresses.join(' '))
    assert.ok(await echoes(all[0] ?? assert.fail(), addresses[15] ?? ''))
    assert.ok(await echoes(all[15] ?? assert.fail(), addresses[1] ?? ''))
    logicalHolds()
    const taken = await started(far, `--ip=${addresses[0] ?? ''}`).then(() => '', String)
    assert.match(taken, new RegExp(`${addresses[0] ?? ''} belongs to the logical port lsp-`))
    // An endpoint that could not be made: its address goes back.
    assert.match(
      await started(near, '--ip=10.0.0.99', '--mac-address=01:00:00:00:00:01').then(() => '', String),
      /MAC|mac/,
    )
    for (const site of world.sites) await site.run('sh', '-c', 'docker rm --force $(docker ps --all --quiet)')
  })

  it('VPCs are joined by the transit network that Docker’s name says, whose name is not known yet', async () => {
    const make = (...words: string[]) => near.run('docker', 'network', 'create', '--driver=ovsd', ...words)
    await make('--subnet=192.168.100.0/24', '--opt=ovn.role=transit', 'transit-net')
    for (const [i, vpc] of ['vpc-a', 'vpc-b'].entries())
      await make(
        ...[`--subnet=10.${String(i + 1)}.0.0/24`, `--opt=ovn.switch=ls-${vpc}`, `--opt=ovn.router=lr-${vpc}`],
        ...['--opt=ovn.transit_network=transit-net', vpc],
      )
    const run = async (network: string) =>
      look(
        near,
        (
          await near.run(
            'docker',
            'run',
            '--detach',
            `--network=${network}`,
            'busybox',
            '/bin/busybox',
            'sleep',
            '9999',
          )
        ).trim(),
      )
    const [a, b] = [await run('vpc-a'), await run('vpc-b')]
    assert.ok(await echoes(a, b.address, { tries: 5 }))
    assert.ok(await delivers(b, a, a.address, 64))
    const unknown = ['--opt=ovn.switch=ls-c', '--opt=ovn.router=lr-c', '--opt=ovn.transit_network=nobody', 'c']
    assert.match(await make('--subnet=10.3.0.0/24', ...unknown).then(() => '', String), /nobody/)
    await removed(near, a, b)
    for (const name of ['vpc-a', 'vpc-b', 'transit-net']) await near.run('docker', 'network', 'rm', name)
  })

  for (const ipam of ['default', 'ovsd'])
    it(`central stops: containers start and end all the same, and it is told of it when it is back (addresses by ${ipam})`, async () => {
      await create(near, `--ipam-driver=${ipam}`, '--subnet=10.0.0.0/24')
      const a = await started(near)
      const b = await started(near)
      await near.run('sh', '-c', `kill -STOP ${CENTRAL}`)
      const since = performance.now()
      const c = await started(near)
      const d = await started(near)
      await removed(near, a)
      assert.ok(performance.now() - since < 20_000, `${String(performance.now() - since)} ms`)
      await near.run('sh', '-c', `kill -CONT ${CENTRAL}`)
      const names = () =>
        logicalPortsSeen()
          .map(({ addresses }) => addresses[0]?.replace(/.* /, ''))
          .toSorted()
      const wanted = [b, c, d].map(({ address }) => address).toSorted()
      await comesTrue(() => Promise.resolve(names().join() === wanted.join()), 'central knows of all', 20)
      assert.ok(await echoes(c, b.address, { tries: 10 }))
      assert.ok(await echoes(c, d.address, { tries: 10 }))
      logicalHolds()
      await removed(near, b, c, d)
    })

  // Each but the first has nothing to wait for any more.
  for (const daemon of ['ovn-northd', 'ovn-controller', 'ovnnb_db', 'ovnsb_db'])
    it(`${daemon} alone hangs: containers start and end all the same, and all reach each other when it goes on`, async () => {
      await create(near, '--subnet=10.0.0.0/24')
      const a = await started(near)
      const pid = await near.run('cat', `/run/ovn/${daemon}.pid`)
      await near.run('kill', '-STOP', pid)
      const all: Inside[] = []
      const took: number[] = []
      for (let i = 0; i < 4; i++) {
        const since = performance.now()
        all.push(await started(near))
        took.push(Math.round(performance.now() - since))
      }
      console.log(`      docker run: ${took.join(', ')} ms`)
      const [first = 0, ...others] = took
      assert.ok(first < FIRST_MS && Math.max(...others) < NEXT_MS, `${took.join(', ')} ms`)
      await removed(near, a)
      await near.run('kill', '-CONT', pid)
      const [b, ...rest] = all
      for (const one of rest) await comesTrue(() => echoes(one, b?.address ?? '', { tries: 1 }), 'traffic', 30)
      await comesTrue(() => Promise.resolve(logicalPortsSeen().length === all.length), 'central knows of all', 30)
      logicalHolds()
      await removed(near, ...all)
    })

  it('docker network rm while central hangs ends in time; its switch goes with what Docker has forgotten', async () => {
    const id = (await create(near, '--subnet=10.0.0.0/24')).trim()
    const engine = () =>
      near.run('ovs-vsctl', '--if-exists', 'get', 'Bridge', 'br-int', `external_ids:ovsd_engine.${id.slice(0, 12)}`)
    await comesTrue(async () => (await engine()) !== '', 'the engine of the network is known', 20)
    const from = world.drivers[0]?.lines.length ?? 0
    await near.run('sh', '-c', `kill -STOP ${CENTRAL}`)
    const since = performance.now()
    await near.run('docker', 'network', 'rm', 'blue')
    const took = performance.now() - since
    await near.run('sh', '-c', `kill -CONT ${CENTRAL}`)
    assert.ok(took < REMOVED_MS, `${String(took)} ms`)
    await world.drivers[0]?.sees({ event: 'central.back' }, { from, seconds: 30 })
    // As the driver does two minutes later.
    using host = openHost()
    const { signal } = new AbortController()
    const chore = forgottenNetworks(ownStore(), 0)
    await comesTrue(
      async () => {
        const [due] = await chore(host, signal)
        const plan = await due?.plan(signal)
        if (plan !== undefined) await runPlan(plan, signal, nobody)
        return plan !== undefined
      },
      'the network goes',
      20,
    )
    assert.equal(await northboundDump(near), world.empty)
  })

  it('an address that ovsd has given while central was away, and another host meanwhile: it is told, and nobody has it twice', async () => {
    for (const site of world.sites) await create(site, '--ipam-driver=ovsd', '--subnet=10.0.0.0/24')
    await near.run('sh', '-c', `kill -STOP ${CENTRAL}`)
    const late = await started(near)
    await world.drivers[0]?.[Symbol.asyncDispose]()
    await near.run('sh', '-c', `kill -CONT ${CENTRAL}`)
    const first = await started(far, `--ip=${late.address}`)
    const again = await pluginOn(near)
    world.drivers[0] = again
    const [told] = await again.sees({ event: 'upkeep.failed' }, { seconds: 30 })
    assert.match(String(told?.msg), new RegExp(`${late.address} belongs to`))
    const third = await started(far)
    assert.ok(await echoes(third, first.address, { tries: 5 }))
    // Another life has another address.
    await near.run('docker', 'restart', '--time=0', late.id)
    const now = await look(near, late.id)
    assert.notEqual(now.address, late.address)
    assert.ok(await echoes(now, first.address, { tries: 10 }))
    await removed(near, now)
    await removed(far, first, third)
  })

  it('ipam=ovn: no two hosts give the same address; where Docker itself would give them it is refused', async () => {
    const words = ['--subnet=10.0.0.0/24', '--opt=ipam=ovn']
    for (const dhcp of ['none', 'ovn'])
      assert.match(
        await create(near, ...words, `--opt=dhcp=${dhcp}`).catch(String),
        /--opt ipam: Docker itself would give the addresses, on each host for itself;.*--ipam-driver ovsd/s,
      )
    for (const site of world.sites) await create(site, '--ipam-driver=ovsd', ...words)
    const [a, b, c] = [await started(near), await started(far), await started(near)]
    assert.equal(new Set([a, b, c].map(({ address }) => address)).size, 3)
    assert.ok(await echoes(a, b.address))
    logicalHolds()
    await removed(near, a, c)
    await removed(far, b)
  })

  it('a network that is made while central is away, and that another host had made before, is that one', async () => {
    await create(near, '--subnet=10.0.0.0/24', '--ip-range=10.0.0.0/25')
    const a = await started(near)
    await near.run('sh', '-c', `kill -STOP ${CENTRAL}`)
    const other = ['--ip-range=10.0.0.128/25', '--gateway=10.0.0.1']
    await create(far, '--subnet=10.0.0.0/24', ...other, '--opt=ovn.auto_create=true')
    const b = await started(far)
    await near.run('sh', '-c', `kill -CONT ${CENTRAL}`)
    await comesTrue(() => echoes(b, a.address, { tries: 1 }), 'both reach each other', 30)
    const networkIds = new Set(logicalPortsSeen().map(({ ids }) => ids['ovsd_id']))
    assert.equal(networkIds.size, 1)
    await removed(far, b)
    await removed(near, a)
  })

  it('links that went while the driver was away, as in a reboot: their logical ports go, and no others', async () => {
    await create(near, '--subnet=10.0.0.0/24')
    const [a, b] = [await started(near), await started(near)]
    const [gone] = listed().filter(({ addresses }) => addresses.some((text) => text.startsWith(`${a.address}/`)))
    await near.run('kill', '-KILL', String(world.drivers[0]?.lines[0]?.['pid']))
    await near.run('ip', 'link', 'del', gone?.port ?? '')
    world.drivers[0] = await pluginOn(near)
    await comesTrue(() => Promise.resolve(logicalPortsSeen().length === 1), 'one is gone')
    logicalHolds()
    assert.deepEqual(
      listed().map(({ addresses }) => addresses),
      [[`${b.address}/24`]],
    )
    // One of them runs without its interface: there was a reboot for nobody but the link.
    await near.run('docker', 'rm', '--force', a.id, b.id)
  })
})
