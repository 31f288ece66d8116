// Whose endpoints are: found out although one of the containers cannot be looked into.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { openGround } from '../../src/lib/watch/ground.ts'
import { listed } from '../support/attachments.ts'
import { container, pidOf, type TestContainer } from '../support/containers.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { plugin } from '../support/watch.ts'

const NETWORKS = ['blue', 'green', 'red'] as const
const WHOSE = ['ovsd_id', 'ovsd_name', 'ovsd_generation', 'container_id', 'container_iface'] as const
const isKnown = ({ name }: TestContainer): boolean => listed().some((one) => one.container === name)
const endpointOf = ({ id }: TestContainer): string =>
  tool('docker', 'inspect', '--format={{range .NetworkSettings.Networks}}{{.EndpointID}}{{end}}', id).trim()
const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1])

/** A container whose process has ended, which nobody has told the engine. */
function undead(one: TestContainer): Disposable {
  const pid = pidOf(one.name)
  const shim = parentOf(pid)
  process.kill(shim, 'SIGSTOP')
  process.kill(pid, 'SIGKILL')
  return { [Symbol.dispose]: () => void process.kill(shim, 'SIGCONT') }
}

describe('whose endpoints are', function () {
  this.timeout(120_000)

  it('is found out of all that can be looked into, whichever comes first', async () => {
    const untouched = snapshot()
    {
      await using drivers = new AsyncDisposableStack()
      const driver = drivers.use(await plugin())
      for (const [n, name] of NETWORKS.entries())
        tool('docker', 'network', 'create', '--driver=ovsd', `--subnet=10.${String(n)}.0.0/24`, name)
      {
        using held = new DisposableStack()
        const all = NETWORKS.map((name) => held.use(container(`--network=${name}`)))
        await until(() => all.every(isKnown), 'whose ports they are', 30)
        await driver.stop()
        // Reads as the driver does, and so in its order.
        using ground = openGround({}, { lasts: false })
        const { host } = ground
        await host.ovs.connect()
        const rows = (await host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])).flat()
        for (const { name } of rows)
          for (const key of WHOSE) tool('ovs-vsctl', 'remove', 'Interface', name, 'external_ids', key)
        assert.equal(all.some(isKnown), false)
        // The first that is asked about.
        const first = all.find((one) => endpointOf(one) === rows[0]?.externalIds['ovsd_endpoint'])
        assert.ok(first)
        using _undead = undead(first)
        drivers.use(await plugin())
        const others = all.filter((one) => one !== first)
        await until(() => others.every(isKnown), 'whose the others are', 10)
        assert.equal(isKnown(first), false)
      }
      tool('docker', 'network', 'rm', ...NETWORKS)
    }
    assert.deepEqual(snapshot(), untouched)
  })
})
