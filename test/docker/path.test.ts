// `ovsd path` between containers of an engine.
import { strict as assert } from 'node:assert'
import { container, netnsOf, type TestContainer } from '../support/containers.ts'
import { answers } from '../support/asking.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'

interface Said {
  readonly arrives: boolean | null
  readonly said: string
  readonly cause: string | null
  readonly fix: readonly string[]
}

const path = (...args: string[]): Said => JSON.parse(ovsd(['path', ...args, '--json']).stdout) as Said

describe('path between containers', function () {
  this.timeout(120_000)
  let web: TestContainer
  let db: TestContainer
  before(() => {
    ok('net', 'create', 'blue', '--bridge=br0', '--mode=l2', '--subnet=10.6.0.0/24')
    web = container()
    db = container()
    for (const { name } of [web, db]) ok('net', 'connect', 'blue', name)
  })
  after(() => {
    for (const one of [web, db]) one[Symbol.dispose]()
    ok('gc')
    ok('net', 'rm', 'blue')
  })

  it('says that one is paused, although its kernel answers; what it says to type ends that', async () => {
    // Outside of the container's own processes, so that what is seen is the pause alone.
    await using _server = await answers(netnsOf(db.name), 'db', 5432)
    assert.equal(path(web.name, db.name, 'tcp/5432').cause, null)
    tool('docker', 'pause', db.name)
    try {
      assert.equal(path(web.name, db.name).cause, null, 'its kernel answers pings')
      const { arrives, cause, said, fix } = path(web.name, db.name, 'tcp/5432')
      assert.deepEqual([arrives, cause], [true, 'paused'], said)
      assert.match(said, /is paused: its kernel takes connections, and nothing in it answers\.$/)
      const udp = path(web.name, db.name, 'udp/53')
      assert.ok(udp.cause === 'refused', udp.said)
      for (const line of fix) tool('sh', '-c', line)
    } finally {
      tool('sh', '-c', `docker unpause ${db.name} 2>/dev/null; true`)
    }
    assert.equal(path(web.name, db.name, 'tcp/5432').cause, null)
  })

  it('says that one does not run', () => {
    tool('docker', 'stop', '--time=0', db.name)
    const { status, stderr } = ovsd(['path', web.name, db.name])
    assert.equal(status, 1)
    assert.match(stderr, /is not running.*\n.*docker start/)
  })
})
