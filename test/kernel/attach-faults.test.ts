import { strict as assert } from 'node:assert'
import { messageOf } from '../../src/lib/errors.ts'
import { openHost } from '../../src/lib/host.ts'
import { attachPort } from '../../src/lib/plan/attach-port.ts'
import { detachPort } from '../../src/lib/plan/detach-port.ts'
import type { AttachRequest, AttachWords } from '../../src/lib/plan/request.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { PlanFailed } from '../../src/lib/run/run-plan.ts'
import { perform } from '../../src/lib/run/session.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { run } from '../../src/lib/system/runner.ts'
import { testBridge } from '../support/bridge.ts'
import { eachFault } from '../support/faulty-runner.ts'
import { networkedNamespace } from '../support/namespace.ts'
import { requestFor } from '../support/request.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'

const signal = new AbortController().signal

async function attach(runner: Runner, request: AttachRequest): Promise<unknown> {
  using host = openHost({ runner })
  try {
    await perform({ host, signal, observer: nobody, dryRun: false }, () => attachPort(host, request))
    return undefined
  } catch (error) {
    return error
  }
}

async function detach({ bridge, iface, container }: AttachRequest): Promise<void> {
  using host = openHost({ runner: run })
  await perform({ host, signal, observer: nobody, dryRun: false }, () => detachPort(host, bridge, iface, container))
}

/**
 * Fails each changing command of the recipe in turn, in each way, and compares everything before and after. Gives how many commands
 * there are, and after which of them nothing was undone although they were stopped half-way.
 */
async function everyFault(bridge: string, words: Partial<AttachWords>): Promise<readonly [number, ...string[]]> {
  let commands = 0
  const done: string[] = []
  for (const { runner, reached, nth, what } of eachFault()) {
    using namespace = networkedNamespace()
    const before = snapshot(namespace.path)
    const request = requestFor(bridge, namespace, words)
    const failure = await attach(runner, request)
    if (reached()) commands = nth + 1
    if (failure === undefined) {
      // No such command any more; or ovs-vsctl was stopped after its work was done, which the database shows.
      if (reached()) done.push(what)
      await detach(request)
      tool('ovs-vsctl', '--if-exists', 'del-br', 'bk-missing')
    } else {
      assert.ok(failure instanceof PlanFailed, messageOf(failure))
      assert.equal(failure.status, 1, failure.message)
      assert.match(failure.message, /Everything done so far was undone/)
    }
    assert.deepEqual(snapshot(namespace.path).ovs, before.ovs, what)
    if (failure !== undefined) assert.deepEqual(snapshot(namespace.path), before, what)
  }
  return [commands, ...done]
}

describe('add-port, each command failing in turn before it ran, after it ran, and killed', () => {
  it('leaves the host as it was: gateways of both families, route, VLAN, MTU', async () => {
    using bridge = testBridge()
    const words = { gateway: ['10.77.0.1', 'fd77::1'], route: ['10.99.0.0/16,10.77.0.1'], vlan: '100', mtu: '1400' }
    assert.deepEqual(await everyFault(bridge.name, words), [5, 'command 1, killed'])
  })
  it('leaves the host as it was: a bridge that has to be created', async () => {
    assert.deepEqual(await everyFault('bk-missing', { datapath: 'netdev' }), [7, 'command 3, killed'])
  })
  it('leaves the host as it was: probing first', async () => {
    using bridge = testBridge()
    // No settings for IPv6 here.
    const words = { probe: true, ipaddress: ['10.77.0.2/24'] }
    assert.deepEqual(await everyFault(bridge.name, words), [6, 'command 1, killed'])
  }).timeout(120_000)
})
