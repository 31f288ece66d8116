// FAULTS group H, for watch: starts and stops by the hundred, and nothing is left of them. OVSD_SOAK_ROUNDS=20 makes a thousand.
import { strict as assert } from 'node:assert'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { testBridge } from '../support/bridge.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelsOf, together } from '../support/labelled.ts'
import { ownPortsSeen, tableRows } from '../support/ovs-rows.ts'
import { tool } from '../support/tool.ts'
import { measuredWatch } from '../support/live-heap.ts'

const AT_ONCE = 50
const ROUNDS = Number(process.env['OVSD_SOAK_ROUNDS'] ?? 8)
/** Rounds after which a daemon has all that it needs: buffers, compiled code, connections. */
const WARM = ROUNDS / 2
/** Most that its live objects may grow from then on, in MiB: 4 kB for each start of eight rounds, 1.6 of twenty. */
const GROWTH_MIB = 0.8
/** Fifty network namespaces that end together keep the kernel from answering ovs-vswitchd for a while. */
const SLOW = [/timeval\|WARN\|/, /ovs_rcu\S*\|WARN\|blocked/]

/** What a process holds, apart from memory: the kinds of its descriptors, with their numbers, once they do not change. */
async function descriptors(pid: number): Promise<Readonly<Record<string, number>>> {
  for (let last = descriptorsNow(pid); ;) {
    await pause(500)
    const now = descriptorsNow(pid)
    if (isDeepStrictEqual(now, last)) return now
    last = now
  }
}

function descriptorsNow(pid: number): Readonly<Record<string, number>> {
  const kinds: Record<string, number> = {}
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const kind = linkOf(`/proc/${pid}/fd/${fd}`).replace(/:?\[\d+\]$/, '')
    kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  return kinds
}

/** Where a link leads; it may go at this moment. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return 'closed'
  }
}

/** Rows of every table that an attachment could leave something in, and the network namespaces of the host. */
const kept = () => ({
  rows: ['Bridge', 'Port', 'Interface', 'QoS', 'Queue', 'Mirror'].map((table) => tableRows(table, '_uuid').length),
  namespaces: tool('lsns', '--noheadings', '--type', 'net', '--output', 'NS').trim().split('\n').length,
  links: tool('ip', '-oneline', 'link').trim().split('\n').length,
})

describe('watch for a long time', function () {
  this.timeout(600_000)

  it(`${AT_ONCE * ROUNDS} starts and stops: no descriptor, namespace, row, link or memory is lost`, async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const wants = Array.from({ length: AT_ONCE }, (_, i) => [{ addresses: [`10.3.0.${i + 2}/24`] }])
    using group = await together(wants.map(labelsOf))
    const made = group.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] }))
    await using measured = await measuredWatch([`--bridge=${bridge.name}`])
    const { watcher } = measured
    const keptBefore = kept()
    let warm: { readonly held: Readonly<Record<string, number>>; readonly mib: number } | undefined
    for (let round = 1; round <= ROUNDS; round++) {
      await group.start()
      await until(() => ownPortsSeen().length === AT_ONCE, `round ${round}: ports of all`)
      if (round === ROUNDS)
        await holds({
          containers: made,
          bridge: bridge.name,
          before,
          watcher,
          complaints: SLOW,
          expected: ['container.restless'],
          seconds: 30,
        })
      await group.kill()
      await until(() => ownPortsSeen().length === 0, `round ${round}: no port`)
      if (round === WARM) warm = { held: await descriptors(watcher.pid), mib: await measured.liveMib() }
    }
    assert.deepEqual(kept(), keptBefore)
    assert.deepEqual(await descriptors(watcher.pid), warm?.held)
    const growth = (await measured.liveMib()) - (warm?.mib ?? 0)
    assert.ok(growth < GROWTH_MIB, `grown by ${growth.toFixed(2)} MiB from ${warm?.mib.toFixed(1) ?? ''}`)
    await holds({
      containers: [],
      bridge: bridge.name,
      before,
      watcher,
      complaints: SLOW,
      expected: ['container.restless'],
    })
  })
})

async function until(isSo: () => boolean, what: string, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!isSo()) {
    assert.ok(performance.now() < end, `${what}, not within ${seconds} s`)
    await pause(100)
  }
}
