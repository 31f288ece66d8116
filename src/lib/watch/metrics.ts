// The only file that imports prom-client. Import it when metrics are asked for, and not before: docs/watch.md.
import { readdirSync } from 'node:fs'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { CHANGES, type Change, type Meter } from './meter.ts'

/** A meter whose figures can be read. */
export interface Metrics extends Meter {
  /** The media type of `text()`. */
  readonly contentType: string
  /** All figures in the text format of Prometheus. */
  text(): Promise<string>
}

/** An attachment takes tens of milliseconds; ten seconds is the limit of everything that is waited for. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** More different reasons than there are error codes and rules: from here on they are all `other`. */
const MOST_REASONS = 100

/** Makes a meter with a registry of its own. `version` is that of the program. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
  const byReason = (name: string, help: string): ((reason: string) => void) => {
    const reasons = new Counter({ name, help, registers, labelNames: ['reason'] })
    const bounded = atMost(MOST_REASONS)
    return (reason) => {
      reasons.inc({ reason: bounded(reason) })
    }
  }
  const gauge = (name: string, help: string): ((value: number) => void) => {
    const one = new Gauge({ name, help, registers })
    return (value) => {
      one.set(value)
    }
  }
  const histogram = (name: string, help: string): ((seconds: number) => void) => {
    const one = new Histogram({ name, help, registers, buckets: BUCKETS })
    return (seconds) => {
      one.observe(seconds)
    }
  }

  const info = new Gauge({ name: 'ovsd_build_info', help: 'The program.', registers, labelNames: ['version'] })
  info.set({ version }, 1)
  const attachments = new Gauge({
    name: 'ovsd_attachments',
    help: 'Interfaces in place.',
    registers,
    labelNames: ['bridge'],
  })
  const changes = new Counter({
    name: 'ovsd_changes_total',
    help: 'Interfaces attached, detached or repaired.',
    registers,
    labelNames: ['change'],
  })
  // From the start at zero: the first change of a kind would otherwise be none to rate().
  for (const change of CHANGES) changes.inc({ change }, 0)
  const resyncs = counter('ovsd_resyncs_total', 'Times that all containers were looked at.')
  const reconnects = counter('ovsd_event_stream_reconnects_total', 'Times that the event stream was lost and found.')
  const eventStreamUp = gauge('ovsd_event_stream_up', "1 while the engine's events are followed.")
  const databaseUp = gauge('ovsd_database_up', '1 while the Open vSwitch database answers.')
  addProcess(registers)

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    changed: (change: Change) => {
      changes.inc({ change })
    },
    failed: byReason('ovsd_failures_total', 'Attempts that failed, by error code.'),
    refused: byReason('ovsd_refusals_total', 'Interfaces that were refused, by error code or rule.'),
    resynced: () => {
      resyncs.inc()
    },
    reconnected: () => {
      reconnects.inc()
    },
    attachTook: histogram('ovsd_attach_seconds', 'From an event to an interface that can be used.'),
    reconcileTook: histogram('ovsd_reconcile_seconds', 'One look at one container, with what was done about it.'),
    setAttachments: (byBridge) => {
      attachments.reset()
      for (const [bridge, count] of byBridge) attachments.set({ bridge }, count)
    },
    setRefused: gauge('ovsd_refused', 'Interfaces that labels ask for and that are refused.'),
    setContainers: gauge('ovsd_containers', 'Running containers with labels for ovsd.'),
    setQueueLength: gauge('ovsd_queue_length', 'Containers that wait to be looked at.'),
    setEventStreamUp: (up) => {
      eventStreamUp(Number(up))
    },
    setDatabaseUp: (up) => {
      databaseUp(Number(up))
    },
  }
}

/** Passes the first `count` different values, and gives `other` for the rest. */
function atMost(count: number): (value: string) => string {
  const seen = new Set<string>()
  return (value) => {
    if (!seen.has(value) && seen.size >= count) return 'other'
    seen.add(value)
    return value
  }
}

/**
 * The figures of the process that tell whether it leaks or is busy, under the names that all programs give them. They are
 * read when somebody asks. prom-client's own set has some 30 more, an observer of the garbage collector and a timer.
 */
function addProcess(registers: Registry[]): void {
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Gauge({
    name: 'process_open_fds',
    help: 'Open file descriptors.',
    registers,
    collect() {
      // One of them is that of the folder itself.
      this.set(readdirSync('/proc/self/fd').length - 1)
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
}
