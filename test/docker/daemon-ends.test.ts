// Ends of whoever serves Docker, `plugin` and `daemon`: a second one, one that was killed, and one that is in a hurry.
import { strict as assert } from 'node:assert'
import { existsSync, writeFileSync } from 'node:fs'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { pairs } from '../support/pairs.ts'
import { ovsd } from '../support/ovsd.ts'
import { callDriver, called, dockerId, endpointCall, networkCall } from '../support/plugin-call.ts'
import { snapshot } from '../support/snapshot.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { until } from '../support/until.ts'
import { daemon, plugin } from '../support/watch.ts'

const NETWORK = dockerId('a')

/** A PATH whose ethtool, which is started beside the transaction of an endpoint, takes three seconds more; `isBegun`: whether it has come to one. */
function slowTools(): Disposable & { readonly path: string; isBegun(): boolean } {
  const folder = temporaryFolder()
  const begun = `${folder.path}/begun`
  const script = `#!/bin/sh\n: >${begun}\nsleep 3\nexec /usr/sbin/ethtool "$@"\n`
  writeFileSync(`${folder.path}/ethtool`, script, { mode: 0o755 })
  return {
    path: `${folder.path}:${process.env['PATH'] ?? ''}`,
    isBegun: () => existsSync(begun),
    [Symbol.dispose]() {
      folder[Symbol.dispose]()
    },
  }
}

for (const [name, start] of [
  ['plugin', plugin],
  ['daemon', daemon],
] as const)
  describe(`ovsd ${name}`, function () {
    this.timeout(60_000)

    let before: ReturnType<typeof snapshot>
    holdsThroughout(() => undefined)
    beforeEach(() => {
      before = snapshot()
    })
    afterEach(async () => {
      {
        await using _service = await start()
        await called('DeleteNetwork', { NetworkID: NETWORK })
      }
      assert.deepEqual(pairs(), [])
      assert.deepEqual(snapshot(), before)
    })

    it('is the one of its host; the file of a socket that one leaves that is killed is replaced', async () => {
      const first = await start()
      const { status, stderr } = ovsd(['plugin'])
      assert.equal(status, 1)
      assert.match(stderr, new RegExp(`the managed plugin, already runs on this host, as process ${first.pid}\\.`))
      await first.stop('SIGKILL')
      assert.ok(existsSync(SOCKET))
      await assert.rejects(callDriver('GetCapabilities', {}), /ECONNREFUSED/)
      await using _second = await start()
      assert.equal((await callDriver('GetCapabilities', {})).status, 200)
    })

    it('ends by SIGTERM when the call that came is answered, whatever that takes', async () => {
      using tools = slowTools()
      const service = await start([], { PATH: tools.path })
      await called('CreateNetwork', networkCall(NETWORK, {}))
      const answer = callDriver('CreateEndpoint', endpointCall(NETWORK, dockerId('7'), '10.0.0.7/24'))
      await until(() => tools.isBegun(), 'the call to be at work', 10, { closely: true })
      assert.equal(await service.stop(), 0)
      assert.equal((await answer).status, 200)
      assert.equal(pairs().length, 2)
      await using _again = await start()
      await called('DeleteEndpoint', { NetworkID: NETWORK, EndpointID: dockerId('7') })
    })

    it('ends by a second SIGTERM at once: the work for the call is undone, and Docker is told so', async () => {
      using tools = slowTools()
      const service = await start([], { PATH: tools.path })
      await called('CreateNetwork', networkCall(NETWORK, {}))
      const answer = callDriver('CreateEndpoint', endpointCall(NETWORK, dockerId('7'), '10.0.0.7/24'))
      await until(() => tools.isBegun(), 'the call to be at work', 10, { closely: true })
      await service.after(() => {
        service.signal('SIGTERM')
      }, `${name}.stopping`)
      service.signal('SIGTERM')
      assert.equal(await service.ended, 143)
      const { status, body } = await answer
      assert.equal(status, 500)
      assert.match(String(body['Err']), /Interrupted by SIGTERM/)
      assert.deepEqual(pairs(), [])
    })
  })
