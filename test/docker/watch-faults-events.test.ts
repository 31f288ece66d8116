// FAULTS group C, for watch: events that are cut off, lost, doubled, mixed up, late or none at all.
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { testBridge } from '../support/bridge.ts'
import { engineProxy, type EngineProxy } from '../support/engine-proxy.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelled, labelsOf, together } from '../support/labelled.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { tool } from '../support/tool.ts'
import { watch, type Watcher } from '../support/watch.ts'

const docker = (...args: string[]): string => tool('docker', ...args)
/** For `holds`, which asks as the daemon was told to and waits for the answer: nobody serves the proxy then. */
const past = (watcher: Watcher): Watcher => ({
  ...watcher,
  args: watcher.args.filter((arg) => !arg.includes('docker')),
})
const attached = ({ name }: { readonly name: string }) => ({ event: 'port.attached', container: name })
/** The requests of `docker` go past the proxy; only the daemon goes through it. */
const optionsFor = (bridge: { readonly name: string }, proxy: EngineProxy, resync: number): string[] => [
  `--bridge=${bridge.name}`,
  `--docker=${proxy.endpoint}`,
  `--resync=${resync}`,
]
/** How long the stream is cut again and again: seconds. Eight containers start and end a dozen times in that time. */
const CUTS_S = Number(process.env['OVSD_CUTS'] ?? 25)
/** Changes of name of each container that is in the stream while nobody reads it, a hundred times cheaper than its start. */
const NAMES = 28

/** Has the engine rename a container. */
async function rename(id: string, name: string): Promise<void> {
  const asked = request({
    socketPath: '/run/docker.sock',
    method: 'POST',
    path: `/containers/${id}/rename?name=${name}`,
  })
  const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage]
  answer.resume()
  assert.equal(answer.statusCode, 204)
}

describe('the stream of events of watch', function () {
  this.timeout(120_000)

  it('cut every second while containers come and go: nothing is lost, and there is no outage to speak of', async () => {
    using bridge = testBridge()
    await using proxy = await engineProxy()
    const before = hostView(bridge.name)
    proxy.spoiling.cutAfter = 1000
    const wants = Array.from({ length: 8 }, (_, i) => [{ addresses: [`10.3.0.${i + 2}/24`] }])
    using group = await together(wants.map(labelsOf))
    const made = group.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] }))
    await using watcher = await watch(optionsFor(bridge, proxy, 60))
    const end = performance.now() + CUTS_S * 1000
    const waits: number[] = []
    while (performance.now() < end) {
      await group.start()
      const began = performance.now()
      const all = (): boolean => made.every(({ id }) => portOf(id) !== undefined)
      while (!all()) {
        await pause(50)
        assert.ok(performance.now() - began < 5000, 'a container waits for its port for more than 5 s')
      }
      waits.push(performance.now() - began)
      await group.kill()
    }
    assert.ok(proxy.asked.events >= CUTS_S * 0.6, `events were asked for ${proxy.asked.events} times`)
    assert.ok(proxy.asked.events <= CUTS_S * 2, `events were asked for ${proxy.asked.events} times`)
    await group.start()
    await holds({
      ...{ containers: made, bridge: bridge.name, before, watcher: past(watcher), seconds: 10 },
      expected: ['container.restless'],
    })
    assert.deepEqual([...watcher.all('engine.lost'), ...watcher.all('engine.back')], [])
  })

  it('with garbage, doubled events and events in the wrong order: it is opened again, and all is as it should be', async () => {
    using bridge = testBridge()
    await using proxy = await engineProxy()
    const before = hostView(bridge.name)
    await using watcher = await watch(optionsFor(bridge, proxy, 60))
    using a = labelled('10.3.0.2/24')
    await watcher.sees(attached(a))
    for (const garbage of [
      'x',
      '{"Type":',
      '\0\0\0\n',
      '[1,2]\n',
      '{"Type":"container","Action":"die","Actor":{"ID":"y"}}\n',
    ]) {
      const { events } = proxy.asked
      await pause(150)
      proxy.send(garbage)
      // The beginning of an event is only known for garbage when more comes.
      proxy.send('}}}\n')
      const end = performance.now() + 3000
      while (proxy.asked.events === events && performance.now() < end) await pause(20)
      assert.ok(proxy.asked.events > events, `goes on after ${JSON.stringify(garbage)}`)
    }
    // Each event three times, and always behind the next one.
    let held = ''
    proxy.spoiling.events = (event) => {
      const now = held
      held = event
      return event + event + now
    }
    using b = labelled('10.3.0.3/24')
    await watcher.sees(attached(b))
    await watcher.after(() => docker('restart', '--time=0', a.name), attached(a))
    await holds({ containers: [a, b], bridge: bridge.name, before, watcher: past(watcher), seconds: 5 })
    // Events of containers that never were, and of lives that are over.
    const event = (Action: string, ID: string): string =>
      `${JSON.stringify({ Type: 'container', Action, Actor: { ID, Attributes: {} } })}\n`
    const port = portOf(a.id)
    const said = await watcher.during(0.5, () => {
      for (const action of ['start', 'die', 'destroy', 'rename'])
        for (const id of [a.id, 'ab'.repeat(32)]) proxy.send(event(action, id))
    })
    assert.deepEqual(said, [])
    assert.deepEqual(portOf(a.id), port)
    await holds({ containers: [a, b], bridge: bridge.name, before, watcher: past(watcher), seconds: 5 })
    assert.deepEqual(watcher.all('engine.lost'), [])
  })

  it('that loses every event, or is never answered: what happens is seen by the next look at everything', async () => {
    using bridge = testBridge()
    await using proxy = await engineProxy()
    const before = hostView(bridge.name)
    proxy.spoiling.events = () => ''
    await using watcher = await watch(optionsFor(bridge, proxy, 5))
    using a = labelled('10.3.0.2/24')
    using b = labelled('10.3.0.3/24')
    for (const one of [a, b]) await watcher.sees(attached(one), { seconds: 8 })
    await watcher.after(() => docker('kill', a.name), { event: 'port.detached', container: a.name }, 8)
    proxy.spoiling.silent = true
    proxy.cut()
    using c = labelled('10.3.0.4/24')
    await watcher.sees(attached(c), { seconds: 8 })
    await holds({ containers: [b, c], bridge: bridge.name, before, watcher: past(watcher), seconds: 5 })
  })

  it('never answered from the beginning: containers get their interfaces all the same', async () => {
    using bridge = testBridge()
    await using proxy = await engineProxy()
    proxy.spoiling.silent = true
    using a = labelled('10.3.0.2/24')
    await using watcher = await watch(optionsFor(bridge, proxy, 5))
    await watcher.sees(attached(a), { seconds: 8 })
    await holds({ containers: [a], bridge: bridge.name, watcher: past(watcher), seconds: 5 })
  })

  it('not read for ten seconds with 300 events in it: what was missed is made up for', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const wants = Array.from({ length: 10 }, (_, i) => [{ addresses: [`10.3.0.${i + 2}/24`] }])
    using group = await together(wants.map(labelsOf))
    const made = group.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] }))
    await using watcher = await watch([`--bridge=${bridge.name}`, '--resync=5'])
    await group.start()
    for (const one of made) await watcher.sees(attached(one), { seconds: 10 })
    watcher.signal('SIGSTOP')
    const begun = performance.now()
    const ids = made.map(({ id }) => id)
    const restarted = (): void => {
      docker('kill', ...ids)
      docker('start', ...ids)
    }
    restarted()
    // In the end each has the name that it had.
    for (let n = 1; n <= NAMES; n++)
      for (const { id, name } of made) await rename(id, n % 2 === 0 ? name : `${name}-${String(n)}`)
    restarted()
    docker('kill', ...ids.slice(0, 3))
    await pause(Math.max(0, 10_000 - (performance.now() - begun)))
    watcher.signal('SIGCONT')
    await holds({ containers: made.slice(3), bridge: bridge.name, before, watcher, seconds: 8 })
    assert.equal(ownPortsSeen().length, 7)
  })
})
