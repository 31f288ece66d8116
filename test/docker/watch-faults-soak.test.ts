// FAULTS group H, for watch: a thousand starts and stops, and nothing is left of them; containers that end at any moment.
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { testBridge } from '../support/bridge.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelsOf, together } from '../support/labelled.ts'
import { ownPortsSeen, tableRows } from '../support/ovs-rows.ts'
import { tool } from '../support/tool.ts'
import { watch } from '../support/watch.ts'

const AT_ONCE = 50
const ROUNDS = 20
/** Rounds after which a daemon has all that it needs: buffers, compiled code, connections. */
const WARM = 5
/** Most that it may grow from then on, in MiB: 10 kB for each start would be 7. */
const GROWTH_MIB = 6
/** Fifty network namespaces that end together keep the kernel from answering ovs-vswitchd for a while. */
const SLOW = [/timeval\|WARN\|/]

/** What a process holds, apart from memory: the kinds of its descriptors, with their numbers. */
function descriptors(pid: number): Readonly<Record<string, number>> {
  const kinds: Record<string, number> = {}
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const kind = readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:?\[\d+\]$/, '')
    kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  return kinds
}

const residentMib = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

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
    await using watcher = await watch([`--bridge=${bridge.name}`])
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
          seconds: 5,
        })
      await group.kill()
      await until(() => ownPortsSeen().length === 0, `round ${round}: no port`)
      if (round === WARM) warm = { held: descriptors(watcher.pid), mib: residentMib(watcher.pid) }
    }
    assert.deepEqual(kept(), keptBefore)
    assert.deepEqual(descriptors(watcher.pid), warm?.held)
    const growth = residentMib(watcher.pid) - (warm?.mib ?? 0)
    assert.ok(growth < GROWTH_MIB, `it grew by ${growth.toFixed(1)} MiB from ${warm?.mib.toFixed(1) ?? ''}`)
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

async function until(isSo: () => boolean, what: string, seconds = 20): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!isSo()) {
    assert.ok(performance.now() < end, `${what}, not within ${seconds} s`)
    await pause(100)
  }
}
