import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvsdError } from '../../src/lib/errors.ts'
import { DatabaseUnreachable } from '../../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { OvsReplica } from '../../src/lib/ovs/replica.ts'
import { relayTo, testDatabase, type TestDatabase } from '../support/database.ts'
import { beside, inWords, sameAnswers, until, type Beside } from '../support/replica.ts'

describe('an OvsReplica whose database goes away', function () {
  this.timeout(60_000)
  let db: TestDatabase
  let both: Beside

  beforeEach(async () => {
    db = await testDatabase()
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1')
    both = beside(db.socket)
  })
  afterEach(async () => {
    both[Symbol.dispose]()
    await db[Symbol.asyncDispose]()
  })

  const told = () => inWords(both.changes.splice(0))

  it('fails reads, comes back by itself, and says so once each', async () => {
    await both.replica.connect()
    assert.equal(both.replica.state, 'live')
    await db.stop()
    await assert.rejects(both.replica.bridge('br0'), DatabaseUnreachable)
    assert.equal(both.replica.state, 'lost')
    for (let i = 0; i < 5; i++) await assert.rejects(both.replica.everything(), DatabaseUnreachable)
    await sleep(300)
    assert.equal(both.outages.length, 1)
    assert.match(both.outages[0] ?? '', /^lost: .*the connection was closed/)
    await db.start()
    await until(() => both.replica.state === 'live')
    await sameAnswers(both.reader, both.replica)
    assert.deepEqual(both.outages.slice(1), ['back'])
    assert.deepEqual(told(), [], 'nothing is different')
  })

  it('fails the reads that wait when the server dies', async () => {
    await both.replica.connect()
    const reads = Array.from({ length: 10 }, () => both.replica.bridge('br0'))
    const [results] = await Promise.all([Promise.allSettled(reads), db.stop()])
    for (const result of results)
      assert.ok(result.status === 'fulfilled' || result.reason instanceof DatabaseUnreachable)
    await assert.rejects(both.replica.bridge('br0'), DatabaseUnreachable)
  })

  it('tries again after pauses that grow, and at once for a read', async () => {
    await using relay = await relayTo(db.socket)
    // The longest pauses: 0.1 s, 0.2 s and so on, so that the sixth attempt comes 6.3 s after the end.
    using _longest = replaced(Math, 'random', () => 0.999)
    using through = beside(relay.path)
    await through.replica.connect()
    await db.stop()
    await sleep(3_500)
    assert.ok([5, 6].includes(relay.connections.length), `${relay.connections.length} connections`)
    await db.start()
    const begin = performance.now()
    assert.equal((await through.replica.bridge('br0'))?.name, 'br0')
    assert.ok(performance.now() - begin < 1_000)
    assert.deepEqual(through.outages.slice(1), ['back'])
  })

  it('tells what was changed meanwhile, as far as it is different now', async () => {
    db.vsctl('add-port', 'br0', 'a', '--', 'add-port', 'br0', 'b', '--', 'add-port', 'br0', 'same')
    await using relay = await relayTo(db.socket)
    using through = beside(relay.path)
    await through.replica.connect()
    for (const connection of relay.connections) connection.destroy()
    db.vsctl('del-port', 'a', '--', 'set', 'Port', 'b', 'tag=5', '--', 'del-br', 'br1', '--', 'add-br', 'br2')
    db.vsctl('set', 'Bridge', 'br0', 'external_ids:x=1')
    await until(() => through.outages.includes('back'))
    await sameAnswers(both.reader, through.replica)
    assert.deepEqual(inWords(through.changes).toSorted(), ['+br2', '-a', '-br1', 'br:+br2', 'br:-br1', 'br:~br0', '~b'])
    assert.equal(through.changes.length, 1)
    const tagged = through.changes[0]?.interfaces.find(({ after }) => after?.port.name === 'b')
    assert.deepEqual(
      [tagged?.before?.port.vlan, tagged?.after?.port.vlan],
      [{ kind: 'none' }, { kind: 'access', tag: 5 }],
    )
  })

  it('takes a database that is empty after a restart for what it is', async () => {
    await both.replica.connect()
    await db.stop()
    tool('rm', join(dirname(db.socket), 'conf.db'))
    tool('ovsdb-tool', 'create', join(dirname(db.socket), 'conf.db'), '/usr/share/openvswitch/vswitch.ovsschema')
    await db.start()
    await until(() => both.outages.includes('back'))
    assert.deepEqual(await both.replica.everything(), [])
    assert.deepEqual(told(), ['-br0', '-br1', 'br:-br0', 'br:-br1'])
    db.vsctl('init', '--', 'add-br', 'br0')
    await sameAnswers(both.reader, both.replica)
    assert.deepEqual(told(), ['+br0', 'br:+br0'])
  })

  it('waits for a database that was never there, and tells of all of it then', async () => {
    await db.stop()
    await assert.rejects(both.replica.connect(), DatabaseUnreachable)
    assert.equal(both.replica.state, 'lost')
    await db.start()
    await until(() => both.replica.state === 'live')
    await sameAnswers(both.reader, both.replica)
    assert.equal(both.outages.length, 2)
    assert.deepEqual(told(), ['+br0', '+br1', 'br:+br0', 'br:+br1'])
  })

  it('goes on trying when a server refuses, and passes on what it said', async () => {
    using other = new OvsReplica(parseEndpoint(`unix:${db.socket}`), 'Closed_vSwitch')
    for (let i = 0; i < 2; i++)
      await assert.rejects(other.bridge('br0'), (error) => {
        assert.ok(error instanceof OvsdError && error.code === 'DatabaseRefused', String(error))
        return error.message.includes('unknown database')
      })
    assert.equal(other.state, 'lost')
  })

  it('comes back when the server gave the database away and took it again', async () => {
    await both.replica.connect()
    const control = join(dirname(db.socket), 'ctl')
    const file = join(dirname(db.socket), 'conf.db')
    tool('ovs-appctl', '-t', control, 'ovsdb-server/remove-db', 'Open_vSwitch')
    await until(() => both.replica.state === 'lost')
    await assert.rejects(both.replica.bridge('br0'), OvsdError)
    tool('ovs-appctl', '-t', control, 'ovsdb-server/add-db', file)
    await until(() => both.replica.state === 'live')
    await sameAnswers(both.reader, both.replica)
    assert.deepEqual(told(), [])
  })

  it('survives ten outages in a row', async () => {
    await using relay = await relayTo(db.socket)
    using through = beside(relay.path)
    for (let i = 0; i < 10; i++) {
      assert.equal((await through.replica.bridge('br0'))?.name, 'br0')
      for (const connection of relay.connections) connection.destroy()
      await until(() => through.outages.length === 2 * i + 2)
    }
    await sameAnswers(both.reader, through.replica)
  })

  it('ends with everything of it when it is disposed of: live, lost, connecting, and asked', async () => {
    await using relay = await relayTo(db.socket)
    for (const stage of ['live', 'lost', 'connecting', 'asked'] as const) {
      if (stage === 'lost') await db.stop()
      const before = relay.connections.length
      const through = beside(relay.path)
      if (stage === 'live' || stage === 'asked') await through.replica.connect()
      if (stage === 'lost') await assert.rejects(through.replica.connect(), DatabaseUnreachable)
      const pending =
        stage === 'connecting'
          ? through.replica.connect()
          : stage === 'asked'
            ? through.replica.bridge('br0')
            : undefined
      through[Symbol.dispose]()
      if (pending !== undefined) await assert.rejects(pending, /closed/)
      const outages = through.outages.length
      await assert.rejects(through.replica.bridge('br0'), /closed/)
      await assert.rejects(through.replica.connect(), /closed/)
      await sleep(300)
      assert.equal(relay.connections.length, before + 1, `${stage}: no attempt comes later`)
      assert.equal(through.outages.length, outages, stage)
      if (stage === 'lost') await db.start()
    }
  })
})

function tool(name: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 10_000 })
  assert.equal(status, 0, stderr)
}

/** Puts another function in the place of a method until the end of the `using` block. */
function replaced<Key extends string, Method>(owner: Record<Key, Method>, name: Key, other: Method): Disposable {
  const original = owner[name]
  owner[name] = other
  return { [Symbol.dispose]: () => void (owner[name] = original) }
}
