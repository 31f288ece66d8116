// FAULTS group E, for watch with thirty containers: Open vSwitch stops, dies, forgets everything, or loses it to somebody.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { killOvs, silent, startOvs } from '../support/engine.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelled, labelsOf, together, type LabelledContainer, type Wanting } from '../support/labelled.ts'
import { ownPortsSeen } from '../support/ovs-rows.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { watch, type Watcher } from '../support/watch.ts'

const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args)
const pidIn = (name: string): number => Number(readFileSync(`/run/openvswitch/${name}.pid`, 'utf8'))
const BRIDGE = 'bkf'
/** What of an outage may be in the log, each once. */
const OUTAGE = ['database.lost']

describe('Open vSwitch under watch', function () {
  this.timeout(120_000)
  let held: AsyncDisposableStack
  let watcher: Watcher
  let made: readonly Wanting[]
  let all: readonly Wanting[]
  let extra: LabelledContainer | undefined
  /** Lines of the log before this test. */
  let begun = 0
  before(async () => {
    held = new AsyncDisposableStack()
    held.defer(() => void vsctl('--if-exists', 'del-br', BRIDGE))
    watcher = held.use(await watch([`--bridge=${BRIDGE}`]))
    const wants = Array.from({ length: 30 }, (_, i) => [{ addresses: [`10.3.0.${i + 101}/24`] }])
    const group = held.use(await together(wants.map(labelsOf)))
    made = group.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] }))
    all = made
    await group.start()
    await whole()
  })
  beforeEach(() => {
    begun = watcher.lines.length
  })
  afterEach(() => {
    extra?.[Symbol.dispose]()
    extra = undefined
    all = made
  })
  after(() => held.disposeAsync())

  /** Everything is there again, within so many seconds. */
  async function whole(seconds = 15, expected: readonly string[] = []): Promise<void> {
    const end = performance.now() + seconds * 1000
    const complete = (): boolean => ownPortsSeen().filter(({ ofport = 0 }) => ofport > 0).length === all.length
    while (!complete() && performance.now() < end) await pause(50)
    const now = { ...watcher, lines: watcher.lines.slice(begun) }
    const complaints = [...expected, 'container.restless']
    await holds({ containers: all, bridge: BRIDGE, watcher: now, expected: complaints, seconds: 5 })
    assert.ok(answers(all[0]?.name ?? '', '10.3.0.130'))
  }
  const start = (): LabelledContainer => {
    extra = labelled('10.3.0.2/24')
    all = [...made, extra]
    return extra
  }
  /** One line when it went, one when it came back; and none about single containers. */
  async function outage(action: () => unknown): Promise<void> {
    const from = watcher.lines.length
    await action()
    await watcher.sees('database.back', { from, seconds: 10 })
    await whole(15, OUTAGE)
    const said = watcher.lines.slice(from)
    assert.equal(said.filter(({ event }) => event === 'database.lost').length, 1)
    assert.equal(said.filter(({ event }) => event === 'database.back').length, 1)
    assert.deepEqual(
      said.filter(({ event }) => event === 'port.failed'),
      [],
    )
  }

  it('all ports of the bridge deleted at once', async () => {
    vsctl(...ownPortsSeen().flatMap(({ port }) => ['--', 'del-port', port]))
    await whole()
  })

  it('the bridge deleted', async () => {
    vsctl('del-br', BRIDGE)
    await whole()
  })

  it('ovs-vswitchd stopped while a container is attached, and continued', async () => {
    {
      using _daemon = silent('ovs-vswitchd')
      const { name } = start()
      await pause(3000)
      assert.deepEqual(watcher.all({ container: name }), [])
    }
    await whole()
  })

  it('ovs-vswitchd stopped for longer than anybody waits: it is said, and done when it goes on', async () => {
    {
      using _daemon = silent('ovs-vswitchd')
      const { name } = start()
      await watcher.sees({ event: 'port.failed', container: name }, { seconds: 25 })
    }
    await whole(15, ['port.failed'])
    assert.equal(watcher.all({ event: 'port.failed', level: 'error' }).length, 1)
  })

  it('ovsdb-server killed, containers start and end, and it is started again', () =>
    outage(async () => {
      process.kill(pidIn('ovsdb-server'), 'SIGKILL')
      await watcher.sees('database.lost')
      start()
      tool('docker', 'restart', '--time=0', made[1]?.name ?? '')
      await pause(1000)
      tool('sh', fileURLToPath(new URL('../../lab/services/ovsdb-server.sh', import.meta.url)))
    }))

  it('both killed, and started again', () =>
    outage(async () => {
      await killOvs()
      start()
      startOvs()
    }))

  it('both killed, and started with an empty database: everything comes back', () =>
    outage(async () => {
      await killOvs()
      startOvs({ emptied: true })
    }))

  it('leaves the host as it was', async () => {
    const before = hostView(BRIDGE)
    vsctl(...ownPortsSeen().flatMap(({ port }) => ['--', 'del-port', port]))
    await whole()
    await holds({ containers: all, bridge: BRIDGE, before, seconds: 3 })
  })
})
