// The replica beside a real ovs-vswitchd: what that writes by itself, and a server that hangs.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseUnreachable } from '../../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { OvsReplica } from '../../src/lib/ovs/replica.ts'
import { testBridge } from '../support/bridge.ts'
import { relayTo } from '../support/database.ts'
import { beside, inWords, sameAnswers, until } from '../support/replica.ts'
import { tool } from '../support/tool.ts'

const SOCKET = '/run/openvswitch/db.sock'

describe('OvsReplica beside ovs-vswitchd', () => {
  it('knows the ofport that ovs-vswitchd wrote before ovs-vsctl returned, each of 50 times', async () => {
    using bridge = testBridge()
    using both = beside(SOCKET)
    await both.replica.connect()
    for (let i = 0; i < 50; i++) {
      const name = `rp${i}`
      tool('ovs-vsctl', 'add-port', bridge.name, name, '--', 'set', 'Interface', name, 'type=internal')
      const [[row] = []] = await both.replica.interfaces([{ name }])
      assert.ok(row?.ofport !== undefined && row.ofport > 0, `${name}: ofport ${row?.ofport}`)
    }
    await sameAnswers(both.reader, both.replica)
  })

  it('knows why ovs-vswitchd could not use a device', async () => {
    using bridge = testBridge()
    using both = beside(SOCKET)
    await both.replica.connect()
    tool('ovs-vsctl', '--no-syslog', 'add-port', bridge.name, 'nodevice')
    const [[row] = []] = await both.replica.interfaces([{ name: 'nodevice' }])
    assert.equal(row?.ofport, -1)
    assert.match(row.error, /nodevice/)
    const told = both.changes.flatMap(({ interfaces }) => interfaces.map(({ after }) => after?.interface.error))
    assert.equal(told.at(-1), row.error)
  })

  it('hears nothing of the statistics that ovs-vswitchd writes every five seconds', async function () {
    this.timeout(60_000)
    using bridge = testBridge()
    await using relay = await relayTo(SOCKET)
    using replica = new OvsReplica(parseEndpoint(`unix:${relay.path}`))
    assert.equal((await replica.bridge(bridge.name))?.name, bridge.name)
    const statistics = () => tool('ovs-vsctl', 'get', 'Interface', bridge.name, 'statistics')
    // The kernel greets the neighbours of a link that comes up, several times in the first ten seconds.
    tool('ip', 'link', 'set', bridge.name, 'up')
    await replica.bridge(bridge.name)
    relay.received()
    const before = statistics()
    while (statistics() === before) await sleep(200)
    assert.equal(relay.received(), 0)
  })

  it('gives up on a server that hangs, and is complete again when that goes on', async function () {
    this.timeout(60_000)
    using bridge = testBridge()
    using both = beside(SOCKET)
    await both.replica.connect()
    const server = Number(tool('pidof', 'ovsdb-server'))
    const begin = performance.now()
    process.kill(server, 'SIGSTOP')
    try {
      const reads = [both.replica.bridge(bridge.name), both.replica.everything()]
      for (const result of await Promise.allSettled(reads))
        assert.ok(result.status === 'rejected' && result.reason instanceof DatabaseUnreachable)
      const seconds = (performance.now() - begin) / 1000
      assert.ok(seconds > 9 && seconds < 12, `after ${seconds} s`)
      assert.equal(both.outages.length, 1)
      assert.match(both.outages[0] ?? '', /no answer within 10 s/)
    } finally {
      process.kill(server, 'SIGCONT')
    }
    tool('ovs-vsctl', 'set', 'Bridge', bridge.name, 'external_ids:after=1')
    await until(() => both.outages.includes('back'))
    await sameAnswers(both.reader, both.replica)
    assert.deepEqual(inWords(both.changes), [`br:~${bridge.name}`])
  })
})
