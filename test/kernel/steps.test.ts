import { strict as assert } from 'node:assert'
import type { Attachment } from '../../src/lib/attach/attachment.ts'
import { portName } from '../../src/lib/attach/attachment.ts'
import { persistRecord, recordWithVlan } from '../../src/lib/attach/persist.ts'
import { limitOf } from '../../src/lib/ovs/port-changes.ts'
import { openTarget } from '../../src/lib/attach/target.ts'
import { openHost, type Host } from '../../src/lib/host.ts'
import { defaultRoutes } from '../../src/lib/net/ip-json.ts'
import { derivedMac } from '../../src/lib/net/mac.ts'
import { columnsOfVlan, type Vlan } from '../../src/lib/net/vlan.ts'
import type { AttachWords } from '../../src/lib/plan/request.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { bridgeCreate } from '../../src/lib/plan/steps/bridge-create.ts'
import { linkConfigure } from '../../src/lib/plan/steps/link-configure.ts'
import { linkOffload } from '../../src/lib/plan/steps/link-offload.ts'
import { rateSet } from '../../src/lib/plan/steps/rate-set.ts'
import { linkTune } from '../../src/lib/plan/steps/link-tune.ts'
import { portAdd } from '../../src/lib/plan/steps/port-add.ts'
import { vethCreate } from '../../src/lib/plan/steps/veth-create.ts'
import { vlanSet } from '../../src/lib/plan/steps/vlan-set.ts'
import type { Netns } from '../../src/lib/system/netns.ts'
import { testBridge } from '../support/bridge.ts'
import { networkedNamespace } from '../support/namespace.ts'
import { requestFor } from '../support/request.ts'
import { snapshot } from '../support/snapshot.ts'

interface Fixture {
  readonly host: Host
  readonly attachment: Attachment
  readonly netns: Netns
  readonly path: string
}

type Make = (fixture: Fixture) => ReversibleStep | Promise<ReversibleStep>

const signal = new AbortController().signal

/** A bridge, a namespace with a default route of its own, and the steps that have to come first; until it is disposed of. */
async function fixtureFor(before: readonly Make[], words: Partial<AttachWords>): Promise<Fixture & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const host = stack.use(openHost())
  const bridge = stack.use(testBridge())
  const namespace = stack.use(networkedNamespace())
  const request = requestFor(bridge, namespace, words)
  const { target, netns } = await openTarget(host, request.container, request.where)
  stack.use(netns)
  const attachment: Attachment = { ...request, target, mac: derivedMac(target.id, request.iface) }
  const fixture = { host, attachment, netns, path: namespace.path }
  for (const make of before) {
    const step = await make(fixture)
    stack.defer(() => step.undo(signal))
    await step.apply(signal)
  }
  const held = stack.move()
  return { ...fixture, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

/** The three tests that every step has. `settings`: the step only sets what goes away with the interface. */
function stepTests(
  id: string,
  make: Make,
  first: readonly Make[] = [],
  options: { settings?: boolean; words?: Partial<AttachWords> } = {},
): void {
  const { settings = false, words = {} } = options
  describe(id, () => {
    let fixture: Fixture & AsyncDisposable
    // As it is before the first of them: what one left would be a difference in the next.
    let earlier: ReturnType<typeof snapshot>
    before(async () => {
      fixture = await fixtureFor(first, words)
      earlier = snapshot(fixture.path)
    })
    after(() => fixture[Symbol.asyncDispose]())

    it('can be undone without having been applied', async () => {
      await (await make(fixture)).undo(signal)
      assert.deepEqual(snapshot(fixture.path), earlier)
    })
    it('is done after apply, and not before', async () => {
      const step = await make(fixture)
      assert.equal(step.id, id)
      assert.equal(await step.isDone(signal), false)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      await step.undo(signal)
    })
    it('leaves nothing after undo', async () => {
      const step = await make(fixture)
      await step.apply(signal)
      if (!settings) assert.notDeepEqual(snapshot(fixture.path), earlier, 'the snapshot does not see this step')
      await step.undo(signal)
      assert.deepEqual(snapshot(fixture.path), earlier)
    })
  })
}

const veth: Make = ({ host, attachment, netns }) => vethCreate(host, attachment, netns)
const port: Make = ({ host, attachment }) => portAdd(host, attachment)
const configure: Make = async ({ host, attachment, netns }) =>
  linkConfigure(host, attachment, netns, [{ family: 4, routes: await defaultRoutes(host.run, netns, 4) }])

describe('steps', () => {
  stepTests('bridge.create', ({ host }) => bridgeCreate(host, 'bk-new', 'netdev'))
  stepTests('veth.create', veth)
  stepTests('veth.create', veth, [], { words: { mtu: '1400', macaddress: '02:00:00:00:00:01' } })
  stepTests('veth.create', ({ host, attachment }) => vethCreate(host, attachment, undefined), [], {
    words: { mtu: '1400' },
  })
  stepTests('port.add', port, [veth], { words: { vlan: '100' } })
  stepTests('port.add', port, [veth], { words: { trunks: '10,20-22', nativeVlan: '5' } })
  stepTests('port.add', port, [veth], { words: { rate: '10M', tenant: 'blue' } })
  stepTests('port.add', ({ host, attachment }) => portAdd(host, { ...attachment, persist: true }), [veth])
  stepTests('link.tune', ({ host, attachment, netns }) => linkTune(host, attachment, netns), [veth], { settings: true })
  stepTests('link.offload', ({ host, attachment, netns }) => linkOffload(host, attachment.iface, netns), [veth], {
    settings: true,
  })
  stepTests('link.configure', configure, [veth, port])
  stepTests('link.configure', configure, [veth, port], {
    words: { gateway: ['10.77.0.1', 'fd77::1'], route: ['10.99.0.0/16,10.77.0.1'] },
  })
  stepTests('link.configure', configure, [veth, port], { words: { gateway: ['172.16.0.1', 'fe80::1'] } })
  stepTests(
    'vlan.set',
    ({ host, attachment: { target, iface } }) =>
      vlanSet(
        host,
        portName(target.id, iface),
        { kind: 'native', tag: 7, trunks: [1, 2, 3] },
        { tag: 100, trunks: [], mode: '' },
      ),
    [veth, port],
    { words: { vlan: '100' } },
  )
  stepTests(
    'vlan.set',
    ({ host, attachment }) => {
      const { bridge, target, iface } = attachment
      const vlan: Vlan = { kind: 'access', tag: 7 }
      const before = persistRecord({ ...attachment, vlan: { kind: 'access', tag: 100 } })
      const after = recordWithVlan(before, target.id, iface, columnsOfVlan(vlan))
      const columns = { tag: 100, trunks: [], mode: '' }
      return vlanSet(host, portName(target.id, iface), vlan, columns, { bridge, before, after })
    },
    [veth, ({ host, attachment }) => portAdd(host, { ...attachment, persist: true })],
    { words: { vlan: '100' } },
  )
  stepTests(
    'rate.set',
    ({ host, attachment: { target, iface } }) => rateSet(host, portName(target.id, iface), 20_000, limitOf(10_000)),
    [veth, port],
    { words: { rate: '10M' } },
  )
})
