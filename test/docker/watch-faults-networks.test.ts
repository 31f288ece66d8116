// Faults of Open vSwitch and of the host that networks meet while watch runs, or while it does not: everything comes back.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { container, netnsOf, type TestContainer } from '../support/containers.ts'
import { silent } from '../support/engine.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { internet, type Internet } from '../support/internet.ts'
import { OUT, pings } from '../support/outside.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { settingsFile } from '../support/settings-file.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { watch, type Watcher } from '../support/watch.ts'

const SUBNET = '--subnet=10.3.0.0/24'
const vsctl = (...args: readonly string[]): string => tool('ovs-vsctl', ...args)
const missing = (): readonly string[] => (json('net', 'inspect', 'blue') as { missing: readonly string[] }).missing
const addressesOf = ({ name }: TestContainer): readonly string[] =>
  insideSeen(netnsOf(name)).get('eth1')?.addresses ?? []

describe('networks, when something happens to the host', function () {
  this.timeout(120_000)
  let held: AsyncDisposableStack
  let net: Internet
  let a: TestContainer
  let b: TestContainer
  let follow: () => Promise<Watcher>

  beforeEach(() => {
    held = new AsyncDisposableStack()
    net = held.use(internet())
    const policy = held.use(settingsFile('bridges: [bn0]\nnetworks: true\n'))
    held.defer(() => {
      ovsd(['net', 'rm', 'blue', '--force'])
      ok('gc')
      rmSync('/var/lib/ovsd', { recursive: true, force: true })
    })
    ok('net', 'create', 'blue', '--bridge=bn0', SUBNET)
    a = held.use(container())
    b = held.use(container('--label=ovs.network=blue'))
    ok('net', 'connect', 'blue', a.name)
    follow = async () => held.use(await watch([`--policy=${policy.path}`, '--bridge=bn0']))
  })
  afterEach(async () => {
    await held.disposeAsync()
  })

  /** Both have their addresses, reach each other and the world; nothing is missing. */
  async function whole(): Promise<void> {
    await until(() => missing().length === 0, 'the network to be whole', 15)
    await until(() => addressesOf(b).length === 1, 'the labelled container', 15)
    assert.deepEqual([addressesOf(a), addressesOf(b)], [['10.3.0.2/24'], ['10.3.0.3/24']])
    for (const { name } of [a, b]) await until(() => pings(netnsOf(name), '10.3.0.1'), 'the gateway', 10)
    net.arrivals()
    assert.ok(pings(netnsOf(a.name), OUT) && pings(netnsOf(b.name), OUT) && pings(netnsOf(a.name), '10.3.0.3'))
    assert.deepEqual(net.arrivals(), { fromHost: 2, fromOthers: 0 })
  }

  it('the bridge is deleted: network, gateway, ports and addresses come back', async () => {
    await follow()
    await whole()
    vsctl('del-br', 'bn0')
    await until(() => vsctl('list-br').includes('bn0'), 'the bridge', 10)
    await until(() => ovsd(['net', 'inspect', 'blue']).status === 0, 'the network', 10)
    await whole()
  })

  it('the bridge is deleted, and the network is removed in the end: nothing of it is left on the host', async () => {
    const watcher = await follow()
    await whole()
    vsctl('del-br', 'bn0')
    await until(() => ovsd(['net', 'inspect', 'blue']).status === 0, 'the network', 10)
    await whole()
    ok('net', 'rm', 'blue', '--force')
    await until(() => vsctl('list-br') === '', 'the bridge to go', 10)
    // What asks for a network that is gone for good does not bring it back.
    await watcher.stop()
    assert.equal(vsctl('list-br'), '')
    assert.equal(tool('nft', 'list', 'tables').includes('ovsd'), false)
    assert.deepEqual([addressesOf(a), addressesOf(b)], [[], []])
  })

  it('somebody flushes the rules and takes the gateway away: both come back, and the ports are not touched', async () => {
    await follow()
    await whole()
    const links = (): string => tool('ip', '-oneline', 'link', 'show', 'type', 'veth')
    const before = links()
    tool('nft', 'flush', 'ruleset')
    tool('ip', 'address', 'flush', 'dev', 'bn0')
    // Nothing in the database tells of it: it is the next resync that sees it, or a change to the network.
    ok('net', 'create', 'red', '--bridge=bn0', '--mode=l2', '--tenant=other')
    await whole()
    ok('net', 'rm', 'red')
    assert.equal(links(), before)
  })

  it('the host has been restarted: what the kernel had is put back when watch starts', async () => {
    {
      await using watcher = await follow()
      await whole()
      await watcher.stop()
    }
    tool('nft', 'flush', 'ruleset')
    tool('ip', 'address', 'flush', 'dev', 'bn0')
    tool('ip', 'link', 'set', 'bn0', 'down')
    assert.ok(missing().length > 0)
    assert.ok(!pings(netnsOf(a.name), OUT))
    await follow()
    await whole()
  })

  it('ovs-vswitchd does not answer: net create and net rm end in time, and say what is left; then they work', async () => {
    {
      using _daemon = silent('ovs-vswitchd')
      const { status, stderr } = ovsd(['net', 'create', 'red', '--bridge=bn0', '--subnet=10.9.0.0/24', '--timeout=20'])
      assert.equal(status, 1, stderr)
      assert.match(stderr, /the host is as before/)
    }
    assert.match(ovsd(['net', 'inspect', 'red']).stderr, /There is no network red/)
    ok('net', 'create', 'red', '--bridge=bn0', '--subnet=10.9.0.0/24')
    ok('net', 'rm', 'red')
    await follow()
    await whole()
  })
})
