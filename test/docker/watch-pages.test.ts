// What watch tells of itself: its log is as the manual says, and so are metrics and health.
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { EVENTS } from '../../scripts/docs/watch-events.ts'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { engineProxy } from '../support/engine-proxy.ts'
import { holds } from '../support/invariants.ts'
import { labelled, labelOptions } from '../support/labelled.ts'
import { portOf } from '../support/ovs-rows.ts'
import { ovsd } from '../support/ovsd.ts'
import { parsePrometheus } from '../support/prometheus.ts'
import { until } from '../support/replica.ts'
import { socketServer, temporaryFolder } from '../support/socket-server.ts'
import { tool } from '../support/tool.ts'
import { watch } from '../support/watch.ts'

const BAD = { 'ovs.ip_address': 'x' }

describe('the manual of watch', () => {
  it('has every event and key that is logged', async () => {
    using bridge = testBridge()
    using folder = temporaryFolder()
    const settings = ['--metrics=127.0.0.1:9100', `--health=unix:${join(folder.path, 'health')}`, '--verbose']
    const watcher = await watch([`--bridge=${bridge.name}`, ...settings])
    using a = labelled({ addresses: ['10.3.0.2/24'], vlan: 7 })
    await watcher.sees({ event: 'port.attached', container: a.name })
    using bad = container(...labelOptions(BAD))
    await watcher.sees({ event: 'port.refused', container: bad.name })
    await watcher.after(() => {
      watcher.signal('SIGHUP')
    }, 'policy.loaded')
    tool('docker', 'stop', '--time=0', a.name)
    await watcher.sees('port.detached')
    await watcher.stop()
    const keys = new Map(EVENTS.map(({ event, fields }) => [event, ['time', 'level', 'event', 'msg', ...fields]]))
    for (const line of watcher.lines)
      assert.deepEqual(
        Object.keys(line).filter((key) => keys.get(line.event)?.includes(key) !== true),
        [],
        JSON.stringify(line),
      )
    assert.ok(new Set(watcher.lines.map(({ event }) => event)).size >= 7)
  })
})

describe('the pages of watch', () => {
  const page = (port: number, path: string): string => tool('curl', '--silent', `http://127.0.0.1:${port}${path}`)
  const check = (bridge: string, ...where: string[]): void => {
    const get = (page: string): string => tool('curl', '--silent', '--fail', ...where, `http://localhost${page}`)
    assert.equal(get('/healthz'), 'ok\n')
    const metrics = parsePrometheus(get('/metrics'))
    const value = (name: string, labels = ''): number | undefined => metrics.get(name)?.samples.get(name + labels)
    assert.equal(value('ovsd_changes_total', '{change="attached"}'), 1)
    assert.equal(value('ovsd_attachments', `{bridge="${bridge}"}`), 1)
    assert.equal(value('ovsd_refused'), 1)
    assert.equal(value('ovsd_containers'), 2)
    assert.deepEqual([value('ovsd_event_stream_up'), value('ovsd_database_up'), value('ovsd_queue_length')], [1, 1, 0])
  }

  it('on the loopback, and on a unix socket for root alone', async () => {
    using bridge = testBridge()
    using folder = temporaryFolder()
    const socket = join(folder.path, 'metrics.sock')
    using a = labelled('10.3.0.2/24')
    using bad = container(...labelOptions(BAD))
    for (const [address, ...where] of [
      ['127.0.0.1:9100', '--connect-to', 'localhost:80:127.0.0.1:9100'],
      [`unix:${socket}`, '--unix-socket', socket],
    ] as const) {
      await using watcher = await watch([`--bridge=${bridge.name}`, `--metrics=${address}`])
      await watcher.sees({ event: 'port.attached', container: a.name })
      await watcher.sees({ event: 'port.refused', container: bad.name })
      check(bridge.name, ...where)
      await holds({ containers: [a], bridge: bridge.name, watcher, expected: ['port.refused'] })
      tool('ovs-vsctl', 'del-port', portOf(a.id)?.port ?? '')
      await watcher.sees({ event: 'port.attached' })
      await watcher.stop()
      tool('ovs-vsctl', 'del-port', portOf(a.id)?.port ?? '')
    }
  })

  it('with health at both of two addresses', async () => {
    using bridge = testBridge()
    await using _watcher = await watch([
      ...[`--bridge=${bridge.name}`, '--metrics=127.0.0.1:9100', '--health=127.0.0.1:9101'],
    ])
    for (const port of [9100, 9101]) await until(() => page(port, '/healthz') === 'ok\n')
    assert.match(page(9100, '/metrics'), /^ovsd_build_info/m)
    assert.match(page(9101, '/metrics'), /^Here is: \/healthz$/m)
  })

  it('with the reason why not, before engine and database have answered', async () => {
    await using silent = await socketServer(() => undefined)
    await using watcher = await watch([
      ...['--health=127.0.0.1:9101', `--docker=unix://${silent.path}`, `--db=unix:${silent.path}`],
    ])
    const words = `the engine at unix://${silent.path} has not answered yet\nthe Open vSwitch database has not answered yet\n`
    assert.equal(page(9101, '/healthz'), words)
    assert.equal(
      tool('curl', '--silent', '--write-out', '%{http_code}', 'http://127.0.0.1:9101/healthz'),
      `${words}503`,
    )
    // They are waited for no longer than anything else; then the log has it too.
    for (const event of ['engine.lost', 'database.lost']) await watcher.sees(event, { seconds: 15 })
    assert.match(page(9101, '/healthz'), /^[^\n]*unix:\/\/[^\n]*\n[^\n]*unix:[^\n]*\n$/)
  })

  it('with a reconnect for each time that the stream of events is back, and with the rule of a refusal', async () => {
    using bridge = testBridge()
    await using proxy = await engineProxy()
    await using watcher = await watch([
      ...[`--bridge=${bridge.name}`, `--docker=${proxy.endpoint}`, '--metrics=127.0.0.1:9100'],
    ])
    const value = (name: string, sample = name): number | undefined =>
      parsePrometheus(page(9100, '/metrics')).get(name)?.samples.get(sample)
    const is = (up: number) => () => value('ovsd_event_stream_up') === up
    const reconnects = () => value('ovsd_event_stream_reconnects_total')
    await until(is(1))
    assert.equal(reconnects(), 0)
    proxy.spoiling.closed = true
    proxy.cut()
    // It has been tried again by then, in vain.
    await watcher.sees('engine.lost')
    assert.deepEqual([is(0)(), reconnects()], [true, 0])
    proxy.spoiling.closed = false
    await until(is(1))
    assert.equal(reconnects(), 1)
    using _bad = container(...labelOptions({ 'ovs.ip_address': '10.3.0.2/24', 'ovs.bridge': 'elsewhere' }))
    const sample = 'ovsd_refusals_total{reason="PolicyRefused",rule="bridges"}'
    await until(() => value('ovsd_refusals_total', sample) === 1)
  })

  it('not for other hosts, unless that is said', () => {
    const { status, stderr } = ovsd(['watch', '--metrics=0.0.0.0:9100'])
    assert.equal(status, 2)
    assert.match(stderr, /can be reached by others than this host/)
  })
})
