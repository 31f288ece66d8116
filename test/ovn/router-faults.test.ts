// Networks with routers while something fails: a tool, or ovsd itself.
import { strict as assert } from 'node:assert'
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { createNetwork } from '../../src/lib/plan/create-network.ts'
import type { Prepared } from '../../src/lib/plan/prepared.ts'
import { removeNetwork } from '../../src/lib/plan/remove-network.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { FAULTS, faultyRunner } from '../support/faulty-runner.ts'
import { eachKill } from '../support/each-kill.ts'
import { dump, signal } from '../support/northbound.ts'
import { localnet, PHYSNET } from '../support/localnet.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { startCentral } from '../support/ovn.ts'
import { tool } from '../support/tool.ts'
import { underlay, type Underlay } from '../support/underlay.ts'

/** Does what a recipe plans, with the runner that may fail. */
async function through(recipe: (host: Host) => Promise<Prepared<object>>, runner?: Runner): Promise<void> {
  using host = openHost()
  const { plan } = await recipe(runner === undefined ? host : { ...host, run: runner })
  if (plan !== undefined) await runPlan(plan, signal, nobody)
}

const create = (words: NetworkWords, runner?: Runner) =>
  through((host) => createNetwork(host, words, parseNetworkSpec(words), { mayExist: true }), runner)
const remove = (name: string, runner?: Runner) => through((host) => removeNetwork(host, name, {}), runner)

/** All that ovsd wrote; not what the servers count. */
const now = () => ({
  northbound: dump().filter((line) => !line.includes('"ptcp:')),
  bridge: tool('ovs-vsctl', 'get', 'Bridge', 'br-int', 'external_ids')
    .split(', ')
    .filter((pair) => pair.includes('ovsd_net')),
})

/** Makes networks, and waits until ovn-northd has said of their ports what it says. */
async function made(all: readonly NetworkWords[]): Promise<ReturnType<typeof now>> {
  for (const one of all) await create(one)
  tool('ovn-nbctl', '--timeout=10', '--wait=sb', 'sync')
  return now()
}

const TRANSIT: NetworkWords = {
  ...{ name: 'transit', role: 'transit', subnet: ['192.168.100.0/24'] },
  ...{ physnet: PHYSNET, externalGateway: ['192.168.100.1'] },
}
const vpc = (n: number): NetworkWords => ({
  ...{ name: `vpc${n}`, switch: `ls-vpc${n}`, router: `lr-vpc${n}`, transitNetwork: 'transit' },
  ...{ subnet: [`10.${n}.0.0/24`], dhcp: 'ovn' },
})

describe('networks with routers, and faults', function () {
  this.timeout(300_000)
  let hosts: Underlay
  let central: AsyncDisposable
  let physical: AsyncDisposable
  before(async () => {
    hosts = await underlay(0)
    central = await startCentral(hosts.near)
    physical = await localnet(hosts.near, ['192.168.100.1/24'], [])
    ok('ovn', 'join', `tcp:${hosts.near.address}`, '--insecure')
  })
  after(async () => {
    ok('ovn', 'leave')
    await physical[Symbol.asyncDispose]()
    await central[Symbol.asyncDispose]()
    await hosts[Symbol.asyncDispose]()
  })

  const cases: readonly (readonly [string, NetworkWords, readonly NetworkWords[]])[] = [
    ['a transit network', TRANSIT, []],
    ['a member of one', vpc(2), [TRANSIT, vpc(1)]],
  ]
  for (const [title, words, around] of cases) {
    for (const fault of FAULTS)
      it(`${title} is made, each command fails (${fault}) in turn: the databases are as before`, async () => {
        const before = await made(around)
        let hits = 0
        for (let nth = 0; ; nth++) {
          const { runner, reached } = faultyRunner(nth, fault)
          const isMade = await create(words, runner).then(
            () => true,
            () => false,
          )
          if (isMade) await remove(words.name)
          assert.deepEqual(now(), before, `command ${nth}`)
          if (!reached()) break
          hits++
        }
        assert.ok(hits >= 3, `only ${hits} commands`)
        for (const { name } of around.toReversed()) await remove(name)
      })

    for (const fault of FAULTS)
      it(`${title} is removed, each command fails (${fault}) in turn: the same again finishes it`, async () => {
        const before = await made(around)
        let hits = 0
        for (let nth = 0; ; nth++) {
          await create(words)
          const { runner, reached } = faultyRunner(nth, fault)
          const isGone = await remove(words.name, runner).then(
            () => true,
            () => false,
          )
          if (!isGone) await remove(words.name).catch(() => undefined)
          assert.deepEqual(now(), before, `command ${nth}`)
          if (!reached()) break
          hits++
        }
        assert.ok(hits >= 2, `only ${hits} commands`)
        for (const { name } of around.toReversed()) await remove(name)
      })
  }

  const words = [
    ...['net', 'create', 'vpc2', '--switch=ls-vpc2', '--router=lr-vpc2', '--transit-network=transit'],
    ...['--subnet=10.2.0.0/24', '--dhcp=ovn', '--may-exist'],
  ]
  it('killed at each call of a tool: the same command completes it, and net rm leaves nothing', async () => {
    const before = await made([TRANSIT, vpc(1)])
    for (const { path, isReached, what } of eachKill({ atLeast: 3 })) {
      const { status } = ovsd(words, { PATH: path })
      assert.equal(status, isReached() ? 137 : 0)
      ok(...words)
      assert.doesNotMatch(ok('net', 'inspect', 'vpc2'), /missing/i)
      ok('net', 'rm', 'vpc2')
      assert.deepEqual(now(), before, what())
    }
    await remove('vpc1')
    await remove('transit')
  })
})
