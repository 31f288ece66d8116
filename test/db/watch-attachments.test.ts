// The figure of what is in place: it is that of the moment when it is read, and a silent database keeps nobody waiting.
import { strict as assert } from 'node:assert'
import { connect } from 'node:net'
import { portName } from '../../src/lib/attach/attachment.ts'
import { OvsReplica } from '../../src/lib/ovs/replica.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { countAttachments } from '../../src/lib/watch/attachments.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { ID } from '../support/samples.ts'
import { socketServer } from '../support/socket-server.ts'

describe('countAttachments', function () {
  this.timeout(30_000)
  let db: TestDatabase
  let seen: Record<string, number>[]
  const meter = {
    setAttachments: (byBridge: ReadonlyMap<string, number>) => void seen.push(Object.fromEntries(byBridge)),
  }

  beforeEach(async () => {
    seen = []
    db = await testDatabase()
    for (const bridge of ['br0', 'br1', 'br2']) db.vsctl('add-br', bridge)
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
  })

  function add(bridge: string, iface: string, owner: string, name = portName(ID, iface)): void {
    const ids = { ovsd: '1', ovsd_id: ID, ovsd_owner: owner, container_id: 'web', container_iface: iface }
    const set = Object.entries(ids).map(([key, value]) => `external_ids:${key}=${value}`)
    db.vsctl('add-port', bridge, name, '--', 'set', 'Interface', name, ...set)
  }

  it('counts what watch made, by bridge, as it is now', async () => {
    using replica = new OvsReplica(parseEndpoint(`unix:${db.socket}`))
    await countAttachments(replica, meter)
    assert.deepEqual(seen, [], 'nothing is known of a database that was not asked yet')
    await replica.connect()
    add('br0', 'eth1', 'watch')
    add('br0', 'eth2', 'watch')
    add('br1', 'eth3', 'watch')
    add('br2', 'eth4', 'cli')
    add('br2', 'eth5', 'watch', 'another')
    await countAttachments(replica, meter)
    db.vsctl('del-port', portName(ID, 'eth3'))
    await countAttachments(replica, meter)
    assert.deepEqual(seen, [{ br0: 2, br1: 1 }, { br0: 2 }])
  })

  it('leaves the figures as they were while the database is silent, and after it has ended', async () => {
    let silent = false
    await using relay = await socketServer((near) => {
      const far = connect(db.socket)
      near.pipe(far)
      far.on('data', (chunk: Buffer) => silent || near.write(chunk))
      far.on('error', () => near.destroy())
      far.on('close', () => near.destroy())
      near.on('close', () => far.destroy())
    })
    using replica = new OvsReplica(parseEndpoint(`unix:${relay.path}`))
    await replica.connect()
    silent = true
    const begun = performance.now()
    await countAttachments(replica, meter, 100)
    const took = performance.now() - begun
    assert.ok(took >= 90 && took < 1000, String(took))
    assert.equal(replica.state, 'live')
    await db.stop()
    await countAttachments(replica, meter, 5000)
    assert.ok(performance.now() - begun < 3000)
    assert.deepEqual(seen, [])
  })
})
