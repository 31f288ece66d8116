// A host that joins and leaves while something fails: a tool, or ovsd itself.
import { strict as assert } from 'node:assert'
import { Interrupted } from '../../src/lib/errors.ts'
import { openHost, type Host } from '../../src/lib/host.ts'
import { joinCloud } from '../../src/lib/plan/ovn/join.ts'
import { leaveCloud } from '../../src/lib/plan/ovn/leave.ts'
import type { Prepared } from '../../src/lib/plan/prepared.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { PlanFailed, runPlan } from '../../src/lib/run/run-plan.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { FAULTS, faultyRunner } from '../support/faulty-runner.ts'
import { eachKill } from '../support/each-kill.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { chassisNames, comesTrue, OVN_CTL, startCentral, startControllers } from '../support/ovn.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { underlay, type FarSite, type Underlay } from '../support/underlay.ts'

const signal = new AbortController().signal

/** Does what a recipe plans, with the runner that may fail. */
async function through(
  recipe: (host: Host) => Promise<Prepared<object>>,
  runner?: Runner,
  until: AbortSignal = signal,
): Promise<void> {
  using host = openHost()
  const { plan } = await recipe(runner === undefined ? host : { ...host, run: runner })
  if (plan !== undefined) await runPlan(plan, until, nobody)
}

const now = () => ({
  host: snapshot(),
  settings: tool('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch'),
  controllers: tool('sh', '-c', 'pgrep -c ovn-controller || true'),
})

/** What others see of a host whose br-int is not of ovsd; ovn-controller counts there. */
const ofHost = () => {
  const { settings, controllers } = now()
  return { settings, controllers, ports: tool('ovs-vsctl', 'list-ports', 'br-int') }
}

/** An ovn-controller that belongs nowhere, with the br-int that it makes: for the kernel's datapath, which is not there. */
function controllerBefore(): Disposable {
  tool(OVN_CTL, 'start_controller')
  tool('sh', '-c', 'until ovs-vsctl br-exists br-int; do sleep 0.05; done')
  tool('ovs-vsctl', 'set', 'Bridge', 'br-int', 'datapath_type=netdev')
  return {
    [Symbol.dispose]() {
      tool(OVN_CTL, 'stop_controller')
      tool('ovs-vsctl', 'del-br', 'br-int')
    },
  }
}

describe('ovn join and ovn leave, and faults', function () {
  this.timeout(300_000)
  let hosts: Underlay
  let far: FarSite
  let central: AsyncDisposable
  before(async () => {
    hosts = await underlay(1)
    const [first] = hosts.far
    assert.ok(first)
    far = first
    central = await startCentral(far)
  })
  after(async () => {
    await central[Symbol.asyncDispose]()
    await hosts[Symbol.asyncDispose]()
  })
  const join = (runner?: Runner, until?: AbortSignal) =>
    through((host) => joinCloud(host, { central: `tcp:${far.address}`, insecure: true }), runner, until)
  const leave = (runner?: Runner) => through((host) => leaveCloud(host, false), runner)

  for (const fault of FAULTS)
    it(`joining, each command fails (${fault}) in turn: all is as before, and central knows of nothing`, async () => {
      const before = now()
      let hits = 0
      for (let nth = 0; ; nth++) {
        const { runner, reached } = faultyRunner(nth, fault)
        const done = await join(runner).then(
          () => true,
          () => false,
        )
        if (done) await leave()
        assert.deepEqual(now(), before, `command ${nth}`)
        assert.deepEqual(await chassisNames(far), [], `command ${nth}`)
        if (!reached()) break
        hits++
      }
      assert.ok(hits >= 5, `only ${hits} commands`)
    })

  for (const fault of FAULTS)
    it(`leaving, each command fails (${fault}) in turn: what is left is named, and the same again finishes it`, async () => {
      const before = now()
      let hits = 0
      for (let nth = 0; ; nth++) {
        await join()
        const { runner, reached } = faultyRunner(nth, fault)
        const left = await leave(runner).then(
          () => [],
          (error: unknown) => (error as { left: readonly string[] }).left,
        )
        await leave()
        for (const name of await chassisNames(far)) {
          assert.match(left.join(), new RegExp(`chassis-del ${name}`), `command ${nth}`)
          await far.run('ovn-sbctl', 'chassis-del', name)
        }
        assert.deepEqual(now(), before, `command ${nth}: ${left.join()}`)
        if (!reached()) break
        hits++
      }
      assert.ok(hits >= 3, `only ${hits} commands`)
    })

  it('killed at each call of a tool: the same command completes it, and leave leaves nothing', async () => {
    const before = now()
    for (const { path, isReached, what } of eachKill({ atLeast: 3 })) {
      const { status } = ovsd(['ovn', 'join', `tcp:${far.address}`, '--insecure'], { PATH: path })
      assert.equal(status, isReached() ? 137 : 0)
      ok('ovn', 'join', `tcp:${far.address}`, '--insecure')
      assert.match(ok('ovn', 'status'), /All is well/)
      ok('ovn', 'leave')
      assert.deepEqual(now(), before, what())
      assert.deepEqual(await chassisNames(far), [])
    }
  })

  it('killed at each call while leaving: the same command finishes it, ovn-controller that ran before runs again', async () => {
    using _controller = controllerBefore()
    const before = ofHost()
    for (const { path, isReached, what } of eachKill({ atLeast: 2 })) {
      ok('ovn', 'join', `tcp:${far.address}`, '--insecure')
      const { status } = ovsd(['ovn', 'leave'], { PATH: path })
      assert.equal(status, isReached() ? 137 : 0)
      ok('ovn', 'leave')
      assert.deepEqual(ofHost(), before, what())
      assert.deepEqual(await chassisNames(far), [])
    }
  })

  it('of an ovn-controller that ran before, joining is interrupted at the end: central does not know of it', async () => {
    using _controller = controllerBefore()
    const before = ofHost()
    const interrupted = new AbortController()
    const known: (readonly string[])[] = []
    const runner: Runner = async (command, ...more) => {
      if (command.tool === 'ovn-nbctl') {
        known.push(await chassisNames(far))
        interrupted.abort(new Interrupted('SIGINT'))
      }
      return run(command, ...more)
    }
    await assert.rejects(join(runner, interrupted.signal), PlanFailed)
    assert.equal(known[0]?.length, 1, 'central knew of it')
    assert.deepEqual(await chassisNames(far), [])
    assert.deepEqual(ofHost(), before)
  })

  it('leaves although ovn-controller was killed, whose tunnels are there; a bridge with a port of others stays', async () => {
    // ovn-controller has a queue at the link of its tunnels, and leaves it there.
    const clearQueues = () => tool('ovs-vsctl', '--', '--all', 'destroy', 'QoS', '--', 'clear', 'Port', 'phy0', 'qos')
    clearQueues()
    await using _other = await startControllers(far, [far])
    const before = now()
    ok('ovn', 'join', `tcp:${far.address}`, '--insecure')
    const tunnels = () =>
      tool('ovs-vsctl', 'list-ports', 'br-int')
        .split('\n')
        .filter((name) => name.startsWith('ovn-'))
    await comesTrue(() => Promise.resolve(tunnels().length === 1), 'a tunnel to the other host')
    tool('sh', '-c', 'kill -9 $(cat /run/ovn/ovn-controller.pid)')
    tool('ovs-vsctl', 'add-port', 'br-int', 'theirs', '--', 'set', 'Interface', 'theirs', 'type=internal')
    const left = JSON.parse(ok('ovn', 'leave', '--json')) as { bridgeRemoved: boolean }
    assert.equal(left.bridgeRemoved, false)
    assert.equal(tool('ovs-vsctl', 'list-ports', 'br-int').trim(), 'theirs')
    tool('ovs-vsctl', 'del-br', 'br-int')
    ok('ovn', 'join', `tcp:${far.address}`, '--insecure')
    await comesTrue(() => Promise.resolve(tunnels().length === 1), 'a tunnel to the other host')
    tool('sh', '-c', 'kill -9 $(cat /run/ovn/ovn-controller.pid)')
    ok('ovn', 'leave')
    clearQueues()
    assert.deepEqual(now(), before)
  })
})
