// What many containers cost that are looked at together: never one process for each of them where /proc or one look shows
// the same.
import { strict as assert } from 'node:assert'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { labels, ports } from '../support/ports.ts'
import { Reconciling } from '../support/reconciling.ts'
import type { Sleeper } from '../support/sleepers.ts'
import { toolIn } from '../support/tool.ts'

const MANY = 12

describe('many containers at once', () => {
  let all: AsyncDisposableStack
  let bridge: TestBridge
  let site: Reconciling
  let made: readonly Sleeper[]

  beforeEach(async () => {
    all = new AsyncDisposableStack()
    bridge = all.use(testBridge())
    site = all.use(await Reconciling.open())
    made = await Promise.all(
      Array.from({ length: MANY }, (_, i) => {
        const addresses = `10.0.0.${String(i + 2)}/24,fd00::${(i + 2).toString(16)}/64`
        return site.engine.run(labels(bridge, addresses, { 'ovs.gateway': '10.0.0.1,fd00::1' }))
      }),
    )
  })

  afterEach(() => all.disposeAsync())

  const started = (words: RegExp): readonly string[] => site.started.filter((line) => words.test(line))
  const attached = () => made.map(({ name }) => `+ ${name} eth1`).sort()

  it('with gateways are not asked one by one for the default routes that they do not have', async () => {
    assert.deepEqual(await site.look(...made), attached())
    assert.deepEqual(started(/route show/), [])
    for (const { netns } of made)
      assert.match(toolIn(netns, 'ip', '-6', 'route', 'show', 'default'), /default via fd00::1 dev eth1/)
  })

  it('with a default route: it is asked for, once and of its family only', async () => {
    const [first = assert.fail()] = made
    const route = ['route', 'show', 'default']
    toolIn(first.netns, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'far')
    for (const link of ['eth0', 'far']) toolIn(first.netns, 'ip', 'link', 'set', link, 'up')
    toolIn(first.netns, 'ip', 'address', 'add', '192.0.2.2/24', 'dev', 'eth0')
    toolIn(first.netns, 'ip', 'route', 'add', 'default', 'via', '192.0.2.1')
    assert.deepEqual(await site.look(...made), attached())
    assert.equal(started(/route show/).length, 1)
    assert.match(started(/route show/)[0] ?? '', /ip -4 -json route show default$/)
    assert.match(toolIn(first.netns, 'ip', ...route), /^default via 10\.0\.0\.1 dev eth1/)
  })

  it('restarted: nothing is looked up about ports whose links went with them', async () => {
    await site.look(...made)
    for (const one of made) await one.stop()
    for (const one of made) await one.start()
    assert.deepEqual(await site.look(...made), attached())
    assert.deepEqual(started(/ (show|list) ?/), [])
    assert.equal(ports(bridge).length, MANY)
  })

  it('looked at thoroughly share their looks at the hosts’ ends of pairs', async () => {
    await site.look(...made)
    assert.deepEqual(await site.lookThoroughly(...made), [])
    const looks = started(/link show type veth/).length
    assert.ok(looks >= 1 && looks <= MANY / 2, `${String(looks)} looks for ${String(MANY)} containers`)
    assert.equal(started(/address show/).length, MANY, 'somebody was not looked at')
  })
})
