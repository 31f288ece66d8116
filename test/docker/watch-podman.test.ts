// watch with podman in Docker's place, as systemd runs its service: it ends when nobody asks it anything.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import type { TestContainer } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { labelOptions, labelsOf, type Want } from '../support/labelled.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { ovsd } from '../support/ovsd.ts'
import { podman, type Podman } from '../support/podman.ts'
import { watch, type Watcher } from '../support/watch.ts'

/** Seconds after which the service ends when nobody asks it anything. */
const IDLE = 2
/** The same where it has to be there still when a daemon tries again, which after a long outage takes some seconds. */
const PATIENT = 60

const about = (event: string, { name }: { readonly name: string }) => ({ event, container: name })

/** A container that asks for eth1. */
const asking = (engine: Podman, want: Want): TestContainer => engine.container(...labelOptions(labelsOf([want])))

/** Its port and its interface are as they are wanted; gives the port. */
function has(engine: Podman, { id, name }: TestContainer, bridge: string, want: Want): string {
  const port = portOf(id) ?? assert.fail(`${name} has no port`)
  assert.deepEqual([port.bridge, port.tag, port.error], [bridge, want.vlan ?? 0, ''])
  assert.ok((port.ofport ?? 0) > 0)
  const pid = engine.podman('inspect', '--format={{.State.Pid}}', name)
  const inside = insideSeen(`/proc/${pid}/ns/net`).get('eth1') ?? assert.fail(`${name} has no eth1`)
  assert.deepEqual([inside.up, inside.addresses], [true, want.addresses])
  return port.uuid
}

const complaints = (watcher: Watcher) => watcher.lines.filter(({ level }) => level === 'warn' || level === 'error')

describe('watch with podman', function () {
  this.timeout(120_000)

  it('gives containers their interfaces at start and restart, and takes them away; the service stays up for it', async () => {
    await using engine = podman()
    await engine.start(IDLE)
    let isOver = false
    const ended = engine.ended().finally(() => (isOver = true))
    using bridge = testBridge()
    const args = [`--bridge=${bridge.name}`, `--docker=${engine.endpoint}`, '--policy=none']
    {
      await using watcher = await watch(args)
      // Longer than the service waits when nobody asks.
      assert.deepEqual(await watcher.during(IDLE * 2), [])
      assert.equal(isOver, false)
      const want = { addresses: ['10.3.0.2/24'], vlan: 7 }
      using a = asking(engine, want)
      using other = engine.container()
      await watcher.sees(about('port.attached', a))
      const first = has(engine, a, bridge.name, want)
      await watcher.after(() => engine.podman('restart', '--time=0', a.name), about('port.attached', a))
      assert.notEqual(has(engine, a, bridge.name, want), first)
      await watcher.after(() => engine.podman('stop', '--time=0', a.name), about('port.detached', a))
      assert.deepEqual(ownPortsSeen(), [])
      await watcher.after(() => engine.podman('start', a.name), about('port.attached', a))
      has(engine, a, bridge.name, want)
      assert.equal(portOf(other.id), undefined)
      const again = ovsd(['watch', ...args, '--dry-run', '--json'])
      assert.deepEqual(JSON.parse(again.stdout), { dryRun: true, commands: [], refused: [] })
      await watcher.after(() => engine.podman('rm', '--force', '--time=0', a.name), about('port.detached', a))
      assert.deepEqual(ownPortsSeen(), [])
      assert.deepEqual(complaints(watcher), [])
    }
    assert.equal(await ended, 0, 'it does not end when nobody follows it')
  })

  it('killed and started again: one outage, and all that happened meanwhile is made up for', async () => {
    await using engine = podman()
    await engine.start(IDLE)
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`, `--docker=${engine.endpoint}`])
    const wantOf = (last: number): Want => ({ addresses: [`10.3.0.${last}/24`] })
    const [stays, restarts, ends] = [asking(engine, wantOf(2)), asking(engine, wantOf(3)), asking(engine, wantOf(4))]
    for (const one of [stays, restarts, ends]) await watcher.sees(about('port.attached', one))
    const before = portOf(stays.id)
    await watcher.after(() => engine.kill(), 'engine.lost')
    engine.podman('rm', '--force', '--time=0', ends.name)
    engine.podman('restart', '--time=0', restarts.name)
    const starts = asking(engine, wantOf(5))
    assert.deepEqual(await watcher.during(1.5), [])
    const from = watcher.lines.length
    await watcher.after(() => engine.start(PATIENT), 'engine.back', 15)
    await watcher.sees(about('port.detached', ends), { from })
    for (const one of [restarts, starts]) await watcher.sees(about('port.attached', one), { from })
    for (const [one, last] of [
      [stays, 2],
      [restarts, 3],
      [starts, 5],
    ] as const)
      has(engine, one, bridge.name, wantOf(last))
    assert.deepEqual(portOf(stays.id), before)
    assert.equal(ownPortsSeen().length, 3)
    assert.deepEqual(
      complaints(watcher).map(({ event }) => event),
      ['engine.lost'],
    )
    assert.equal(watcher.all('engine.back').length, 1)
  })

  it('ended for idleness before watch starts: it is waited for', async () => {
    await using engine = podman()
    await engine.start(IDLE)
    using bridge = testBridge()
    const want = { addresses: ['10.3.0.2/24'] }
    using a = asking(engine, want)
    assert.equal(await engine.ended(), 0)
    await using watcher = await watch([`--bridge=${bridge.name}`, `--docker=${engine.endpoint}`])
    await watcher.sees('engine.lost')
    await watcher.after(() => engine.start(PATIENT), 'engine.back', 15)
    await watcher.sees(about('port.attached', a))
    has(engine, a, bridge.name, want)
    assert.equal(complaints(watcher).length, 1)
  })
})

describe('watch with a rootless engine', () => {
  it('is refused with the reason, and touches nothing', async () => {
    await using engine = podman({ user: 12_345 })
    await engine.start()
    using bridge = testBridge()
    using a = asking(engine, { addresses: ['10.3.0.2/24'] })
    const before = hostView()
    const args = ['watch', `--bridge=${bridge.name}`, `--docker=${engine.endpoint}`]
    for (const more of [[], ['--once'], ['--dry-run']]) {
      const { status, stderr } = ovsd([...args, ...more])
      assert.equal(status, 1, stderr)
      assert.match(stderr, /^ovsd: The engine at unix:\S+ \(podman [^)]+\) is rootless\. An ordinary user decides/m)
      assert.match(stderr, /next: .*ovsd add-port BRIDGE INTERFACE CONTAINER --docker unix:/)
      assert.doesNotMatch(stderr, /"event":"(port|engine)\./)
      const { stdout } = ovsd([...args, ...more, '--json'])
      assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'RootlessEngine')
    }
    assert.deepEqual(hostView(), before)
    assert.deepEqual([ownPortsSeen(), portOf(a.id)], [[], undefined])
  })
})
