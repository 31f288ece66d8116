// The steps of addresses by DHCP, as every step has it: apply, then done; undo after apply; undo without apply. And each
// command of an attachment failing in turn.
import { strict as assert } from 'node:assert'
import { openTarget } from '../../src/lib/attach/target.ts'
import { messageOf } from '../../src/lib/errors.ts'
import { openHost, type Host } from '../../src/lib/host.ts'
import { attachmentFor } from '../../src/lib/plan/attach-port.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { dhcpStart } from '../../src/lib/plan/steps/dhcp-start.ts'
import { dhcpStop } from '../../src/lib/plan/steps/dhcp-stop.ts'
import { linkAutoconf } from '../../src/lib/plan/steps/link-autoconf.ts'
import { linkConfigure } from '../../src/lib/plan/steps/link-configure.ts'
import { portAdd } from '../../src/lib/plan/steps/port-add.ts'
import { vethCreate } from '../../src/lib/plan/steps/veth-create.ts'
import { linkOffload } from '../../src/lib/plan/steps/link-offload.ts'
import { PlanFailed } from '../../src/lib/run/run-plan.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { dhcpServer, type DhcpServer } from '../support/dhcp-server.ts'
import {
  alone,
  attachWith,
  clientProcesses,
  detach,
  portOfAlone,
  requestForAlone,
  type Alone,
} from '../support/dhcp-site.ts'
import { eachFault } from '../support/faulty-runner.ts'
import { snapshot } from '../support/snapshot.ts'
import { toolIn } from '../support/tool.ts'

const signal = new AbortController().signal

describe('steps of DHCP', function () {
  this.timeout(60_000)
  let all: AsyncDisposableStack
  let bridge: TestBridge
  let server: DhcpServer
  let web: Alone
  let host: Host

  beforeEach(async () => {
    all = new AsyncDisposableStack()
    bridge = all.use(testBridge())
    server = all.use(await dhcpServer(bridge.name))
    web = all.use(await alone())
    host = all.use(openHost())
  })
  afterEach(() => all.disposeAsync())

  /** Everything that comes before `dhcp.start`, then `make`, then `body`; undone in the end. */
  async function withStep(
    make: (parts: Parameters<typeof dhcpStart>) => ReversibleStep,
    body: (step: ReversibleStep) => Promise<void>,
    withPort = true,
  ): Promise<void> {
    const request = requestForAlone(bridge.name, web)
    const opened = await openTarget(host, request.container, request.where)
    using netns = opened.netns
    const attachment = attachmentFor(request, opened.target)
    const port = [
      portAdd(host, attachment),
      linkOffload(host, attachment.iface, netns),
      linkConfigure(host, attachment, netns, []),
    ]
    const steps = [vethCreate(host, attachment, netns), ...(withPort ? port : [])]
    try {
      for (const step of steps) await step.apply(signal)
      await body(make([host, attachment, netns]))
    } finally {
      for (const step of steps.toReversed()) await step.undo(signal)
    }
  }

  const findPorts = async () => host.ovs.locate((await host.ovs.interfaces([{ name: portOfAlone(web) }])).flat())

  describe('dhcp.start', () => {
    it('is done after apply, and not before', () =>
      withStep(
        (parts) => dhcpStart(...parts),
        async (step) => {
          assert.equal(await step.isDone(signal), false)
          await step.apply(signal)
          assert.equal(await step.isDone(signal), true)
          // Once more is once.
          await step.apply(signal)
          assert.equal(clientProcesses().length, 2)
          await step.undo(signal)
        },
      ))
    it('leaves nothing after undo, and the server knows', () =>
      withStep(
        (parts) => dhcpStart(...parts),
        async (step) => {
          const before = snapshot(web.netns)
          await step.apply(signal)
          assert.notDeepEqual(snapshot(web.netns), before)
          await step.undo(signal)
          assert.deepEqual([snapshot(web.netns), clientProcesses()], [before, []])
          assert.equal(server.heard('RELEASE').length, 1)
        },
      ))
    it('can be undone without having been applied, with a port and without', async () => {
      const nothing = async (step: ReversibleStep): Promise<void> => {
        const before = snapshot(web.netns)
        await step.undo(signal)
        assert.deepEqual(snapshot(web.netns), before)
      }
      await withStep((parts) => dhcpStart(...parts), nothing)
      await withStep((parts) => dhcpStart(...parts), nothing, false)
    })
    it('is not done for a port that is not there', () =>
      withStep(
        (parts) => dhcpStart(...parts),
        async (step) => {
          assert.equal(await step.isDone(signal), false)
          await assert.rejects(step.apply(signal), { code: 'NoLease' })
          assert.deepEqual(clientProcesses(), [])
        },
        false,
      ))
    it('stopped while it waits it can be undone at once', () =>
      withStep(
        (parts) => dhcpStart(...parts),
        async (step) => {
          server.say({ silent: true })
          const before = snapshot(web.netns)
          await assert.rejects(step.apply(AbortSignal.timeout(1500)))
          await step.undo(signal)
          assert.deepEqual([snapshot(web.netns), clientProcesses()], [before, []])
        },
      ))
  })

  describe('dhcp.stop', () => {
    for (const release of [true, false])
      it(`is done after apply, ${release ? 'and gives the lease back' : 'and keeps the lease'}`, () =>
        withStep(
          (parts) => dhcpStart(...parts),
          async (start) => {
            await start.apply(signal)
            const step = dhcpStop(await findPorts(), release) ?? assert.fail('no step')
            assert.equal(await step.isDone(signal), false)
            await step.apply(signal)
            assert.equal(await step.isDone(signal), true)
            assert.deepEqual([clientProcesses(), server.heard('RELEASE').length], [[], release ? 1 : 0])
            await step.undo(signal)
            // Nothing is left to be stopped.
            assert.equal(dhcpStop(await findPorts(), release), undefined)
          },
        ))
  })

  describe('link.autoconf', () => {
    it('is done after apply, and not before; undo has nothing to do', () =>
      withStep(
        ([on, attachment, netns]) => linkAutoconf(on, attachment, netns),
        async (step) => {
          toolIn(web.netns, 'sysctl', '-qw', 'net.ipv6.conf.eth1.disable_ipv6=1')
          assert.equal(await step.isDone(signal), false)
          await step.apply(signal)
          assert.equal(await step.isDone(signal), true)
          await step.undo(signal)
        },
        false,
      ))
  })

  it('each command of an attachment fails in turn: everything is undone, and no client runs', async () => {
    let undone = 0
    for (const { runner, nth, what } of eachFault()) {
      await using other = await alone()
      const before = snapshot(other.netns)
      const request = requestForAlone(bridge.name, other)
      const failure = await attachWith(runner, request).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failure === undefined) await detach(bridge.name, other)
      else {
        undone = nth + 1
        assert.ok(failure instanceof PlanFailed, messageOf(failure))
        assert.match(failure.message, /Everything done so far was undone/, what)
        assert.deepEqual(snapshot(other.netns), before, what)
      }
      assert.deepEqual([snapshot().ovs, clientProcesses()], [before.ovs, []], what)
    }
    assert.ok(undone >= 4, String(undone))
  })
})
