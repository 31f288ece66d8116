// The only file that imports prom-client. Imported when metrics are asked for, and not before: it takes memory and time.
import { readdirSync } from 'node:fs'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { RULES } from '../policy/parse-policy.ts'
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

/** More different reasons than there are error codes: from here on they are all `other`. */
const MOST_REASONS = 100
/** Names of rules: those of the file, and the one that is always there. */
const RULE_NAMES: ReadonlySet<string> = new Set([...RULES, 'ovn'])

/** Makes a meter with a registry of its own. `version` is that of the program. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
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

  const info = new Gauge({
    name: 'ovsd_build_info',
    help: 'The program; the value is always 1.',
    registers,
    labelNames: ['version'],
  })
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
  const failures = new Counter({
    name: 'ovsd_failures_total',
    help: 'Attempts that failed, by error code.',
    registers,
    labelNames: ['reason'],
  })
  const refusals = new Counter({
    name: 'ovsd_refusals_total',
    help: 'Interfaces that were refused, by error code; those of PolicyRefused also by the first rule that is broken.',
    registers,
    labelNames: ['reason', 'rule'],
  })
  const [boundedFailure, boundedRefusal] = [atMost(MOST_REASONS), atMost(MOST_REASONS)]
  const resyncs = counter('ovsd_resyncs_total', 'Times that all containers were looked at.')
  const reconnects = counter('ovsd_event_stream_reconnects_total', 'Times that the event stream was opened again.')
  let stream: 'new' | 'up' | 'lost' = 'new'
  const eventStreamUp = gauge('ovsd_event_stream_up', "1 while the engine's events are followed.")
  const databaseUp = gauge('ovsd_database_up', '1 while the Open vSwitch database answers.')
  addProcess(registers)

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    changed: (change: Change) => {
      changes.inc({ change })
    },
    failed: (code) => {
      failures.inc({ reason: boundedFailure(code) })
    },
    refused: (code, rule) => {
      const reason = boundedRefusal(code)
      refusals.inc(rule === undefined ? { reason } : { reason, rule: firstRule(rule) })
    },
    resynced: () => {
      resyncs.inc()
    },
    attachTook: histogram('ovsd_attach_seconds', 'From an event to an interface that can be used.'),
    reconcileTook: histogram('ovsd_reconcile_seconds', 'One look at one container, with what was done about it.'),
    setAttachments: (byBridge) => {
      attachments.reset()
      for (const [bridge, count] of byBridge) attachments.set({ bridge }, count)
    },
    setRefused: gauge('ovsd_refused', 'Interfaces that labels ask for and that are refused.'),
    setContainers: gauge(
      'ovsd_containers',
      'Running containers that want interfaces, at the last look at all of them.',
    ),
    setQueueLength: gauge(
      'ovsd_queue_length',
      'Containers that wait to be looked at, are being worked on, or will be tried again.',
    ),
    setEventStreamUp: (up) => {
      if (up && stream === 'lost') reconnects.inc()
      if (up) stream = 'up'
      else if (stream === 'up') stream = 'lost'
      eventStreamUp(Number(up))
    },
    setDatabaseUp: (up) => {
      databaseUp(Number(up))
    },
  }
}

/** `built-in: bridges, vlans` becomes `bridges`. */
function firstRule(rules: string): string {
  const name = rules.split(',', 1)[0]?.replace(/^built-in: /, '') ?? ''
  return RULE_NAMES.has(name) ? name : 'other'
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
