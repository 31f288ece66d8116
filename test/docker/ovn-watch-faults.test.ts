// FAULTS group F: each daemon of OVN stops answering or dies while containers come and go; the bridge and the name of a host go.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { netCreate, portOf, TwoHosts, type Guest } from '../support/cloud.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { holds } from '../support/invariants.ts'
import type { Wanting } from '../support/labelled.ts'
import { logicalHolds } from '../support/logical-invariants.ts'
import { errorOf } from '../support/ovsd.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { echoes } from '../support/place.ts'
import type { FarSite, Site } from '../support/underlay.ts'
import type { SiteWatcher } from '../support/watch-on.ts'

const labels = { 'ovs.network': 'blue' }

describe('networks on OVN under watch, and faults', function () {
  this.timeout(180_000)
  let hosts: TwoHosts
  let near: Site
  let far: FarSite
  let watcher: SiteWatcher
  let peer: Guest
  before(async () => {
    hosts = await TwoHosts.start()
    ;({ near, far } = hosts)
  })
  after(() => hosts.end())
  beforeEach(async () => {
    await hosts.both(...netCreate())
    watcher = await hosts.follow(near)
    peer = await hosts.run(far)
    await far.ok('net', 'connect', 'blue', peer.name, '--ip=10.0.0.250')
  })
  afterEach(() => hosts.clear())

  async function attached(): Promise<Guest> {
    const guest = await hosts.run(near, labels)
    await watcher.sees({ event: 'port.attached', container: guest.name })
    return guest
  }

  /** Everything is as it should be, for these containers of the first host and no other; within half a minute. */
  async function allIsRight(guests: readonly Guest[]): Promise<void> {
    let last: unknown
    const isRight = async (): Promise<boolean> => {
      try {
        const pids = await Promise.all(
          guests.map(({ id }) => near.run('docker', 'inspect', '--format={{.State.Pid}}', id)),
        )
        const containers = guests.map(({ id, name }, i): Wanting => {
          const { addresses = [] } = insideSeen(`/proc/${pids[i]?.trim() ?? ''}/ns/net`).get('eth1') ?? {}
          assert.equal(addresses.length, 1, `${name} has its address`)
          const want = { bridge: 'br-int', mtu: 1442, gateways: ['10.0.0.1'], addresses }
          return { id, name, wants: [want] }
        })
        await holds({ containers, bridge: 'br-int' })
        logicalHolds()
        return true
      } catch (error) {
        last = error
        return false
      }
    }
    await comesTrue(isRight, 'all is right', 30).catch(() => {
      throw last
    })
    for (const { id, name } of guests) {
      const place = await hosts.placeOf(near, id)
      // A chassis that was deleted, or could not register, may take more than one try to.
      await comesTrue(() => echoes(place, '10.0.0.250', { tries: 1 }), `${name} reaches the other host`, 60)
    }
  }

  const signal = (name: string, what: string) => near.run('sh', '-c', `kill -${what} $(cat /run/ovn/${name}.pid)`)
  const restart = (name: string) => near.run(OVN_CTL, name === 'ovn-controller' ? 'start_controller' : 'start_northd')

  const faults = [
    ...[['ovnnb_db', 'KILL', ['central.lost'], 'CentralUnreachable'] as const],
    ...[['ovnsb_db', 'STOP', ['central.lost'], 'CentralUnreachable'] as const],
    ...[['ovnsb_db', 'KILL', ['central.lost'], 'CentralUnreachable'] as const],
    ...[['ovn-northd', 'STOP', [], 'PortNotUp'] as const],
    ...[['ovn-northd', 'KILL', [], 'TimedOut'] as const],
    ...[['ovn-controller', 'STOP', [], 'PortNotUp'] as const],
    ...[['ovn-controller', 'KILL', [], 'TimedOut'] as const],
  ]
  for (const [name, how, events, code] of faults)
    it(`${name} gets SIG${how} while containers come and go: it is said once, and all is right afterwards`, async () => {
      const [a, gone] = [await attached(), await attached()]
      const [kept, connected] = [await hosts.run(near), await hosts.run(near)]
      await near.ok('net', 'connect', 'blue', kept.name)
      const before = await hosts.addresses(near, [a.id, kept.id])
      await signal(name, how)
      hosts.defer(() => (how === 'STOP' ? signal(name, 'CONT') : restart(name)).catch(() => undefined))
      // A command has the host to itself while it waits for its port; without a limit that would be for 15 s.
      const limit = code === 'TimedOut' ? ['--timeout=3'] : []
      const connecting = near.ovsd('net', 'connect', 'blue', connected.name, '--json', ...limit)
      const from = watcher.lines.length
      await near.run('docker', 'restart', '--time=0', a.id, kept.id)
      await near.run('docker', 'rm', '--force', gone.id)
      const late = await hosts.run(near, labels)
      for (const { name: who } of [a, kept])
        await watcher.sees({ event: 'port.attached', container: who }, { from, seconds: 30 })
      assert.deepEqual(await hosts.addresses(near, [a.id, kept.id]), before)
      const refused = await connecting
      assert.equal(errorOf(refused).code, code, refused.stdout)
      assert.equal((await hosts.addresses(near, [connected.id])).join(), '')
      await (how === 'STOP' ? signal(name, 'CONT') : restart(name))
      await watcher.sees({ event: 'port.attached', container: late.name }, { seconds: 30 })
      await allIsRight([a, kept, late])
      const warned = watcher.lines.filter(({ level }) => level === 'warn' || level === 'error')
      // That ports do not work is told when it lasts.
      assert.deepEqual(
        warned.filter(({ code: said }) => said !== 'PortNotUp').map(({ event }) => event),
        events,
      )
      await near.ok('net', 'connect', 'blue', connected.name)
      await allIsRight([a, kept, late, connected])
    })

  it('somebody deletes br-int: ports, records and addresses come back, those of stopped containers too', async () => {
    const [a, stopped] = [await attached(), await attached()]
    const connected = await hosts.run(near)
    await near.ok('net', 'connect', 'blue', connected.name)
    const before = await hosts.addresses(near, [a.id, stopped.id, connected.id])
    await near.run('docker', 'stop', '--time=0', stopped.id)
    await watcher.sees({ event: 'port.detached', container: stopped.name })
    const from = watcher.lines.length
    await near.run('ovs-vsctl', 'del-br', 'br-int')
    for (const { name } of [a, connected])
      await watcher.sees({ event: 'port.attached', container: name }, { from, seconds: 40 })
    assert.match(await near.run('ovs-vsctl', 'get-fail-mode', 'br-int'), /secure/)
    // Longer than anything of nothing is left alone.
    await pause(6000)
    assert.ok((await hosts.logicalPorts()).includes(portOf(stopped)))
    await near.run('docker', 'start', stopped.id)
    await watcher.sees({ event: 'port.attached', container: stopped.name }, { from })
    assert.deepEqual(await hosts.addresses(near, [a.id, stopped.id, connected.id]), before)
    await allIsRight([a, stopped, connected])
  })

  it('the host gets another system-id: its logical ports are for that one', async () => {
    const a = await attached()
    const stopped = await attached()
    await near.run('docker', 'stop', '--time=0', stopped.id)
    const ids = 'external_ids:system-id'
    const first = (await near.run('ovs-vsctl', 'get', 'open_vswitch', '.', ids)).trim().replaceAll('"', '')
    // As ovn-controller(8) has it: changing the name under one that runs is not supported.
    const rename = async (to: string) => {
      await near.run(OVN_CTL, 'stop_controller')
      await near.run('ovs-vsctl', 'set', 'open_vswitch', '.', `${ids}=${to}`)
      await near.run(OVN_CTL, 'start_controller')
    }
    hosts.defer(async () => {
      await rename(first)
      await hosts.nbctl('remove', 'Logical_Switch', 'ls-blue', 'external_ids', 'ovsd_host.renamed')
    })
    await rename('renamed')
    await allIsRight([a])
    await near.run('docker', 'start', stopped.id)
    await allIsRight([a, stopped])
    const switchIds = await hosts.nbctl('get', 'Logical_Switch', 'ls-blue', 'external_ids')
    assert.match(switchIds, /ovsd_host\.renamed=1/)
    await near.run('docker', 'rm', '--force', a.id, stopped.id)
    await comesTrue(async () => (await hosts.logicalPorts()).join() === portOf(peer), 'nothing of them is left')
  })
})
