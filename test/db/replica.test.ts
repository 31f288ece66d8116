import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvsReplica } from '../../src/lib/ovs/replica.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import type { PortOnBridge } from '../../src/lib/ovs/reader.ts'
import { relayTo, testDatabase, type TestDatabase } from '../support/database.ts'
import { beside, inWords, sameAnswers, sorted, vsctlOn, type Beside } from '../support/replica.ts'

/** Numbers that look random and are the same each time (a linear congruence modulo 2^32). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const port = (bridge: string, name: string, ...marks: string[]): string[] => [
  ...['--', `--id=@i_${name}`, 'create', 'Interface', `name=${name}`, ...marks.map((mark) => `external_ids:${mark}`)],
  ...['--', `--id=@p_${name}`, 'create', 'Port', `name=${name}`, `interfaces=@i_${name}`],
  ...['--', 'add', 'Bridge', bridge, 'ports', `@p_${name}`],
]

describe('OvsReplica', function () {
  this.timeout(60_000)
  let db: TestDatabase
  let both: Beside

  beforeEach(async () => {
    db = await testDatabase()
    both = beside(db.socket)
  })
  afterEach(async () => {
    both[Symbol.dispose]()
    await db[Symbol.asyncDispose]()
  })

  const uuidOf = (table: string, name: string): string => db.vsctl('get', table, name, '_uuid')
  const same = () => sameAnswers(both.reader, both.replica)
  /** What was told since the last call. */
  const told = async (): Promise<readonly string[]> => {
    await both.replica.everything()
    return inWords(both.changes.splice(0))
  }

  it('answers like OvsReader about a database that is empty, and one that is full of all sorts', async () => {
    await same()
    db.vsctl(
      ...['add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev', 'external_ids:a="x=y, z"'],
      ...['--', 'add-br', 'br1', '--', 'add-br', 'vlan7', 'br0', '7'],
      ...['--', 'add-bond', 'br1', 'bond0', 'e1', 'e0', 'e2'],
      ...port('br0', 'plain'),
      ...port('br0', 'marked', 'ovsd=1', 'container_id=web', 'container_iface=eth1'),
      ...port('br0', 'same', 'ovsd=1', 'container_id=db', 'container_iface=eth1'),
      ...port('br1', 'odd', '"two words"="\\"quoted\\" 眼\\n"', 'constructor=x', '__proto__=y', 'empty=""'),
      ...['--', 'set', 'Port', 'same', 'tag=10', '--', 'set', 'Port', 'marked', 'trunks=20,10,4000'],
      ...['--', 'set', 'Port', 'odd', 'tag=5', 'vlan_mode=native-untagged', 'trunks=7'],
      ...['--', 'set', 'Interface', 'odd', 'ofport=-1', 'error="no such device"'],
    )
    await same()
    using late = new OvsReplica(parseEndpoint(`unix:${db.socket}`))
    await sameAnswers(both.reader, late)
  })

  it('answers like OvsReader after each of many changes, and tells all of them', async () => {
    const pick = numbers(20_260_701)
    const bridges = ['br0', 'br1', 'br2']
    const names = Array.from({ length: 8 }, (_, i) => `p${i}`)
    const model = new Map<string, PortOnBridge>()
    both.replica.listen({
      changed({ interfaces }) {
        for (const { before, after } of interfaces) {
          const id = (before ?? after)?.interface.uuid ?? ''
          // The row of a bridge may change without its ports.
          assert.deepEqual(placeOf(model.get(id)), placeOf(before))
          if (after === undefined) model.delete(id)
          else model.set(id, after)
        }
      },
    })
    await both.replica.connect()
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1', '--', 'add-bond', 'br1', 'bond0', 'e0', 'e1')
    const one = (list: readonly string[]): string => list[pick(list.length)] ?? ''
    let done = 0
    for (let step = 0; step < 180; step++) {
      const [name, bridge, other] = [one(names), one(bridges), one(bridges)]
      const number = String(pick(4) + 1)
      const forms: readonly (readonly string[])[] = [
        ['--may-exist', 'add-br', bridge],
        ...(pick(3) === 0 ? [['--if-exists', 'del-br', bridge]] : []),
        port(bridge, name, `a=${number}`, `b=${number}`),
        port(bridge, name, 'a=1', `c${number}=x`),
        ['del-port', name],
        ['set', 'Port', name, `tag=${number}`],
        ['clear', 'Port', name, 'tag', 'trunks', 'vlan_mode'],
        ['add', 'Port', name, 'trunks', number],
        ['remove', 'Port', name, 'trunks', number],
        ['set', 'Port', name, `trunks=9,${number},20`, 'vlan_mode=trunk'],
        ['set', 'Interface', name, `external_ids:a=${number}`],
        ['remove', 'Interface', name, 'external_ids', 'a', '--', 'set', 'Interface', name, 'external_ids:d=5'],
        ['clear', 'Interface', name, 'external_ids'],
        ['set', 'Interface', name, `ofport=${number}`],
        ['set', 'Interface', name, 'type=vxlan', `options:key=${number}`],
        ['clear', 'Interface', name, 'options', '--', 'set', 'Port', name, 'protected=true'],
        ['set', 'Bridge', bridge, `external_ids:of=${number}`],
        ['--may-exist', 'add-br', `v${number}`, bridge, number],
        ['--if-exists', 'del-br', `v${number}`],
        ['add-bond-iface', 'bond0', `e${number}`],
        ['del-bond-iface', 'bond0', `e${number}`],
        // One transaction that does two things to a row, or takes it away and puts another one in its place.
        ['del-port', name, ...port(other, name, 'a=2')],
        ['set', 'Port', name, 'tag=1', '--', 'set', 'Interface', name, 'ofport=7'],
        ['remove', 'Bridge', bridge, 'ports', '@x', '--', 'add', 'Bridge', other, 'ports', '@x'],
      ]
      const form = forms[pick(forms.length)] ?? []
      const existing = form.includes('@x') ? db.vsctl('--if-exists', 'get', 'Port', name, '_uuid') : ''
      if (tries(() => db.vsctl(...form.map((word) => (word === '@x' ? existing : word))))) done++
      await same()
    }
    assert.ok(done > 40, `only ${done} of the changes were possible`)
    const all = await both.reader.everything()
    assert.deepEqual(sorted([...model.values()]).map(placeOf), sorted(all).map(placeOf))
  })

  it('knows what was written before it was asked, each of 50 times', async () => {
    await both.replica.connect()
    db.vsctl('add-br', 'br0')
    for (let i = 0; i < 50; i++) {
      db.vsctl(...port('br0', `w${i}`, `n=${i}`).slice(1))
      const [[row] = []] = await both.replica.interfaces([{ has: { n: String(i) } }])
      assert.equal(row?.name, `w${i}`)
      const [where] = await both.replica.locate([row])
      assert.equal(where?.bridge.name, 'br0')
      db.vsctl('del-port', `w${i}`)
      assert.deepEqual(await both.replica.interfaces([{ name: `w${i}` }]), [[]])
    }
  })

  it('keeps up with 20 writers at once, each of which finds its own', async () => {
    db.vsctl('add-br', 'br0')
    await Promise.all(
      Array.from({ length: 20 }, async (_, writer) => {
        for (let i = 0; i < 5; i++) {
          const name = `w${writer}_${i}`
          await vsctlOn(db.socket, '--no-wait', ...port('br0', name, `writer=${writer}`).slice(1))
          const [rows = []] = await both.replica.interfaces([{ has: { writer: String(writer) } }])
          assert.ok(
            rows.some((row) => row.name === name),
            name,
          )
          assert.equal((await both.replica.locate(rows)).length, rows.length)
        }
      }),
    )
    assert.equal((await both.replica.portsOf('br0')).length, 100)
    await same()
  })

  it('answers all questions of one moment with one round trip', async () => {
    db.vsctl('add-br', 'br0')
    await using relay = await relayTo(db.socket)
    using replica = new OvsReplica(parseEndpoint(`unix:${relay.path}`))
    await replica.connect()
    const before = relay.sent().length
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        for (let i = 0; i < 4; i++) {
          assert.equal((await replica.bridge('br0'))?.name, 'br0')
          assert.equal((await replica.interfaces([{ name: 'br0' }, {}])).flat().length, 2)
        }
      }),
    )
    assert.equal(relay.sent().slice(before).split('"transact"').length - 1, 8)
  })

  it('tells what came, changed, moved and went', async () => {
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1')
    await both.replica.connect()
    assert.deepEqual(await told(), [], 'what was there when it began is no change')
    db.vsctl(...port('br0', 'a', 'ovsd_id=1').slice(1))
    assert.deepEqual(await told(), ['+a'])

    db.vsctl('set', 'Port', 'a', 'tag=10', '--', 'set', 'Interface', 'a', 'ofport=3')
    await both.replica.everything()
    const [{ before, after } = {}, ...more] = both.changes.splice(0).flatMap(({ interfaces }) => interfaces)
    assert.deepEqual(more, [])
    assert.deepEqual(
      [before, after].map((where) => [where?.port.vlan, where?.interface.ofport, where?.interface.externalIds]),
      [
        [{ kind: 'none' }, undefined, { ovsd_id: '1' }],
        [{ kind: 'access', tag: 10 }, 3, { ovsd_id: '1' }],
      ],
    )

    const id = uuidOf('Port', 'a')
    db.vsctl('remove', 'Bridge', 'br0', 'ports', id, '--', 'add', 'Bridge', 'br1', 'ports', id)
    await both.replica.everything()
    const [move] = both.changes.splice(0).flatMap(({ interfaces }) => interfaces)
    assert.deepEqual([move?.before?.bridge.name, move?.after?.bridge.name], ['br0', 'br1'])
    assert.equal(move?.before?.port, move?.after?.port)

    db.vsctl('set', 'Bridge', 'br1', 'external_ids:x=1')
    assert.deepEqual(await told(), ['br:~br1'], 'and nothing of its ports')
    db.vsctl('set', 'Port', 'a', 'other_config:x=1', '--', 'set', 'Interface', 'a', 'other_config:x=1')
    assert.deepEqual(await told(), [], 'columns that nobody reads')
    db.vsctl('del-br', 'br1', '--', 'add-br', 'br2')
    assert.deepEqual(await told(), ['+br2', '-a', '-br1', 'br:+br2', 'br:-br1'])
    db.vsctl(...port('br0', 'a').slice(1))
    assert.deepEqual(await told(), ['+a'])
    db.vsctl('del-port', 'a', ...port('br2', 'a'))
    assert.deepEqual(await told(), ['+a', '-a'], 'another row of the same name')
  })

  it('tells a listener nothing more once it is disposed of, and others all the same', async () => {
    await both.replica.connect()
    let count = 0
    const listening = both.replica.listen({ changed: () => count++ })
    db.vsctl('add-br', 'br0')
    assert.deepEqual(await told(), ['+br0', 'br:+br0'])
    listening[Symbol.dispose]()
    db.vsctl('add-br', 'br1')
    assert.deepEqual(await told(), ['+br1', 'br:+br1'])
    assert.equal(count, 1)
  })

  it('finds a port that two bridges have, as long as one has it', async () => {
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1', ...port('br0', 'a'))
    await both.replica.connect()
    db.vsctl('add', 'Bridge', 'br1', 'ports', uuidOf('Port', 'a'))
    assert.equal((await both.replica.everything()).length, 4)
    db.vsctl('remove', 'Bridge', 'br0', 'ports', uuidOf('Port', 'a'))
    await same()
    db.vsctl('remove', 'Bridge', 'br1', 'ports', uuidOf('Port', 'a'))
    await same()
  })

  it('sends and gets nothing while nothing changes', async () => {
    db.vsctl('add-br', 'br0')
    await using relay = await relayTo(db.socket)
    using replica = new OvsReplica(parseEndpoint(`unix:${relay.path}`))
    await replica.bridge('br0')
    relay.received()
    const sent = relay.sent()
    await sleep(2_000)
    assert.deepEqual([relay.received(), relay.sent()], [0, sent])
    db.vsctl('add-br', 'br1')
    await replica.bridge('br1')
    assert.ok(relay.received() > 0, 'so that nothing means something')
  })
})

/** What a change of an interface is about. */
const placeOf = (where: PortOnBridge | undefined) => where && [where.interface, where.port, where.bridge.uuid]

function tries(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}
