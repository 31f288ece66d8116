// Mirrors of real containers: restarts, what is removed, networks, and names for completion.
import { strict as assert } from 'node:assert'
import { container, netnsOf, type TestContainer } from '../support/containers.ts'
import { hostView, type HostView, type LogEnds } from '../support/host-view.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { ECHO, mirrorRows, mirrorsSeen } from '../support/mirrors.ts'
import { json, ok } from '../support/ovsd.ts'
import { sniffer } from '../support/sniffer.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { watch } from '../support/watch.ts'

const BRIDGE = 'bm0'
const shape = (view: HostView & LogEnds) => ({ ...view, ends: undefined })

const attach = ({ name }: TestContainer, iface: string, ...args: string[]): void => {
  ok('add-port', BRIDGE, iface, name, ...args)
}

/** Who sent the echo requests and answers that an interface of a container gets while something happens. */
async function senders(of: TestContainer, link: string, during: () => unknown): Promise<readonly string[]> {
  const capture = await sniffer(link, ECHO, netnsOf(of.name))
  await during()
  const macs = (await capture.stop()).map((line) => /^\S+ ([0-9a-f:]+) >/.exec(line)?.[1] ?? line)
  return [...new Set(macs)].sort()
}

const macOf = ({ name }: TestContainer, link = 'eth1'): string => insideSeen(netnsOf(name)).get(link)?.mac ?? ''
const state = (): string | undefined => mirrorsSeen()[0]?.state

describe('mirror of containers', () => {
  after(() => tool('ovs-vsctl', '--if-exists', 'del-br', BRIDGE))

  it('follows source and destination through restarts while watch runs; gc removes it when they are removed', async () => {
    const before = shape(hostView(BRIDGE))
    {
      using web = container()
      using db = container()
      using ids = container()
      attach(web, 'eth1', '--ipaddress=10.67.0.1/24', '--persist')
      attach(db, 'eth1', '--ipaddress=10.67.0.2/24')
      attach(ids, 'mon0', '--persist')
      const line = ['mirror', 'create', 'm1', `--source=${web.name}`, `--dest=${ids.id.slice(0, 12)}`]
      assert.deepEqual((json(...line) as { sources: string[]; dest: string }).dest, `${ids.name}:mon0`)
      assert.ok(answers(db.name, '10.67.0.1'))
      const both = [macOf(web), macOf(db)].sort()
      assert.deepEqual(await senders(ids, 'mon0', () => answers(db.name, '10.67.0.1')), both)
      {
        await using watcher = await watch([`--bridge=${BRIDGE}`, '--resync=5'])
        for (const one of [web, ids]) {
          await watcher.after(() => tool('docker', 'restart', '--time=0', one.name), {
            event: 'port.attached',
            container: one.name,
          })
          await until(() => state() === 'ok', 'the mirror', 20)
          assert.ok(answers(db.name, '10.67.0.1'))
          assert.deepEqual(await senders(ids, 'mon0', () => answers(db.name, '10.67.0.1')), both)
        }
        assert.deepEqual(
          watcher.lines.filter(({ level }) => level === 'warn' || level === 'error'),
          [],
        )
      }
      tool('docker', 'stop', '--time=0', ids.name)
      assert.equal(state(), 'no output')
      assert.match(mirrorsSeen()[0]?.reason ?? '', /is gone|has no port/)
      ok('gc')
      // It may start again.
      assert.equal(state(), 'no output')
      ok('del-port', BRIDGE, 'eth1', db.name)
    }
    assert.match(ok('gc'), /Removed mirror m1 from bm0: \S+:mon0, which got the copies, is gone/)
    assert.equal(mirrorRows(), '')
    assert.deepEqual(shape(hostView(BRIDGE)), before)
  })

  it('of a container that was restarted while nobody watched: ls says so, until it is attached again', () => {
    using web = container()
    using ids = container()
    attach(web, 'eth1')
    attach(ids, 'mon0')
    ok('mirror', 'create', 'm2', `--source=${web.name}`, `--dest=${ids.name}`)
    assert.equal(state(), 'ok')
    tool('docker', 'restart', '--time=0', web.name)
    assert.deepEqual([state(), /the link of \S+ is gone/.test(mirrorsSeen()[0]?.reason ?? '')], ['no source', true])
    attach(web, 'eth1')
    ok('mirror', 'create', 'm2', `--source=${web.name}`, `--dest=${ids.name}`, '--may-exist')
    assert.equal(state(), 'ok')
    ok('mirror', 'rm', 'm2')
    ok('del-port', BRIDGE, 'eth1', web.name)
    ok('del-port', BRIDGE, 'mon0', ids.name)
  })

  it('names of mirrors are completed', () => {
    using web = container()
    using ids = container()
    attach(web, 'eth1')
    attach(ids, 'mon0')
    ok('mirror', 'create', 'first', `--source=${web.name}`, `--dest=${ids.name}`)
    ok('mirror', 'create', 'second', `--source=${web.name}`, `--dest=${ids.name}`)
    assert.equal(ok('__complete', 'ovsd', 'mirror', 'rm', ''), 'first\nsecond\n')
    assert.equal(ok('__complete', 'ovsd', 'mirror', ''), 'create\nls\nrm\n')
    assert.equal(ok('__complete', 'ovsd', 'mirror', 'create', '--direction=b'), '--direction=both\n')
    assert.equal(ok('__complete', 'ovsd', 'list', '--bridge=bm'), `--bridge=${BRIDGE}\n`)
    for (const name of ['first', 'second']) ok('mirror', 'rm', name)
    for (const [one, iface] of [
      [web, 'eth1'],
      [ids, 'mon0'],
    ] as const)
      ok('del-port', BRIDGE, iface, one.name)
  })

  it('of a network: complete when its containers are connected, and gone with it', () => {
    const before = shape(hostView(BRIDGE))
    using ids = container()
    using web = container()
    using db = container()
    const mirroring = ['--mirror-ports=all', `--mirror-dest=${ids.name}:mon0`]
    const create = (): string =>
      ok('net', 'create', 'blue', '--bridge=bm1', '--mode=l2', '--subnet=10.67.0.0/24', ...mirroring)
    create()
    assert.equal(state(), 'waiting')
    for (const { name } of [web, db]) ok('net', 'connect', 'blue', name)
    ok('add-port', 'bm1', 'mon0', ids.name)
    assert.equal(state(), 'waiting')
    create()
    assert.deepEqual([state(), mirrorsSeen()[0]?.network], ['ok', 'blue'])
    ok('del-port', 'bm1', 'mon0', ids.name)
    ok('net', 'rm', 'blue', '--force')
    assert.equal(mirrorRows(), '')
    assert.deepEqual(shape(hostView(BRIDGE)), before)
  })
})
