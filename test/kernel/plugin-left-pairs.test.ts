// Pairs of endpoints go after Docker was answered: what becomes of them when that fails, or when nobody is there to do it.
import { strict as assert } from 'node:assert'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linksOf } from '../../src/lib/attach/endpoint.ts'
import { openHost } from '../../src/lib/host.ts'
import { leftPairs } from '../../src/lib/plugin/left-pairs.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { pairs } from '../support/pairs.ts'
import { called, dockerId, endpointCall, networkCall } from '../support/plugin-call.ts'
import { tool } from '../support/tool.ts'
import { plugin } from '../support/watch.ts'

const NETWORK = dockerId('b')
const [E1, E2] = [dockerId('1'), dockerId('2')]
const names = (EndpointID: string) => ({ NetworkID: NETWORK, EndpointID })
const create = (id: string, address: string) => called('CreateEndpoint', endpointCall(NETWORK, id, address))
const { signal } = new AbortController()

/** PATH with an `ip` that deletes no links. */
function withoutDeletion(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-tools-'))
  const script = '#!/bin/sh\n[ "$1" != -force ] || { echo no >&2; exit 1; }\nexec /usr/sbin/ip "$@"\n'
  writeFileSync(join(folder, 'ip'), script)
  chmodSync(join(folder, 'ip'), 0o755)
  return {
    path: `${folder}:${process.env['PATH'] ?? ''}`,
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true })
    },
  }
}

describe('pairs of endpoints', function () {
  this.timeout(60_000)

  beforeEach(async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, { bridge: 'bp0', mode: 'l2', vlan: '7' }))
    await create(E1, '10.0.0.2/24')
    await create(E2, '10.0.0.3/24')
  })
  afterEach(async () => {
    await using _driver = await plugin()
    for (const id of [E1, E2]) await called('DeleteEndpoint', names(id))
    await called('DeleteNetwork', { NetworkID: NETWORK })
    assert.deepEqual(pairs(), [])
  })

  it('that cannot be deleted are told of, and their port is gone all the same', async () => {
    using tools = withoutDeletion()
    await using driver = await plugin([], { PATH: tools.path })
    await called('DeleteEndpoint', names(E1))
    const { msg, endpoint, left } = await driver.sees('pair.left')
    assert.match(msg, /^The links of an endpoint that is gone are left: /)
    assert.deepEqual([endpoint, left], [E1.slice(0, 12), [linksOf(E1).port]])
    assert.equal(pairs().length, 4)
    assert.equal(tool('ovs-vsctl', 'list-ports', 'bp0').trim(), linksOf(E2).port)
  })

  it('are gone when the driver has ended, whenever it was told to', async () => {
    const driver = await plugin()
    const deleted = called('DeleteEndpoint', names(E1))
    await Promise.all([deleted, deleted.then(() => driver.stop())])
    assert.deepEqual(tool('ip', '-json', 'link', 'show', 'type', 'veth').match(/"ifname":/g)?.length, 2)
  })

  it('without a port go after a while, and no other link does', async () => {
    const { port } = linksOf(E1)
    const foreign = `${'f'.repeat(13)}_l`
    tool('ovs-vsctl', 'del-port', port)
    tool('ip', 'link', 'add', foreign, 'type', 'veth', 'peer', 'name', 'foreign')
    try {
      using host = openHost()
      const chore = leftPairs(0)
      assert.deepEqual(await chore(host, signal), [], 'at the first look it may be under way')
      const [due, ...more] = await chore(host, signal)
      assert.deepEqual([due?.about, due?.why, more], ['pairs of endpoints', [`removed ${port}: they have no port`], []])
      const plan = await due?.plan(signal)
      assert.ok(plan)
      await runPlan(plan, signal, nobody)
      assert.deepEqual([...pairs()].sort(), [foreign, linksOf(E2).port, linksOf(E2).far].sort())
      assert.deepEqual(await chore(host, signal), [])
    } finally {
      tool('ip', 'link', 'del', 'dev', foreign)
    }
  })
})
