// Which ports a container name means: the database is real, the engine answers with recordings.
import { strict as assert } from 'node:assert'
import { marksFor } from '../../src/lib/attach/marks.ts'
import { portsMeantBy, portsOfInterface } from '../../src/lib/attach/lookup.ts'
import { persistRecord } from '../../src/lib/attach/persist.ts'
import { refuseTaken } from '../../src/lib/attach/taken.ts'
import { OvsdError } from '../../src/lib/errors.ts'
import type { Host } from '../../src/lib/host.ts'
import { parseHostCidr } from '../../src/lib/net/cidr.ts'
import { parseBridge } from '../../src/lib/net/ifname.ts'
import { NO_VLAN, type Vlan } from '../../src/lib/net/vlan.ts'
import type { PortOnBridge } from '../../src/lib/ovs/reader.ts'
import { changeVlan } from '../../src/lib/plan/change-vlan.ts'
import { detachPort, detachPorts, findPort } from '../../src/lib/plan/detach-port.ts'
import { commandsOf } from '../../src/lib/plan/step.ts'
import { capturedBytes } from '../support/captured.ts'
import { testDatabase } from '../support/database.ts'
import { dockerReplay, recorded, type DockerReplay } from '../support/docker-replay.ts'
import { attachment, TARGET, uniqueOf } from '../support/samples.ts'

/** The full id of the recorded container "web". */
const WEB = /"Id":"([0-9a-f]{64})"/.exec(capturedBytes('docker/inspect-running.http').toString())?.[1] ?? ''
/** A container that the engine does not know. */
const GONE = 'f0'.repeat(32)

describe('looking ports up', function () {
  this.timeout(30_000)
  let open: AsyncDisposableStack
  let engine: DockerReplay
  let host: Host
  let deaf: Host

  beforeEach(async () => {
    open = new AsyncDisposableStack()
    const db = open.use(await testDatabase())
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1')
    const web = recorded('inspect-running')
    const names = ['web', WEB, WEB.slice(0, 12), WEB.slice(0, 5)]
    const answers = {
      ...Object.fromEntries(names.map((name) => [`/containers/${name}/json`, web])),
      '/containers/3/json': recorded('inspect-ambiguous'),
    }
    engine = open.use(await dockerReplay(answers))
    host = open.use(db.host({ docker: engine.path }))
    deaf = open.use(db.host())
  })
  afterEach(async () => {
    await open.disposeAsync()
  })

  const add = (port: string, marks: Readonly<Record<string, string>>, bridge = 'br0', vlan: Vlan = NO_VLAN) =>
    host.run(host.vsctl.addPort({ bridge, port, vlan, marks }))
  /** As ovs-docker adds it. */
  const foreign = (port: string, typed: string, iface = 'eth1', bridge = 'br0') =>
    add(port, { container_id: typed, container_iface: iface }, bridge)
  /** As ovsd adds it. */
  const own = (port: string, target: Partial<typeof TARGET>, iface = 'eth1', bridge = 'br0') =>
    add(
      port,
      { ...marksFor(attachment({ target: { ...TARGET, id: WEB, name: 'web', ...target } })), container_iface: iface },
      bridge,
    )
  const names = (found: readonly PortOnBridge[]) => found.map(({ port }) => port.name).sort()

  const refused = (looking: Promise<unknown>, code: string, words: RegExp) =>
    assert.rejects(looking, (error) => {
      assert.ok(error instanceof OvsdError, String(error))
      assert.deepEqual([error.code, error.status], [code, 1])
      assert.match(error.message, words)
      return true
    })

  for (const typed of ['web', WEB, WEB.slice(0, 12), WEB.slice(0, 5)])
    it(`finds ports of either tool by ${typed.slice(0, 20)}, whatever was typed when they were added`, async () => {
      await own('own_l', { typed: 'whatever' }, 'eth1')
      await foreign('name_l', 'web', 'eth2')
      await foreign('id_l', WEB, 'eth3')
      await foreign('short_l', WEB.slice(0, 12), 'eth4')
      await foreign('five_l', WEB.slice(0, 5), 'eth5')
      await foreign('other_l', 'db', 'eth1')
      await own('gone_l', { id: GONE, name: 'db', typed: 'db' }, 'eth2')
      assert.deepEqual(names(await portsMeantBy(host, typed)), ['five_l', 'id_l', 'name_l', 'own_l', 'short_l'])
      assert.deepEqual(names(await portsMeantBy(host, typed, 'eth5')), ['five_l'])
      assert.deepEqual(names(await portsMeantBy(host, typed, 'eth1')), ['own_l'])
      assert.deepEqual(names(await portsMeantBy(host, typed, 'eth6')), [])
    })

  it('asks the engine about no row that cannot be of the container', async () => {
    for (const name of ['db', 'cache', 'log']) await foreign(`${name}_l`, name)
    await portsMeantBy(host, 'web')
    assert.deepEqual(engine.asked, ['GET /containers/web/json HTTP/1.0'])
  })

  it('follows the id and not the name: a living namesake keeps its port', async () => {
    await own('namesake_l', { id: WEB.replace(/^./, 'f'), typed: 'web' })
    // The engine knows no container of that id: the port is that of a "web" that is gone.
    assert.deepEqual(names(await portsMeantBy(host, 'web')), ['namesake_l'])
    await own('bare_l', { id: 'web', typed: 'web', kind: 'namespace', netnsPath: '/run/netns/web' }, 'eth2')
    assert.deepEqual(names(await portsMeantBy(host, 'web')), ['namesake_l'])
  })

  it('finds what is recorded for a container that no longer exists', async () => {
    await own('own_l', { id: GONE, name: 'db', typed: 'database' })
    await foreign('foreign_l', 'cache', 'eth2')
    for (const typed of ['db', 'database', GONE, GONE.slice(0, 12), 'f0f'])
      assert.deepEqual(names(await portsMeantBy(host, typed)), ['own_l'], typed)
    assert.deepEqual(names(await portsMeantBy(host, 'cache')), ['foreign_l'])
    assert.deepEqual(names(await portsMeantBy(host, 'nobody')), [])
    assert.deepEqual(names(await portsMeantBy(host, 'abc')), [])
  })

  it('needs no engine', async () => {
    await own('own_l', {})
    await foreign('foreign_l', 'db')
    assert.deepEqual(names(await portsMeantBy(deaf, 'web')), ['own_l'])
    assert.deepEqual(names(await portsMeantBy(deaf, WEB.slice(0, 12))), ['own_l'])
    assert.deepEqual(names(await portsMeantBy(deaf, 'db')), ['foreign_l'])
  })

  it('refuses letters that several ids begin with', async () => {
    await refused(portsMeantBy(host, '3'), 'AmbiguousContainer', /"3" is the beginning of several container ids/)
    await own('one_l', { id: GONE, name: 'one', typed: 'one' })
    await own('two_l', { id: GONE.replaceAll('0', '1'), name: 'two', typed: 'two' })
    await refused(
      portsMeantBy(host, 'f'),
      'AmbiguousContainer',
      /"f" means several containers: f[01f]{11}, f[01f]{11}\.$/,
    )
    assert.deepEqual(names(await portsMeantBy(host, 'f0')), ['one_l'])
  })

  it('for add-port asks about every beginning of the id only where the interface exists', async () => {
    await foreign('five_l', WEB.slice(0, 5))
    const web = { typed: 'web', id: WEB, name: 'web' }
    assert.deepEqual(names(await portsOfInterface(host, web, 'eth1', true)), ['five_l'])
    assert.deepEqual(names(await portsOfInterface(host, web, 'eth1', false)), [])
    await foreign('short_l', WEB.slice(0, 12))
    assert.deepEqual(names(await portsOfInterface(host, web, 'eth1', false)), ['short_l'])
  })

  describe('to detach them', () => {
    it('reports none as ovs-docker does, and the bridge that one is on', async () => {
      const missing = /^Failed to find any attached port for CONTAINER=web and INTERFACE=eth1/
      await refused(findPort(host, 'br0', 'eth1', 'web'), 'PortMissing', missing)
      await own('own_l', {}, 'eth1', 'br1')
      await refused(findPort(host, 'br0', 'eth1', 'web'), 'PortElsewhere', /its port is on br1\.$/)
      assert.deepEqual(names(await findPort(host, 'br1', 'eth1', 'web')), ['own_l'])
    })

    it('plans one transaction for one port', async () => {
      await own('own_l', {})
      const { plan, result } = await detachPort(host, 'br0', 'eth1', 'web')
      assert.deepEqual(result, { bridge: 'br0', container: 'web', removed: ['own_l'], askedByLabels: [] })
      assert.equal(plan === undefined ? 0 : commandsOf(plan).length, 1)
    })

    it('plans one transaction for all ports on the bridge, and leaves those of another bridge', async () => {
      await own('own_l', {})
      await foreign('name_l', 'web', 'eth2')
      await foreign('there_l', 'web', 'eth3', 'br1')
      const { plan, result } = await detachPorts(host, 'br0', 'web')
      assert.deepEqual([...result.removed].sort(), ['name_l', 'own_l'])
      assert.equal(plan === undefined ? 0 : commandsOf(plan).length, 1)
    })

    it('has nothing to do for all ports of a container without one', async () => {
      const { plan, result } = await detachPorts(host, 'br0', 'web')
      assert.deepEqual([plan, result.removed], [undefined, []])
    })
  })

  describe('to change their VLAN', () => {
    const where = { bridge: 'br0', iface: 'eth1', container: 'web' }

    it('plans a change, and none when it is that already', async () => {
      await own('own_l', {})
      const change = await changeVlan(host, where, { kind: 'access', tag: 10 })
      assert.deepEqual([change.result.before, change.result.vlan, change.result.port], ['-', '10', 'own_l'])
      assert.equal(change.plan?.onFailure, 'unwind')
      assert.equal((await changeVlan(host, where, NO_VLAN)).plan, undefined)
    })

    it('reports a port that is not there', async () => {
      await refused(changeVlan(host, where, NO_VLAN), 'PortMissing', /CONTAINER=web/)
    })
  })

  describe('by their addresses', () => {
    // The rows must belong to links that exist: lo is the one that every host has.
    const holder = (bridge: string, vlan: Vlan) =>
      add('lo', marksFor(attachment({ bridge: parseBridge(bridge) })), bridge, vlan)
    const wanted = (vlan: Vlan, address = '10.0.0.2/16') => attachment({ addresses: [parseHostCidr(address)], vlan })
    const access = (tag: number): Vlan => ({ kind: 'access', tag })

    it('finds one taken on the same bridge and VLAN', async () => {
      await holder('br0', access(10))
      const taken = /^10\.0\.0\.2 belongs to eth1 of web on br0/
      await refused(refuseTaken(host, uniqueOf(wanted(access(10))), []), 'AddressInUse', taken)
      const native: Vlan = { kind: 'native', tag: 10, trunks: [5] }
      await refused(refuseTaken(host, uniqueOf(wanted(native)), []), 'AddressInUse', taken)
    })

    it('finds it free on another bridge, in another VLAN, or for the port that is replaced', async () => {
      await holder('br0', access(10))
      await refuseTaken(host, uniqueOf(wanted(access(11))), [])
      await refuseTaken(host, uniqueOf(wanted(NO_VLAN)), [])
      await refuseTaken(host, uniqueOf(wanted(access(10))), ['lo'])
      await refuseTaken(host, uniqueOf(wanted(access(10), '10.0.0.20/16')), [])
      await refuseTaken(host, uniqueOf({ ...wanted(access(10)), bridge: parseBridge('br1') }), [])
    })

    it('finds a MAC taken, whatever the address', async () => {
      await holder('br0', access(10))
      const other = wanted(access(10), '10.0.0.20/16')
      const taken = /^02:42:0a:00:00:02 belongs to eth1 of web on br0/
      await refused(refuseTaken(host, uniqueOf(other, other.mac), []), 'AddressInUse', taken)
    })

    it('finds one that is kept for another container, and free for that one and in other VLANs', async () => {
      const kept = attachment({ network: 'blue', persist: true, target: { ...TARGET, id: GONE, name: 'gone' } })
      const [[key, value] = ['', '']] = Object.entries(persistRecord(kept))
      await host.run(host.vsctl.setBridgePairs({ bridge: 'br0', pairs: { [key]: value } }), AbortSignal.timeout(5000))
      const unique = (more: object) => ({ ...uniqueOf(wanted(NO_VLAN)), iface: 'eth1', target: TARGET, ...more })
      const words = /^10\.0\.0\.2 is kept for eth1 of gone in blue/
      await refused(refuseTaken(host, unique({}), []), 'AddressInUse', words)
      await refused(refuseTaken(host, unique({ target: { id: GONE }, iface: 'eth2' }), []), 'AddressInUse', words)
      for (const more of [{ target: { id: GONE } }, { vlan: access(11) }, { addresses: ['10.0.0.3'] }])
        await refuseTaken(host, unique(more), [])
    })

    it('finds it free when the link of its holder is gone', async () => {
      await own('own_l', {})
      await refuseTaken(host, uniqueOf(wanted(NO_VLAN)), [])
    })
  })
})
