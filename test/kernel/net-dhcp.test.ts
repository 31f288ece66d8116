// Addresses from a DHCP server in the network, for bare processes with a network of their own.
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { readLease } from '../../src/lib/dhcp/marks.ts'
import type { OvsdError } from '../../src/lib/errors.ts'
import { linkExists } from '../../src/lib/net/links.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { dhcpServer, hex, HONEST, SERVER, type DhcpServer } from '../support/dhcp-server.ts'
import {
  alone,
  clientProcesses,
  detach,
  lease,
  portOfAlone,
  supervisorsOf,
  udhcpcOf,
  type Alone,
} from '../support/dhcp-site.ts'
import { listed } from '../support/attachments.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { portsSeen } from '../support/ovs-rows.ts'
import { snapshot } from '../support/snapshot.ts'
import { toolIn } from '../support/tool.ts'
import { until } from '../support/until.ts'

describe('addresses by DHCP', function () {
  this.timeout(90_000)
  let all: AsyncDisposableStack
  let bridge: TestBridge
  let server: DhcpServer
  let web: Alone

  beforeEach(async () => {
    all = new AsyncDisposableStack()
    bridge = all.use(testBridge())
    server = all.use(await dhcpServer(bridge.name))
    web = all.use(await alone())
  })

  afterEach(async () => {
    await all.disposeAsync()
    await until(() => clientProcesses().length === 0, 'all clients to end', 5)
  })

  const idsOf = (who: Alone): Readonly<Record<string, string>> =>
    portsSeen().find(({ port }) => port === portOfAlone(who))?.ids ?? {}
  const leaseOf = (who: Alone) => readLease(idsOf(who))
  const reaches = (who: Alone, address: string): boolean => {
    try {
      toolIn(who.netns, 'busybox', 'ping', '-c', '2', '-W', '1', address)
      return true
    } catch {
      return false
    }
  }
  const state = (who: Alone) => listed(`--bridge=${bridge.name}`).find(({ container }) => container === who.name)

  it('come with their route and their end, are recorded, and work', async () => {
    const before = Date.now() / 1000
    const result = await lease(bridge.name, web)
    assert.deepEqual([result.addresses, result.gateways], [['10.78.0.20/24'], [SERVER]])
    assert.ok(reaches(web, SERVER))
    const { addresses, routes, mtu } = insideSeen(web.netns).get('eth1') ?? {}
    assert.deepEqual([addresses, routes, mtu], [['10.78.0.20/24'], [`0.0.0.0/0,${SERVER}`], 1500])
    // The kernel itself takes it away when everybody who could renew it is gone.
    const lifetime = Number(/valid_lft (\d+)sec/.exec(toolIn(web.netns, 'ip', '-4', 'address', 'show', 'eth1'))?.[1])
    assert.ok(lifetime > 30 && lifetime <= 40, String(lifetime))
    const ids = idsOf(web)
    assert.equal(ids['ovsd_ip.10.78.0.20'], bridge.name)
    const found = leaseOf(web)
    assert.equal(found?.server?.text, SERVER)
    assert.ok(Math.abs((found.expires ?? 0) - before - 30) < 5)
    assert.deepEqual([state(web)?.state, state(web)?.addresses], ['ok', ['10.78.0.20/24']])
    const [discover] = server.heard('DISCOVER')
    assert.equal(discover?.name, web.name)
    assert.equal(discover.id, `01${result.mac.replaceAll(':', '')}`)
  })

  it('are renewed, again and again, and keep working meanwhile', async () => {
    await lease(bridge.name, web)
    const first = leaseOf(web)?.expires ?? 0
    await until(() => server.heard('REQUEST').length >= 3, 'two renewals', 35)
    const [, ...renewals] = server.heard('REQUEST')
    assert.deepEqual([...new Set(renewals.map(({ client }) => client))], ['10.78.0.20'])
    await until(() => (leaseOf(web)?.expires ?? 0) >= first + 25, 'the later end to be recorded', 3)
    assert.equal(server.heard('DISCOVER').length, 1)
    assert.ok(reaches(web, SERVER))
    assert.deepEqual(insideSeen(web.netns).get('eth1')?.addresses, ['10.78.0.20/24'])
    assert.equal(supervisorsOf(portOfAlone(web)).length, 1)
  })

  it('change when the server says so, and the old one goes with its marks', async () => {
    await lease(bridge.name, web)
    server.say({ first: '10.78.0.60', options: { ...HONEST.options, 26: hex(1400 >> 8, 1400 & 255) } })
    await until(() => leaseOf(web)?.address.text === '10.78.0.60/24', 'the other address', 20)
    const { addresses, routes, mtu } = insideSeen(web.netns).get('eth1') ?? {}
    assert.deepEqual([addresses, routes, mtu], [['10.78.0.60/24'], [`0.0.0.0/0,${SERVER}`], 1400])
    const marked = Object.keys(idsOf(web)).filter((key) => key.startsWith('ovsd_ip.'))
    assert.deepEqual(marked, ['ovsd_ip.10.78.0.60'])
    assert.ok(reaches(web, SERVER))
  })

  it('are given up when the server takes them back, and asked for anew', async () => {
    await lease(bridge.name, web)
    server.say({ refuses: true })
    await until(() => leaseOf(web) === undefined, 'the lease to go', 20)
    assert.deepEqual(insideSeen(web.netns).get('eth1')?.addresses, [])
    assert.deepEqual(insideSeen(web.netns).get('eth1')?.routes, [])
    assert.ok(!('ovsd_ip.10.78.0.20' in idsOf(web)))
    assert.deepEqual([state(web)?.state, state(web)?.reason], ['incomplete', 'it has no DHCP lease'])
    server.say({})
    await until(() => leaseOf(web)?.address.text === '10.78.0.20/24', 'the address again', 20)
    assert.ok(reaches(web, SERVER))
  })

  it('are given back by a detach, before anything goes; nothing is left', async () => {
    const before = snapshot(web.netns)
    await lease(bridge.name, web)
    assert.notDeepEqual(snapshot(web.netns), before)
    await detach(bridge.name, web)
    await until(() => server.heard('RELEASE').length > 0, 'the release', 2)
    assert.deepEqual(
      server.heard('RELEASE').map(({ client }) => client),
      ['10.78.0.20'],
    )
    assert.deepEqual(clientProcesses(), [])
    assert.deepEqual(snapshot(web.netns), before)
  })

  it('keep nothing alive: with the last process of a namespace go client, namespace and link, and no daemon runs', async () => {
    await lease(bridge.name, web)
    const port = portOfAlone(web)
    const [supervisor = 0] = supervisorsOf(port)
    assert.ok(existsSync(`/proc/${supervisor}`) && linkExists(port))
    await web.kill()
    const took = await until(() => clientProcesses().length === 0 && !linkExists(port), 'everything to go', 5)
    assert.ok(took <= 3000, `${took} ms`)
    assert.deepEqual(server.heard('RELEASE'), [])
  })

  it('without a server: refused in time, and everything undone', async () => {
    server.say({ silent: true })
    const before = snapshot(web.netns)
    const start = performance.now()
    await assert.rejects(lease(bridge.name, web), (error: OvsdError) => {
      assert.equal(error.code, 'NoLease')
      assert.match(error.message, /no server gave one within 10 s[\s\S]*the host is as before/)
      return true
    })
    assert.ok(performance.now() - start < 15_000)
    assert.deepEqual(clientProcesses(), [])
    assert.deepEqual(snapshot(web.netns), before)
    assert.ok(server.heard('DISCOVER').length >= 4)
  })

  it('leave a default route alone that the container has', async () => {
    toolIn(web.netns, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0-far')
    toolIn(web.netns, 'ip', 'address', 'add', '192.0.2.2/24', 'dev', 'eth0')
    for (const link of ['eth0', 'eth0-far']) toolIn(web.netns, 'ip', 'link', 'set', link, 'up')
    toolIn(web.netns, 'ip', 'route', 'add', 'default', 'via', '192.0.2.1')
    await lease(bridge.name, web)
    assert.equal(toolIn(web.netns, 'ip', 'route', 'show', 'default').trim(), 'default via 192.0.2.1 dev eth0')
    assert.ok(reaches(web, SERVER))
  })

  it('of two containers are two, each with its own client', async () => {
    await using db = await alone()
    const [a, b] = await Promise.all([lease(bridge.name, web), lease(bridge.name, db)])
    assert.deepEqual([...a.addresses, ...b.addresses].sort(), ['10.78.0.20/24', '10.78.0.21/24'])
    assert.ok(reaches(web, (b.addresses[0] ?? '').replace('/24', '')))
    await detach(bridge.name, db)
    assert.deepEqual([supervisorsOf(portOfAlone(web)).length, supervisorsOf(portOfAlone(db)).length], [1, 0])
    assert.equal(state(web)?.state, 'ok')
  })

  it('stay in their VLAN: a server in another one is not heard', async () => {
    await using other = await dhcpServer(bridge.name, {}, 7)
    server.say({ silent: true })
    await assert.rejects(lease(bridge.name, web, { vlan: { kind: 'access', tag: 0 } }), /no server gave one/)
    assert.deepEqual(other.heard(), [])
    const result = await lease(bridge.name, web, { vlan: { kind: 'access', tag: 7 } })
    assert.deepEqual(result.addresses, ['10.78.0.20/24'])
    assert.ok(other.heard('REQUEST').length > 0)
  })

  it('IPv6 comes from the kernel: it accepts router advertisements', async () => {
    toolIn(web.netns, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
    await lease(bridge.name, web)
    const keys = ['disable_ipv6', 'accept_ra', 'autoconf', 'accept_ra_defrtr']
    const values = toolIn(web.netns, 'sysctl', '-n', ...keys.map((key) => `net.ipv6.conf.eth1.${key}`))
    assert.equal(values, '0\n1\n1\n1\n')
  })

  describe('the client', () => {
    it('that is killed is started again by its supervisor, with the address in place all the time', async () => {
      await lease(bridge.name, web)
      const [supervisor = 0] = supervisorsOf(portOfAlone(web))
      const first = udhcpcOf(supervisor) ?? 0
      process.kill(first, 'SIGKILL')
      let lost = 0
      await until(
        () => {
          if (insideSeen(web.netns).get('eth1')?.addresses.length !== 1) lost++
          return server.heard('DISCOVER').length >= 2 && server.heard('REQUEST').length >= 2
        },
        'another client',
        8,
        { closely: true },
      )
      assert.equal(lost, 0)
      assert.notEqual(udhcpcOf(supervisor) ?? 0, first)
      assert.equal(state(web)?.state, 'ok')
    })

    it('goes with a supervisor that is killed; that is seen, and healed by the same request', async () => {
      await lease(bridge.name, web)
      const [supervisor = 0] = supervisorsOf(portOfAlone(web))
      process.kill(supervisor, 'SIGKILL')
      await until(() => clientProcesses().length === 0, 'the client to go', 2)
      assert.deepEqual([state(web)?.state, state(web)?.reason], ['incomplete', 'its DHCP client is gone'])
      const healed = await lease(bridge.name, web)
      assert.deepEqual([healed.status, healed.addresses], ['repaired', ['10.78.0.20/24']])
      assert.equal(state(web)?.state, 'ok')
      assert.equal((await lease(bridge.name, web, { mayExist: true })).status, 'unchanged')
      assert.equal(supervisorsOf(portOfAlone(web)).length, 1)
    })

    it('of a reconciler is put back in the same way, and nothing else is touched', async () => {
      const keep = { keep: true, owner: 'watch' as const }
      await lease(bridge.name, web, keep)
      assert.equal((await lease(bridge.name, web, keep)).status, 'unchanged')
      const index = insideSeen(web.netns).get('eth1')?.index
      process.kill(supervisorsOf(portOfAlone(web))[0] ?? 0, 'SIGKILL')
      assert.equal((await lease(bridge.name, web, keep)).status, 'repaired')
      await until(() => server.heard('REQUEST').length === 2, 'the other client to ask', 5)
      // A server that is away is no reason to repair anything, and holds nobody up.
      server.say({ refuses: true })
      await until(() => leaseOf(web) === undefined, 'the lease to go', 20)
      const start = performance.now()
      assert.equal((await lease(bridge.name, web, keep)).status, 'unchanged')
      assert.ok(performance.now() - start < 2000)
      assert.equal(insideSeen(web.netns).get('eth1')?.index, index)
      assert.equal((await lease(bridge.name, web, { ...keep, dhcp: false })).status, 'attached')
      assert.deepEqual([insideSeen(web.netns).get('eth1')?.addresses, clientProcesses()], [[], []])
    })

    it('ends by itself when somebody has taken its port away', async () => {
      await lease(bridge.name, web)
      const { uuid } = portsSeen().find(({ port }) => port === portOfAlone(web)) ?? {}
      assert.ok(uuid !== undefined)
      toolIn('/proc/self/ns/net', 'ovs-vsctl', 'del-port', portOfAlone(web))
      // At its next event: half a lease, and what it takes without an answer.
      await until(() => clientProcesses().length === 0, 'the client to end', 25)
    })

    it('is not another process that has its number', async () => {
      await lease(bridge.name, web)
      const [supervisor = 0] = supervisorsOf(portOfAlone(web))
      process.kill(supervisor, 'SIGKILL')
      await until(() => clientProcesses().length === 0, 'the client to go', 2)
      await using bystander = await alone()
      const start = idsOf(web)['ovsd_dhcp_client']?.split(':')[1] ?? ''
      toolIn(
        '/proc/self/ns/net',
        ...['ovs-vsctl', 'set', 'Interface', portOfAlone(web)],
        `external_ids:ovsd_dhcp_client="${bystander.pid}:${start}"`,
      )
      await detach(bridge.name, web)
      await pause(100)
      assert.ok(existsSync(`/proc/${bystander.pid}`))
      assert.equal(toolIn(bystander.netns, 'true'), '')
    })
  })
})
