// 5,000 ports: what is asked on the way of an add-port must not grow with the database. Bytes are counted, not time.
import { strict as assert } from 'node:assert'
import { portName } from '../../src/lib/attach/attachment.ts'
import { portsOfInterface } from '../../src/lib/attach/lookup.ts'
import { marksFor } from '../../src/lib/attach/marks.ts'
import { refuseTaken } from '../../src/lib/attach/taken.ts'
import { findPort } from '../../src/lib/plan/detach-port.ts'
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseHostCidr } from '../../src/lib/net/cidr.ts'
import { NO_VLAN } from '../../src/lib/net/vlan.ts'
import { Vsctl } from '../../src/lib/ovs/vsctl.ts'
import { relayTo, testDatabase, type Relay } from '../support/database.ts'
import { attachment, TARGET, uniqueOf } from '../support/samples.ts'

const PORTS = 5_000
const AT_ONCE = 250
/** More than any answer about one port needs, and far less than one column of 5,000 rows. */
const SMALL = 4_000

const idOf = (i: number): string => `c${i.toString(16).padStart(63, '0')}`
const one = (i: number) =>
  attachment({
    target: { ...TARGET, id: idOf(i), name: `c${i}`, typed: `c${i}` },
    addresses: [parseHostCidr(`10.${50 + (i >> 8)}.${i & 255}.7/24`)],
    vlan: i % 2 === 0 ? NO_VLAN : { kind: 'access', tag: 1 + (i % 4094) },
  })

describe(`a database with ${PORTS} ports`, function () {
  this.timeout(120_000)
  const open = new AsyncDisposableStack()
  let relay: Relay
  let host: Host

  before(async () => {
    const db = open.use(await testDatabase())
    db.vsctl('add-br', 'br0')
    // Many of the builder's command lines in one transaction: its options taken off, its ids made different.
    const vsctl = new Vsctl()
    for (let first = 0; first < PORTS; first += AT_ONCE) {
      const lines = Array.from({ length: AT_ONCE }, (_, n) => {
        const each = one(first + n)
        const port = portName(each.target.id, 'eth1')
        const { args } = vsctl.addPort({ bridge: 'br0', port, vlan: each.vlan, marks: marksFor(each) })
        return args.slice(1).map((word) => word.replace(/^((?:--id|interfaces)=)?@([ip])$/, `$1@$2${n}`))
      })
      db.vsctl(...lines.flat())
    }
    relay = open.use(await relayTo(db.socket))
    host = open.use(openHost({ db: `unix:${relay.path}`, docker: 'unix:///nonexistent/docker.sock' }))
  })
  after(async () => {
    await open.disposeAsync()
  })

  /** Asks something, and gives the answer with the bytes that it took. */
  async function weigh<T>(question: () => Promise<T>): Promise<{ readonly answer: T; readonly bytes: number }> {
    relay.received()
    const answer = await question()
    return { answer, bytes: relay.received() }
  }

  const small = async <T>(question: () => Promise<T>): Promise<T> => {
    const { answer, bytes } = await weigh(question)
    assert.ok(bytes > 0 && bytes < SMALL, `${bytes} bytes`)
    return answer
  }

  it('is read whole where the whole is asked for', async () => {
    const { answer: all, bytes } = await weigh(() => host.ovs.everything())
    assert.ok(bytes > 500 * PORTS, 'so that a small answer means something')
    assert.equal(all.length, PORTS + 1)
    const found = new Map(all.map((where) => [where.port.name, where]))
    for (const i of [0, 1, 2_499, 4_999]) {
      const each = one(i)
      const where = found.get(portName(each.target.id, 'eth1'))
      assert.deepEqual(where?.port.vlan, each.vlan)
      assert.deepEqual(where.interface.externalIds, marksFor(each))
      assert.equal(where.bridge.name, 'br0')
    }
    assert.equal((await host.ovs.portsOf('br0')).length, PORTS)
  })

  it('tells of the bridge in little', async () => {
    assert.equal((await small(() => host.ovs.bridge('br0')))?.name, 'br0')
    assert.equal(await small(() => host.ovs.bridge('br1')), undefined)
  })

  it('tells of one port in little, by its name and by each mark', async () => {
    const port = portName(idOf(77), 'eth1')
    const queries = [
      { name: port },
      { has: { ovsd_id: idOf(77) } },
      { has: { container_id: 'c77', container_iface: 'eth1' } },
    ]
    const answers = await small(() => host.ovs.interfaces(queries))
    assert.deepEqual(
      answers.map((rows) => rows.map(({ name }) => name)),
      [[port], [port], [port]],
    )
    const [where] = await small(() => host.ovs.locate(answers[0] ?? []))
    assert.deepEqual([where?.port.name, where?.bridge.name], [port, 'br0'])
  })

  const names = (i: number) => ({ typed: `c${i}`, id: idOf(i), name: `c${i}` })

  it('tells of the ports of a container in little, there or not, with or without such an interface inside', async () => {
    for (const inside of [true, false]) {
      const found = await small(() => portsOfInterface(host, names(4_000), 'eth1', inside))
      assert.deepEqual(
        found.map(({ port }) => port.name),
        [portName(idOf(4_000), 'eth1')],
      )
      assert.deepEqual(await small(() => portsOfInterface(host, names(PORTS + 1), 'eth1', inside)), [])
    }
  })

  it('tells in little which port is meant, when one is to be detached', async () => {
    const found = await small(() => findPort(host, 'br0', 'eth1', 'c4000'))
    assert.deepEqual(
      found.map(({ port }) => port.name),
      [portName(idOf(4_000), 'eth1')],
    )
    await assert.rejects(
      small(() => findPort(host, 'br0', 'eth1', 'web')),
      /Failed to find any attached port/,
    )
  })

  it('tells in little whether an address is taken', async () => {
    await small(() => refuseTaken(host, uniqueOf(one(4_001)), []))
    await small(() => refuseTaken(host, uniqueOf(one(PORTS + 1)), []))
  })
})
