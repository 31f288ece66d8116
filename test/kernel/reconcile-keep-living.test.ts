// What the recipe of add-port makes of a living port for a reconciler, on bare namespaces.
import { strict as assert } from 'node:assert'
import { readdirSync } from 'node:fs'
import { portName } from '../../src/lib/attach/attachment.ts'
import { OvsdError } from '../../src/lib/errors.ts'
import { openHost } from '../../src/lib/host.ts'
import { attachPort } from '../../src/lib/plan/attach-port.ts'
import type { AttachResult } from '../../src/lib/plan/attach-result.ts'
import type { AttachWords } from '../../src/lib/plan/request.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { isDryRun, perform } from '../../src/lib/run/session.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { faultyRunner } from '../support/faulty-runner.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { requestFor } from '../support/request.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'

const signal = new AbortController().signal
const WORDS = { owner: 'watch', gateway: ['10.77.0.1', 'fd77::1'], vlan: '7', rate: '10M', mtu: '1400' } as const

describe('a living port that is to be kept', () => {
  let all: DisposableStack
  let bridge: TestBridge
  let namespace: BareNamespace
  let port: string

  beforeEach(async () => {
    all = new DisposableStack()
    bridge = all.use(testBridge())
    namespace = all.use(bareNamespace())
    port = portName(namespace.name, 'eth1')
    assert.equal((await keep()).status, 'attached')
  })

  afterEach(() => {
    all.dispose()
  })

  async function keep(words: Partial<AttachWords> = {}, runner: Runner = run): Promise<AttachResult> {
    using host = openHost({ runner })
    const request = { ...requestFor(bridge, namespace, { ...WORDS, ...words }), keep: true }
    const outcome = await perform({ host, signal, observer: nobody, dryRun: false }, () => attachPort(host, request))
    return isDryRun(outcome) ? assert.fail() : outcome
  }

  const ip = (...args: string[]): string => toolIn(namespace.path, 'ip', ...args)
  const now = () => snapshot(namespace.path)
  const ofport = (): string => tool('ovs-vsctl', 'get', 'Interface', port, 'ofport').trim()

  it('is not touched when it is as asked for, in whatever order that is said', async () => {
    const before = now()
    assert.equal((await keep()).status, 'unchanged')
    assert.equal(
      (await keep({ ipaddress: ['fd77::2/64', '10.77.0.2/24'], gateway: ['fd77::1', '10.77.0.1'] })).status,
      'unchanged',
    )
    assert.deepEqual(now(), before)
  })

  function damage(): void {
    const wrong = [`set Port ${port} tag=9 trunks=3`, `set Interface ${port} ingress_policing_rate=1`]
    tool('ovs-vsctl', ...wrong.join(' -- ').split(' '))
    ip('address', 'del', '10.77.0.2/24', 'dev', 'eth1')
    ip('link', 'set', 'eth1', 'mtu', '1300')
    tool('ip', 'link', 'set', port, 'down')
  }

  it('gets all that is wrong put right in one plan, and stays the same port', async () => {
    const [before, number] = [now(), ofport()]
    damage()
    const { status, replaced } = await keep()
    assert.deepEqual([status, replaced, ofport()], ['repaired', [], number])
    assert.deepEqual(now(), before)
    assert.equal((await keep()).status, 'unchanged')
  })

  it('is as it was found when its repair fails', async () => {
    damage()
    const before = now().ovs
    for (const nth of [0, 1]) {
      await assert.rejects(keep({}, faultyRunner(nth, 'before').runner))
      assert.deepEqual(now().ovs, before)
    }
    assert.equal((await keep()).status, 'repaired')
  })

  for (const [what, words] of Object.entries<Partial<AttachWords>>({
    'another address': { ipaddress: ['10.77.0.3/24', 'fd77::2/64'] },
    'an address more': { ipaddress: ['10.77.0.2/24', '10.77.0.3/24', 'fd77::2/64'] },
    'another prefix length': { ipaddress: ['10.77.0.2/25', 'fd77::2/64'] },
    'another gateway': { gateway: ['10.77.0.9', 'fd77::1'] },
    'a route': { route: ['10.9.0.0/16,10.77.0.1'] },
    'another MAC': { macaddress: '02:00:00:00:00:01' },
    'no MTU': { mtu: undefined },
  }))
    it(`is made anew when ${what} is asked for`, async () => {
      const number = ofport()
      const { status, replaced } = await keep(words)
      assert.deepEqual([status, replaced], ['attached', [port]])
      assert.notEqual(ofport(), number)
      assert.deepEqual(tool('ovs-vsctl', 'list-ports', bridge.name).trim(), port)
      assert.equal((await keep(words)).status, 'unchanged')
    })

  it('changes its VLAN and its rate in place when others are asked for', async () => {
    const number = ofport()
    assert.equal((await keep({ vlan: undefined, trunks: '5,6', rate: undefined })).status, 'repaired')
    assert.equal(ofport(), number)
    assert.equal((await keep({ vlan: undefined, trunks: '5,6', rate: undefined })).status, 'unchanged')
  })

  it('is made anew when an IPv6 address has another prefix length, which the kernel does not change', async () => {
    ip('address', 'del', 'fd77::2/64', 'dev', 'eth1')
    ip('address', 'add', 'fd77::2/65', 'dev', 'eth1', 'nodad')
    assert.equal((await keep()).status, 'attached')
    assert.equal((await keep()).status, 'unchanged')
  })

  it('is left alone when another owner made it, or it is on another bridge', async () => {
    using other = testBridge()
    const before = now()
    const refused = async (words: Partial<AttachWords>, code: string) =>
      assert.rejects(keep(words), (error) => error instanceof OvsdError && error.code === code)
    await refused({ owner: 'cli' }, 'AttachedByOther')
    await refused({ owner: 'net' }, 'AttachedByOther')
    await refused({ bridge: other.name }, 'PortMoved')
    assert.deepEqual(now(), before)
    tool('ovs-vsctl', 'set', 'Interface', port, 'external_ids:ovsd_persist=1')
    await refused({}, 'AttachedByOther')
  })

  it('leaves no descriptor open, whatever becomes of it', async () => {
    const count = () => readdirSync('/proc/self/fd').length
    await keep()
    const before = count()
    await keep()
    damage()
    await keep()
    await keep({ owner: 'cli' }).catch(() => undefined)
    await keep({ ipaddress: ['10.77.0.3/24'], gateway: ['10.77.0.1'] })
    assert.equal(count(), before)
  })
})
