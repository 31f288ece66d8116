// FAULTS group C, for watch: an engine that is killed, comes back, is not there yet, or cannot be reached.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { pidOf } from '../support/containers.ts'
import { engineProxy } from '../support/engine-proxy.ts'
import { killEngine, startEngine } from '../support/engine.ts'
import { holds } from '../support/invariants.ts'
import { labelled } from '../support/labelled.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { pinging } from '../support/pinging.ts'
import { tool } from '../support/tool.ts'
import { watch, type Watcher } from '../support/watch.ts'

const docker = (...args: string[]): string => tool('docker', ...args)
const about = (event: string, { name }: { readonly name: string }) => ({ event, container: name })
/** The events that an outage is allowed. */
const OUTAGE = ['engine.lost']

/** One line when it went, one when it came back, and none about containers. */
function oneOutage(watcher: Watcher): void {
  assert.equal(watcher.all('engine.lost').length, 1)
  assert.equal(watcher.all('engine.back').length, 1)
  assert.deepEqual(watcher.all('port.failed'), [])
}

describe('an engine that watch follows', function () {
  this.timeout(120_000)

  it('killed with live-restore: what ended meanwhile is removed, the others and their traffic notice nothing', async () => {
    await killEngine()
    startEngine({ liveRestore: true })
    try {
      using bridge = testBridge()
      await using watcher = await watch([`--bridge=${bridge.name}`])
      using a = labelled('10.3.0.2/24')
      using b = labelled('10.3.0.3/24')
      using ends = labelled('10.3.0.4/24')
      for (const one of [a, b, ends]) await watcher.sees(about('port.attached', one))
      const ports = [portOf(a.id), portOf(b.id)]
      await using ping = await pinging(a.name, '10.3.0.3')
      const pid = pidOf(ends.name)
      await killEngine()
      process.kill(pid, 'SIGKILL')
      await watcher.sees('engine.lost')
      const said = await watcher.during(2)
      assert.deepEqual(said, [])
      await watcher.after(
        () => {
          startEngine()
        },
        'engine.back',
        15,
      )
      await watcher.sees(about('port.detached', ends))
      using c = labelled('10.3.0.5/24')
      await watcher.sees(about('port.attached', c))
      await holds({ containers: [a, b, c], bridge: bridge.name, watcher, expected: OUTAGE })
      assert.deepEqual([portOf(a.id), portOf(b.id)], ports)
      const { sent, lost } = await ping.stop()
      assert.equal(lost, 0, `${lost} of ${sent} lost`)
      oneOutage(watcher)
    } finally {
      await killEngine()
      startEngine({ liveRestore: false })
    }
  })

  it('killed without live-restore: its containers end with the next one, and get their interfaces when they start', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled('10.3.0.2/24')
    using b = labelled('10.3.0.3/24')
    for (const one of [a, b]) await watcher.sees(about('port.attached', one))
    await killEngine()
    await watcher.sees('engine.lost')
    await watcher.after(
      () => {
        startEngine()
      },
      'engine.back',
      20,
    )
    for (const one of [a, b]) await watcher.sees(about('port.detached', one), { seconds: 20 })
    assert.deepEqual(ownPortsSeen(), [])
    await watcher.after(() => docker('start', a.name), about('port.attached', a))
    await holds({ containers: [a], bridge: bridge.name, watcher, expected: OUTAGE })
    oneOutage(watcher)
  })

  it('not there when watch starts: it waits for it', async () => {
    using bridge = testBridge()
    using a = labelled('10.3.0.2/24')
    await killEngine('SIGTERM')
    const watcher = await watch([`--bridge=${bridge.name}`]).catch((error: unknown) => {
      startEngine()
      throw error
    })
    await using _ended = watcher
    await watcher.sees('engine.lost')
    startEngine()
    await watcher.sees('engine.back', { seconds: 15 })
    await watcher.after(() => docker('start', a.name), about('port.attached', a))
    await holds({ containers: [a], bridge: bridge.name, watcher, expected: OUTAGE })
    oneOutage(watcher)
  })

  it('out of reach while containers start, end and restart: all of it is made up for', async () => {
    using bridge = testBridge()
    await using proxy = await engineProxy()
    await using watcher = await watch([`--bridge=${bridge.name}`, `--docker=${proxy.endpoint}`])
    using stays = labelled('10.3.0.2/24')
    using ends = labelled('10.3.0.3/24')
    using restarts = labelled('10.3.0.4/24')
    for (const one of [stays, ends, restarts]) await watcher.sees(about('port.attached', one))
    proxy.spoiling.closed = true
    proxy.cut()
    await watcher.sees('engine.lost')
    docker('rm', '--force', ends.name)
    docker('restart', '--time=0', restarts.name)
    using starts = labelled('10.3.0.3/24')
    // What the database tells of their links meanwhile is not answered by the engine: no news.
    assert.deepEqual(await watcher.during(1.5), [])
    proxy.spoiling.closed = false
    await watcher.sees('engine.back', { seconds: 12 })
    await watcher.sees(about('port.attached', starts))
    await watcher.sees(
      { event: 'port.attached', container: restarts.name },
      { from: watcher.lines.indexOf(await watcher.sees('engine.lost')) },
    )
    const direct = { ...watcher, args: [`--bridge=${bridge.name}`] }
    await holds({
      ...{ containers: [stays, restarts, starts], bridge: bridge.name, watcher: direct, expected: OUTAGE },
      seconds: 5,
    })
    oneOutage(watcher)
  })
})
