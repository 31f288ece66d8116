// The invariants of the driver's world in every test of a suite: before its containers go, and in the logs when it ends (I10).
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { onRemoval } from './containers.ts'
import { driverHolds } from './driver-holds.ts'
import { complaintsSince, logEnds, type LogEnds } from './host-view.ts'
import { USUAL } from './invariants.ts'
import type { Watcher } from './watch.ts'

const ENGINE_LOG = '/var/log/docker.log'

/** What the logs may say in spite of all. */
export interface Exceptions {
  /** Lines that the test which is running brings about. */
  except(...lines: readonly RegExp[]): void
}

/** Checks them around each test of the suite that calls this. `driver`: the daemon as it is then, whose log is read. */
export function holdsThroughout(driver: () => Watcher | undefined, ...always: readonly RegExp[]): Exceptions {
  let ends: LogEnds
  let engine = 0
  let usual: readonly RegExp[] = []
  const read = new WeakMap<Watcher, number>()
  beforeEach(() => {
    ends = logEnds()
    engine = engineLog().length
    usual = [...USUAL, ...always]
    onRemoval(driverHolds)
  })
  afterEach(() => {
    onRemoval(undefined)
    driverHolds()
    const one = driver()
    const complaints = [
      ...complaintsSince(ends),
      ...engineComplaints(engine),
      ...(one === undefined ? [] : driverComplaints(one, read.get(one) ?? 0)),
    ]
    if (one !== undefined) read.set(one, one.lines.length)
    assert.deepEqual(
      complaints.filter((line) => !usual.some((pattern) => pattern.test(line))),
      [],
      'complaints in the logs',
    )
  })
  return {
    except(...lines) {
      usual = [...usual, ...lines]
    },
  }
}

const driverComplaints = ({ lines }: Watcher, from: number): readonly string[] =>
  lines
    .slice(from)
    .filter(({ level }) => /warn|error/.test(level))
    .map(({ level, event, msg }) => `ovsd: ${level} ${event}: ${msg}`)

const engineLog = (): string => readFileSync(ENGINE_LOG, 'utf8')

/** Of its start, and what it does again by itself. */
const ENGINES_OWN = /containerd|snapshotter|\[resolver\]|Unable to complete atomic operation, key modified/

/** What dockerd says of networks; of the rest of its work it says much. */
const engineComplaints = (from: number): readonly string[] =>
  engineLog()
    .slice(from)
    .split('\n')
    .filter((line) => /level=(warning|error)/.test(line) && /network|endpoint|sandbox|driver|plugin|ipam/i.test(line))
    .filter((line) => !ENGINES_OWN.test(line))
    .map((line) => `dockerd: ${line}`)
