import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { change } from '../../src/lib/ovn/change.ts'
import { recount } from '../../src/lib/ovn/nb/addresses.ts'
import { portsOfNetwork } from '../../src/lib/ovn/nb/logical-port.ts'
import { joinSwitch, switchAt } from '../../src/lib/ovn/nb/logical-switch.ts'
import { startCluster } from '../support/nb-cluster.ts'
import { addPort, idOf, madeSwitch, northbound, pool, portOf, signal } from '../support/northbound.ts'

const ADDER = fileURLToPath(new URL('../support/port-adder.ts', import.meta.url))
const SUBNETS = ['10.5.0.0/20', 'fd05::/64']

describe('a northbound database that is a cluster', function () {
  this.timeout(120_000)

  async function refuseLosses(remotes: string, uuid: string, names: readonly string[]): Promise<void> {
    using nb = northbound(remotes)
    const ports = await portsOfNetwork(nb, idOf(1))
    assert.deepEqual(ports.map(({ name }) => name).sort(), [...names].sort())
    const all = ports.flatMap(({ ips }) => ips.map((one) => one.text))
    assert.equal(new Set(all).size, names.length * 2, all.join(' '))
    assert.deepEqual(await recount(nb, uuid), await switchAt(nb, uuid))
  }

  it('its leader is killed while five processes add fifty ports: nothing is lost, nothing is there twice', async () => {
    using cluster = await startCluster()
    using nb = northbound(cluster.remotes)
    const ls = await madeSwitch(nb, 'blue')
    const adders = [0, 1, 2, 3, 4].map((i) => {
      const args = [ADDER, cluster.remotes, ls.uuid, String(i * 10), '10', ...SUBNETS]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      return Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    })
    const isEnough = async (): Promise<boolean> => (await portsOfNetwork(nb, idOf(1))).length >= 10
    while (!(await isEnough())) await pause(10)
    const leader = await cluster.leader()
    cluster.kill(leader)
    const before = performance.now()
    for (const [stdout, stderr, [status]] of await Promise.all(adders)) assert.equal(status, 0, stdout + stderr)
    console.log(`        done ${(performance.now() - before).toFixed(0)} ms after the leader was killed`)
    assert.notEqual(await cluster.leader(), leader)
    await refuseLosses(
      cluster.remotes,
      ls.uuid,
      Array.from({ length: 50 }, (_, i) => portOf(i).name),
    )
  })

  it('a follower is killed under one that adds a port after the other: nobody waits for it', async () => {
    using cluster = await startCluster()
    using nb = northbound(cluster.remotes)
    const ls = await madeSwitch(nb, 'blue')
    const leader = await cluster.leader()
    const names: string[] = []
    for (let n = 0; n < 10; n++) {
      if (n === 5) cluster.kill(leader === 1 ? 2 : 1)
      const port = portOf(n)
      await addPort(nb, ls.uuid, port, { asked: [], pools: SUBNETS.map(pool) })
      names.push(port.name)
    }
    assert.equal(await cluster.leader(), leader)
    await refuseLosses(cluster.remotes, ls.uuid, names)
  })

  it('leaders are killed, and come back, under one that adds a port after the other', async () => {
    using cluster = await startCluster()
    using nb = northbound(cluster.remotes)
    const ls = await madeSwitch(nb, 'blue')
    const killing = (async () => {
      for (let round = 0; round < 3; round++) {
        const leader = await cluster.leader()
        cluster.kill(leader)
        await cluster.leader()
        cluster.start(leader)
        await pause(700)
      }
    })()
    const over = killing.then(() => true)
    const names: string[] = []
    while (!(await Promise.race([over, pause(0, false)])) || names.length < 50) {
      const port = portOf(names.length)
      await addPort(nb, ls.uuid, port, { asked: [], pools: SUBNETS.map(pool) })
      names.push(port.name)
    }
    await killing
    console.log(`        ${names.length} ports while three leaders were killed`)
    await refuseLosses(cluster.remotes, ls.uuid, names)
  })

  it('a change waits for an election, and for a cluster without a majority only ten seconds', async () => {
    using cluster = await startCluster()
    using nb = northbound(cluster.remotes)
    const ls = await madeSwitch(nb, 'blue')
    const leader = await cluster.leader()
    cluster.kill(leader)
    await change(nb, joinSwitch(ls, 'hv2'), signal)
    assert.ok((await switchAt(nb, ls.uuid))?.externalIds['ovsd_host.hv2'])
    const next = await cluster.leader()
    cluster.kill(next)
    const start = performance.now()
    await assert.rejects(change(nb, joinSwitch(ls, 'hv3'), signal), (error: { code?: string }) =>
      ['CentralUnreachable', 'CommandFailed'].includes(error.code ?? ''),
    )
    const took = performance.now() - start
    assert.ok(took > 9000 && took < 25_000, `${took} ms`)
  })
})
