import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvsdError } from '../../src/lib/errors.ts'
import { DatabaseUnreachable, OvsdbClient } from '../../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { relayTo, testDatabase, type TestDatabase } from '../support/database.ts'

const BRIDGES = [{ table: 'Bridge', where: [], columns: ['name'] }]

describe('the connection to a database', function () {
  this.timeout(30_000)
  let db: TestDatabase

  beforeEach(async () => {
    db = await testDatabase()
    db.vsctl('add-br', 'br0')
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
  })

  const client = (path = db.socket, database?: string) => new OvsdbClient(parseEndpoint(`unix:${path}`), database)
  const refused = (asking: Promise<unknown>, words: RegExp) =>
    assert.rejects(asking, (error) => {
      assert.ok(error instanceof OvsdError && error.code === 'DatabaseRefused', String(error))
      assert.match(error.message, words)
      return true
    })

  it('is not there: says so, and where it was looked for', async () => {
    using at = client(`${db.socket}.none`)
    await assert.rejects(at.select(BRIDGES), (error) => {
      assert.ok(error instanceof DatabaseUnreachable)
      assert.ok(error.message.includes(`unix:${db.socket}.none`))
      assert.match(error.next ?? '', /--db/)
      return true
    })
  })

  it('is refused by a socket that nobody listens on', async () => {
    await db.stop()
    using at = client()
    await assert.rejects(at.select(BRIDGES), (error) => {
      return error instanceof DatabaseUnreachable && error.message.includes('ECONNREFUSED')
    })
  })

  it('outlives a restart of the database between two questions', async () => {
    using at = client()
    assert.deepEqual(await at.select(BRIDGES), [[{ name: 'br0' }]])
    await db.stop()
    await assert.rejects(at.select(BRIDGES), DatabaseUnreachable)
    await db.start()
    assert.deepEqual(await at.select(BRIDGES), [[{ name: 'br0' }]])
    await db.stop()
    await db.start()
    assert.deepEqual(await at.select(BRIDGES), [[{ name: 'br0' }]])
  })

  it('answers the probes of the server, so that it is still there after a pause', async () => {
    // Of its own accord ovsdb-server probes no unix socket; so this one asks it to, after a second of silence each time.
    const own = `${db.socket}.probed`
    db.vsctl(
      '--id=@m',
      'create',
      'Manager',
      `target="punix:${own}"`,
      'inactivity_probe=1000',
      '--',
      'add',
      'Open_vSwitch',
      '.',
      'manager_options',
      '@m',
    )
    await using relay = await relayTo(own)
    using at = client(relay.path)
    await until(async () => (await at.select(BRIDGES).catch(() => undefined)) !== undefined)
    const before = relay.connections.length
    await sleep(3_500)
    // Every second a probe; a server without an answer hangs up a second later.
    assert.ok(relay.sent().split('{"id":"echo","result":[],"error":null}').length > 2, relay.sent())
    assert.equal(relay.connections.at(-1)?.closed, false)
    assert.deepEqual(await at.select(BRIDGES), [[{ name: 'br0' }]])
    assert.equal(relay.connections.length, before)
  })

  it('passes on what the server refuses', async () => {
    using at = client()
    await refused(at.select([{ table: 'Brigde', where: [], columns: ['name'] }]), /No table named Brigde/)
    await refused(at.select([{ table: 'Bridge', where: [], columns: ['nome'] }]), /nome/)
    await refused(at.select([{ table: 'Bridge', where: [['name', '==', 5]], columns: ['name'] }]), /./)
    await refused(at.select([...BRIDGES, { table: 'Brigde', where: [], columns: [] }]), /No table named Brigde/)
    assert.deepEqual(await at.select(BRIDGES), [[{ name: 'br0' }]])
    using other = client(db.socket, 'Closed_vSwitch')
    await refused(other.select(BRIDGES), /unknown database/)
  })

  it('carries many questions at once', async () => {
    using at = client()
    const answers = await Promise.all(Array.from({ length: 500 }, () => at.select([...BRIDGES, ...BRIDGES])))
    for (const answer of answers) assert.deepEqual(answer, [[{ name: 'br0' }], [{ name: 'br0' }]])
  })
})

/** Waits until something is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20)
}
