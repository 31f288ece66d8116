// dockerd starts containers of a network on OVN whose central is another container of the same engine, and whose addresses ovsd gives.
import { strict as assert } from 'node:assert'
import { container, netnsOf, type TestContainer } from '../support/containers.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { killEngine, startingEngine } from '../support/engine.ts'
import { hostLink } from '../support/host-link.ts'
import { linksSeen } from '../support/inside-seen.ts'
import { ovnBase, ovnImage } from '../support/ovn-image.ts'
import { ok } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin } from '../support/watch.ts'

const COUNT = 50
/** With how many it is killed: it ends each of those that are left before it starts them again. */
const KILLED_COUNT = 5
/** dockerd gives containers that a killed one has left 10 seconds to end; and waits 15 for a driver that does not answer, for each container. */
const BOOT_MS = 60_000
/** As long as a call has for its work. */
const CALL_MS = 12_000

const isRunning = (name: string): boolean =>
  tool('docker', 'inspect', '--format={{.State.Running}}', name).trim() === 'true'
const addressOf = ({ name }: TestContainer): string =>
  linksSeen(netnsOf(name)).get('eth0')?.addresses[0]?.replace(/\/.*/, '') ?? ''

describe('dockerd starts, with OVN central in one of its containers', function () {
  this.timeout(300_000)

  it('all that is to restart comes back with an address of its own, and all reach each other', async () => {
    const before = snapshot()
    {
      using base = ovnBase()
      using _image = ovnImage(base)
      using _link = hostLink()
      await using driver = await plugin()
      const connections = ['nb', 'sb'].map((db, i) => `--opt=ovn.${db}_connection=tcp:172.30.0.5:664${String(i + 1)}`)
      tool(
        ...(['docker', 'network', 'create', '--driver=ovsd', '--ipam-driver=ovsd', '--subnet=10.0.0.0/24'] as const),
        ...['--opt=ovn.switch=ls-prod', ...connections, '--opt=ovn.auto_create=true', 'prod'],
      )
      {
        using stack = new DisposableStack()
        const make = (): TestContainer => container('--network=prod', '--restart=always')
        const kept = Array.from({ length: KILLED_COUNT }, () => stack.use(make()))
        let all = [...kept, ...Array.from({ length: COUNT - KILLED_COUNT }, make)]
        const [first] = all
        assert.ok(first)
        const allReach = (): boolean => all.slice(1).every((one) => answers(first.name, addressOf(one), 1))
        await until(allReach, 'all to reach each other', 90)
        for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
          await killEngine(signal)
          const since = performance.now()
          await startingEngine()
          const took = performance.now() - since
          console.log(`      dockerd after ${signal}: ${String(Math.round(took))} ms`)
          assert.ok(took < BOOT_MS, `${String(took)} ms`)
          for (const { name } of all) assert.ok(isRunning(name), `${name} was left stopped`)
          // An engine that was killed may not have started it, for its old processes; then the driver does, which looks once a minute.
          await until(() => isRunning('ovn-central'), 'central to run', 90)
          await until(allReach, 'all to reach each other', 60)
          assert.equal(new Set(all.map(addressOf)).size, all.length)
          driverHolds()
          for (const one of all.slice(KILLED_COUNT)) one[Symbol.dispose]()
          all = kept
        }
        assert.deepEqual(
          driver.all((line) => Number(line['ms'] ?? 0) > CALL_MS).map(({ msg }) => msg),
          [],
        )
        assert.deepEqual(
          driver.all('call.failed').map(({ msg }) => msg),
          [],
        )
      }
      tool('docker', 'network', 'rm', 'prod')
      ok('ovn', 'leave')
      ok('ovn', 'teardown', '--delete-data')
    }
    assert.deepEqual(snapshot(), before)
  })
})
