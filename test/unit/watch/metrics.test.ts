import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { register } from 'prom-client'
import { noMetrics } from '../../../src/lib/watch/meter.ts'
import { createMetrics, type Metrics } from '../../../src/lib/watch/metrics.ts'
import { parsePrometheus, type Family } from '../../support/prometheus.ts'

const read = async (metrics: Metrics): Promise<ReadonlyMap<string, Family>> => parsePrometheus(await metrics.text())

/** The samples of one metric. */
async function samples(metrics: Metrics, name: string): Promise<Record<string, number>> {
  const family = (await read(metrics)).get(name) ?? assert.fail(`there is no ${name}`)
  return Object.fromEntries(family.samples)
}

describe('metrics', () => {
  it('are these, each with a type and with help', async () => {
    const found = [...(await read(createMetrics('1.2.3')))].map(([name, { type }]) => `${type} ${name}`)
    assert.deepEqual(found.sort(), [
      'counter ovsd_changes_total',
      'counter ovsd_event_stream_reconnects_total',
      'counter ovsd_failures_total',
      'counter ovsd_refusals_total',
      'counter ovsd_resyncs_total',
      'counter process_cpu_seconds_total',
      'gauge ovsd_attachments',
      'gauge ovsd_build_info',
      'gauge ovsd_containers',
      'gauge ovsd_database_up',
      'gauge ovsd_event_stream_up',
      'gauge ovsd_queue_length',
      'gauge ovsd_refused',
      'gauge process_open_fds',
      'gauge process_resident_memory_bytes',
      'histogram ovsd_attach_seconds',
      'histogram ovsd_reconcile_seconds',
    ])
  })

  it('count what they are told, from zero', async () => {
    const metrics = createMetrics('1.2.3')
    const changes = (attached: number) => ({
      'ovsd_changes_total{change="attached"}': attached,
      'ovsd_changes_total{change="detached"}': 0,
      'ovsd_changes_total{change="repaired"}': 0,
    })
    assert.deepEqual(await samples(metrics, 'ovsd_changes_total'), changes(0))
    metrics.changed('attached')
    metrics.changed('attached')
    metrics.failed('CommandFailed')
    metrics.refused('AddressInUse')
    metrics.resynced()
    assert.deepEqual(await samples(metrics, 'ovsd_changes_total'), changes(2))
    for (const [name, sample] of [
      ['ovsd_failures_total', 'ovsd_failures_total{reason="CommandFailed"}'],
      ['ovsd_refusals_total', 'ovsd_refusals_total{reason="AddressInUse"}'],
      ['ovsd_resyncs_total', 'ovsd_resyncs_total'],
    ] as const)
      assert.deepEqual(await samples(metrics, name), { [sample]: 1 })
    assert.deepEqual(await samples(metrics, 'ovsd_build_info'), { 'ovsd_build_info{version="1.2.3"}': 1 })
  })

  it('count a reconnect when the stream of events is back, and not each try', async () => {
    const metrics = createMetrics('1.2.3')
    const name = 'ovsd_event_stream_reconnects_total'
    const counted: (number | undefined)[] = []
    for (const up of [false, false, true, true, false, false, false, true, true, false]) {
      metrics.setEventStreamUp(up)
      counted.push((await samples(metrics, name))[name])
    }
    assert.deepEqual(counted, [0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
  })

  it('count refusals of the policy by the first rule, under the names that the file has', async () => {
    const metrics = createMetrics('1.2.3')
    const refused = (rule: string): void => {
      metrics.refused('PolicyRefused', rule)
    }
    for (const rule of ['vlans', 'built-in: vlans', 'vlans, built-in: bridges', 'built-in: ovn', 'x"', ''])
      refused(rule)
    assert.deepEqual(await samples(metrics, 'ovsd_refusals_total'), {
      'ovsd_refusals_total{reason="PolicyRefused",rule="vlans"}': 3,
      'ovsd_refusals_total{reason="PolicyRefused",rule="ovn"}': 1,
      'ovsd_refusals_total{reason="PolicyRefused",rule="other"}': 2,
    })
  })

  it('show what is, and forget a bridge that has nothing any more', async () => {
    const metrics = createMetrics('1.2.3')
    metrics.setAttachments(new Map([['br0', 2], ['br1', 1]])) // prettier-ignore
    metrics.setAttachments(new Map([['br0', 3]]))
    metrics.setRefused(4)
    metrics.setContainers(5)
    metrics.setQueueLength(6)
    metrics.setDatabaseUp(true)
    metrics.setEventStreamUp(true)
    metrics.setEventStreamUp(false)
    for (const [name, sample, value] of [
      ['ovsd_attachments', 'ovsd_attachments{bridge="br0"}', 3],
      ['ovsd_refused', 'ovsd_refused', 4],
      ['ovsd_containers', 'ovsd_containers', 5],
      ['ovsd_queue_length', 'ovsd_queue_length', 6],
      ['ovsd_database_up', 'ovsd_database_up', 1],
      ['ovsd_event_stream_up', 'ovsd_event_stream_up', 0],
    ] as const)
      assert.deepEqual(await samples(metrics, name), { [sample]: value })
  })

  it('put times into buckets from 10 ms to 10 s', async () => {
    const metrics = createMetrics('1.2.3')
    for (const seconds of [0.004, 0.03, 0.03, 11]) metrics.attachTook(seconds)
    const found = await samples(metrics, 'ovsd_attach_seconds')
    assert.equal(found['ovsd_attach_seconds_bucket{le="0.01"}'], 1)
    assert.equal(found['ovsd_attach_seconds_bucket{le="0.05"}'], 3)
    assert.equal(found['ovsd_attach_seconds_bucket{le="10"}'], 3)
    assert.equal(found['ovsd_attach_seconds_count'], 4)
    assert.equal((await samples(metrics, 'ovsd_reconcile_seconds'))['ovsd_reconcile_seconds_count'], 0)
  })

  it('know no more than a hundred reasons', async () => {
    const metrics = createMetrics('1.2.3')
    for (let i = 0; i < 150; i++) metrics.refused(`reason${i}`)
    metrics.refused('reason3')
    const found = await samples(metrics, 'ovsd_refusals_total')
    assert.equal(Object.keys(found).length, 101)
    assert.equal(found['ovsd_refusals_total{reason="other"}'], 50)
    assert.equal(found['ovsd_refusals_total{reason="reason3"}'], 2)
  })

  it('cannot be forged by a value', async () => {
    const metrics = createMetrics('1.2.3')
    metrics.failed('x"} 1\novsd_refused 99\n\\')
    metrics.setRefused(0)
    assert.deepEqual(await samples(metrics, 'ovsd_refused'), { ovsd_refused: 0 })
  })

  it('look at this process when they are read', async () => {
    const metrics = createMetrics('1.2.3')
    const fds = async (): Promise<number> => (await samples(metrics, 'process_open_fds'))['process_open_fds'] ?? NaN
    const before = await fds()
    const fd = openSync('/dev/null', 'r')
    assert.equal(await fds(), before + 1)
    closeSync(fd)
    assert.equal(await fds(), before)
    const { process_resident_memory_bytes: memory = 0 } = await samples(metrics, 'process_resident_memory_bytes')
    assert.ok(Math.abs(memory / process.memoryUsage.rss() - 1) < 0.2, String(memory))
    const cpu = async (): Promise<number> =>
      (await samples(metrics, 'process_cpu_seconds_total'))['process_cpu_seconds_total'] ?? NaN
    const first = await cpu()
    for (const begun = process.cpuUsage(); process.cpuUsage(begun).user < 50_000;);
    const { user, system } = process.cpuUsage()
    const second = await cpu()
    assert.ok(second - first > 0.02 && Math.abs(second - (user + system) / 1e6) < 0.02, `${first} ${second}`)
  })

  it('are each their own: none are in the registry of the library', async () => {
    const one = createMetrics('1.2.3')
    const other = createMetrics('1.2.3')
    one.resynced()
    assert.deepEqual(await samples(other, 'ovsd_resyncs_total'), { ovsd_resyncs_total: 0 })
    assert.equal(register.getMetricsAsArray().length, 0)
  })

  it('keep nothing running: a process that made them ends by itself', () => {
    const file = fileURLToPath(new URL('../../../src/lib/watch/metrics.ts', import.meta.url))
    const script = `const { createMetrics } = await import('${file}'); console.log((await createMetrics('1').text()).length > 0)`
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 10_000 })
    assert.equal(said.toString(), 'true\n')
  })
})

describe('no metrics', () => {
  it('take the same calls as metrics', () => {
    const calls = Object.keys(createMetrics('1.2.3')).filter((name) => name !== 'contentType' && name !== 'text')
    assert.deepEqual(Object.keys(noMetrics).sort(), calls.sort())
  })

  it('do not load prom-client', () => {
    const files = ['meter', 'log', 'http', 'listen-address'].map((name) =>
      fileURLToPath(new URL(`../../../src/lib/watch/${name}.ts`, import.meta.url)),
    )
    // Of everything that the daemon loads without --metrics, nothing brings in the library or a server of HTTP.
    const script = `for (const file of ${JSON.stringify(files)}) await import(file)
      console.log(Object.keys(process.getBuiltinModule('module')._cache).filter((path) => path.includes('prom-client')).length,
        process.moduleLoadList.includes('NativeModule _http_server'))`
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 10_000 })
    assert.equal(said.toString(), '0 false\n')
  })
})
