// FAULTS group B, for watch: containers that end at once, crash without end, or whose process number somebody else gets.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { testBridge } from '../support/bridge.ts'
import { container, pidOf } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelled, labelOptions, labelsOf, together } from '../support/labelled.ts'
import { ownPortsSeen } from '../support/ovs-rows.ts'
import { start } from '../support/ovsd.ts'
import { tool, toolIn } from '../support/tool.ts'
import { watch } from '../support/watch.ts'

const docker = (...args: string[]): string => tool('docker', ...args)
/** `docker run` with these labels, for a command that ends by itself. */
const shortLived = (address: string, options: readonly string[], ...command: string[]): string =>
  docker(
    ...['run', '--detach', '--network=none', ...options, ...labelOptions(labelsOf([{ addresses: [address] }]))],
    ...['busybox', '/bin/busybox', ...command],
  ).trim()

describe('containers that end', function () {
  this.timeout(120_000)

  it('as soon as they start, thirty of them: no error, and nothing is left', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    const ids: string[] = []
    try {
      // Some end at once, some while they are being attached.
      for (let i = 0; i < 30; i++)
        ids.push(shortLived(`10.3.0.${i + 2}/24`, [], ...(i % 2 === 0 ? ['true'] : ['sleep', `0.0${i % 10}`])))
      await holds({ containers: [], bridge: bridge.name, before, watcher, seconds: 10 })
      assert.deepEqual(ownPortsSeen(), [])
    } finally {
      docker('rm', '--force', ...ids)
    }
  })

  it('and are started again without end: little is logged, and little is done', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using calm = labelled('10.3.0.2/24')
    await watcher.sees({ event: 'port.attached', container: calm.name })
    const from = watcher.lines.length
    const id = shortLived('10.3.0.3/24', ['--restart=always'], 'sleep', '0.3')
    try {
      const ticks = ticksOf(watcher.pid)
      await pause(15_000)
      const spent = (ticksOf(watcher.pid) - ticks) / 100
      assert.ok(spent < 3, `${spent} s of CPU for one container`)
    } finally {
      docker('rm', '--force', id)
    }
    const said = watcher.lines.slice(from)
    assert.ok(said.length <= 12, `${said.length} lines`)
    assert.deepEqual(
      said.filter(({ level }) => level === 'error'),
      [],
    )
    await holds({
      ...{ containers: [calm], bridge: bridge.name, before, watcher, seconds: 5 },
      expected: ['container.restless'],
    })
  })

  it('and whose process number another process gets, in a network of its own: that one is left alone', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`, '--resync=5'])
    using a = labelled('10.3.0.2/24')
    await watcher.sees({ event: 'port.attached', container: a.name })
    const pid = pidOf(a.name)
    watcher.signal('SIGSTOP')
    docker('kill', a.name)
    const other = await processWithPid(pid)
    try {
      const network = () => toolIn(`/proc/${pid}/ns/net`, 'ip', '-oneline', 'address')
      const was = network()
      await watcher.after(() => watcher.signal('SIGCONT'), { event: 'port.detached', container: a.name })
      await pause(6000)
      assert.equal(network(), was)
      await holds({ containers: [], bridge: bridge.name, before, watcher, seconds: 5 })
    } finally {
      other.kill('SIGKILL')
    }
  })
})

/** User and system time of a process, in hundredths of a second (proc(5), fields 14 and 15). */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

/** A process with this number, in a network namespace of its own; the number has to be free. */
async function processWithPid(pid: number) {
  for (let tries = 0; tries < 50; tries++) {
    // The next process gets the number after this one, unless somebody is quicker (proc(5), ns_last_pid).
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1))
    const child = spawn('unshare', ['--net', 'sleep', '1000'], { stdio: 'ignore' })
    if (child.pid === pid) {
      await pause(200)
      return child
    }
    child.kill('SIGKILL')
  }
  return assert.fail(`no process got the number ${pid}`)
}

describe('add-port by hand while watch attaches many', function () {
  this.timeout(120_000)

  it('both do their work, and neither takes from the other', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const wants = Array.from({ length: 30 }, (_, i) => [{ addresses: [`10.3.0.${i + 2}/24`] }])
    using group = await together(wants.map(labelsOf))
    using all = new DisposableStack()
    const byHand = Array.from({ length: 6 }, () => all.use(container()))
    await using watcher = await watch([`--bridge=${bridge.name}`])
    const starting = group.start()
    const ended = await Promise.all(
      byHand.map(
        ({ name }, i) =>
          start(['add-port', bridge.name, 'eth1', name, `--ipaddress=10.3.1.${i + 1}/24`, '--vlan=7']).ended,
      ),
    )
    await starting
    for (const { status, stderr } of ended) {
      assert.equal(status, 0, stderr)
      assert.match(stderr, /^(ovsd: waiting for another ovsd to finish …\n)?$/)
    }
    const made = group.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] }))
    const hands = byHand.map((one, i) => ({ ...one, wants: [{ addresses: [`10.3.1.${i + 1}/24`], vlan: 7 }] }))
    for (const { name } of made) await watcher.sees({ event: 'port.attached', container: name }, { seconds: 20 })
    await holds({ containers: [...made, ...hands], bridge: bridge.name, before, watcher, seconds: 5 })
  })
})
