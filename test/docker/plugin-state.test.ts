// `ovsd plugin state` and the driver's log, with a real engine: what a person looks at when a container has no network.
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { PluginState } from '../../src/lib/plugin/state.ts'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { container } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { ok, ovsd, start } from '../support/ovsd.ts'
import { called, callDriver, dockerId, endpointCall } from '../support/plugin-call.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { daemon, plugin } from '../support/watch.ts'

const parsed = (text: string): PluginState => JSON.parse(text) as PluginState
/** What the command says; its exit status tells whether something is wrong. */
function stateOf(...args: string[]): PluginState {
  const { status, stdout, stderr } = ovsd(['plugin', 'state', '--json', ...args])
  const state = parsed(stdout)
  assert.equal(status, state.problems.length === 0 ? 0 : 1, stderr)
  return state
}

/** What a GET on the driver's own socket answers. */
async function got(path: string): Promise<PluginState> {
  const { promise, resolve, reject } = Promise.withResolvers<PluginState>()
  const asking = request({ socketPath: SOCKET, path, method: 'GET' }, (response) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('end', () => {
      resolve(parsed(Buffer.concat(parts).toString()))
    })
  })
  asking.on('error', reject)
  asking.end()
  return await promise
}

describe('ovsd plugin state', function () {
  this.timeout(60_000)
  holdsThroughout(() => undefined)

  it('says that no driver runs, in words that tell what to type', () => {
    const state = stateOf()
    assert.deepEqual([state.driver, state.networks, state.endpoints], [null, [], []])
    assert.equal(state.problems.length, 1)
    assert.match(
      state.problems[0] ?? '',
      /^No driver answers at \/run\/docker\/plugins\/ovsd\.sock \(.+\)\. Start it: ovsd plugin$/,
    )
    const { status, stdout } = ovsd(['plugin', 'state'])
    assert.equal(status, 1)
    assert.match(stdout, /Docker has no network of the driver\.[\s\S]*! No driver answers/)
  })

  it('tells a driver from something else that listens there', async () => {
    const path = '/run/other.sock'
    const server = createServer((_, response) => response.writeHead(404).end('{}'))
    server.listen({ path })
    await once(server, 'listening')
    // The program runs beside this process, which has to answer it.
    const { status, stdout } = await start(['plugin', 'state', '--json', `--socket=${path}`]).ended
    server.close()
    rmSync(path, { force: true })
    assert.equal(status, 1)
    assert.match(parsed(stdout).problems[0] ?? '', /at \/run\/other\.sock \(what listens there tells no state\)/)
    assert.equal(ovsd(['plugin', 'state', '--socket=other']).status, 2)
  })

  it('is the same with and without a driver, as far as it is recorded; and the log follows one container', async () => {
    await using drivers = new AsyncDisposableStack()
    const driver = drivers.use(await plugin())
    const id = tool(
      'docker',
      'network',
      'create',
      '--driver=ovsd',
      '--subnet=10.9.0.0/24',
      '--opt=vlan=7',
      'blue',
    ).trim()
    const name = id.slice(0, 12)
    {
      using a = container('--network=blue', '--ip=10.9.0.9')
      const known = (): boolean => {
        const { networks, endpoints } = stateOf()
        return networks?.[0]?.title === 'blue' && endpoints?.[0]?.container === a.name
      }
      await until(known, 'Docker to say the names', 30)
      const state = stateOf()
      assert.equal(state.driver?.pid, driver.pid)
      assert.ok(state.driver.uptimeSeconds < 60 && Date.parse(state.driver.startedAt) < Date.now())
      assert.deepEqual(state.driver.inFlight, [])
      const [one] = state.networks ?? []
      assert.ok(one !== undefined && 'id' in one)
      assert.deepEqual(
        [one.network, one.id, one.title, one.bridge, one.vlan, one.owner, one.endpoints],
        [name, id, 'blue', 'ovsbr0', 7, 'plugin', 1],
      )
      assert.deepEqual(
        one.subnets.map(({ subnet, gateway }) => [subnet, gateway]),
        [['10.9.0.0/24', '10.9.0.1']],
      )
      const endpoint = tool('docker', 'inspect', '--format={{.NetworkSettings.Networks.blue.EndpointID}}', a.id).trim()
      const mac = tool('docker', 'inspect', '--format={{.NetworkSettings.Networks.blue.MacAddress}}', a.id).trim()
      const [end] = state.endpoints ?? []
      assert.deepEqual(end, {
        ...{ endpoint, network: name, title: 'blue', bridge: 'ovsbr0', port: end?.port, farLink: end?.farLink },
        ...{ addresses: ['10.9.0.9/24'], mac, vlan: '7', container: a.name, containerId: a.id, interface: 'eth0' },
        ...{ state: 'used', publishedPorts: [] },
      })
      assert.match(tool('ip', 'link', 'show', 'dev', end.port), / state UP /)
      const counts = new Map(state.driver.calls.map((call) => [call.method, call]))
      for (const method of ['CreateNetwork', 'CreateEndpoint', 'Join'].map((one) => `NetworkDriver.${one}`)) {
        const { count, failed, lastMs, slowestMs } = counts.get(method) ?? {}
        assert.deepEqual([count, failed, lastMs], [1, 0, slowestMs], method)
      }

      // Every call about the container's endpoint, with what was asked and the time that it took.
      await driver.sees({ event: 'call.answered', call: 'NetworkDriver.Join', endpoint: endpoint.slice(0, 12) })
      const about = driver.lines.filter(
        (line) => line.event === 'call.answered' && line['endpoint'] === endpoint.slice(0, 12),
      )
      assert.deepEqual(about.map((line) => line['call']).slice(0, 2), [
        'NetworkDriver.CreateEndpoint',
        'NetworkDriver.Join',
      ])
      assert.ok(about.every((line) => line['network'] === name && typeof line['ms'] === 'number'))
      assert.match(
        about[0]?.msg ?? '',
        new RegExp(
          `^NetworkDriver.CreateEndpoint ${name} ${endpoint.slice(0, 12)}: \\d+ ms: .*"Address":"10.9.0.9/24"`,
        ),
      )
      assert.match(String(about[1]?.['asked']), /"SandboxKey":"\/(var\/)?run\/docker\/netns\//)

      const text = ok('plugin', 'state')
      assert.match(text, new RegExp(`driver ovsd \\S+, process ${String(driver.pid)}, since \\d+ s`))
      assert.match(text, new RegExp(`${name} +blue +nat +ovsbr0 +7 +- +10\\.9\\.0\\.0/24 +10\\.9\\.0\\.1`))
      assert.match(
        text,
        new RegExp(`${endpoint.slice(0, 12)} +blue +${a.name} +${a.id.slice(0, 12)} +eth0 +10\\.9\\.0\\.9/24`),
      )
      assert.match(text, /NetworkDriver\.Join +1 +0 +\d+ ms +\d+ ms/)
      for (const path of ['/', '/NetworkDriver.Database'])
        assert.deepEqual((await got(path)).endpoints, state.endpoints, path)

      // Without a driver.
      assert.equal(await driver.stop('SIGKILL'), 137)
      const without = stateOf()
      assert.deepEqual([without.driver, without.networks, without.endpoints], [null, state.networks, state.endpoints])
      assert.match(ovsd(['plugin', 'state']).stdout, new RegExp(`${a.name}[\\s\\S]*! No driver answers at `))
      drivers.use(await plugin())
    }
    tool('docker', 'network', 'rm', 'blue')
  })

  it('has what is published, pools with what is held of them, and what containers are called by now', async () => {
    await using drivers = new AsyncDisposableStack()
    const driver = drivers.use(await plugin())
    const asked = async (method: string, body: object) =>
      (await callDriver(method, body, SOCKET, 'IpamDriver')).body as { readonly PoolID: string }
    const options = ['--driver=ovsd', '--ipam-driver=ovsd', '--subnet=10.9.0.0/24', '--ip-range=10.9.0.128/25']
    const name = tool('docker', 'network', 'create', ...options, 'blue')
      .trim()
      .slice(0, 12)
    {
      using a = container('--network=blue', '--publish=127.0.0.1:8080:80')
      const whose = (): unknown => (stateOf().endpoints ?? [])[0]?.container
      await until(() => whose() === a.name, 'Docker to say whose it is', 30)
      const { endpoints, pools } = stateOf()
      assert.deepEqual(endpoints?.[0]?.publishedPorts, [
        { protocol: 'tcp', port: 80, hostIp: '127.0.0.1', hostPort: 8080 },
      ])
      const [pool] = pools ?? []
      assert.deepEqual(
        [pools?.length, pool?.subnet, pool?.range, pool?.network],
        [1, '10.9.0.0/24', '10.9.0.128/25', name],
      )
      await asked('RequestAddress', { PoolID: pool?.pool, Address: '10.9.0.77', Options: {} })
      const { PoolID: other } = await asked('RequestPool', {
        AddressSpace: 'ovsd',
        Pool: '10.8.0.0/24',
        SubPool: '',
        Options: {},
        V6: false,
      })
      const now = stateOf().pools ?? []
      assert.ok(now.find((one) => one.pool === pool?.pool)?.held?.includes('10.9.0.77'), JSON.stringify(now))
      assert.deepEqual(
        now.find((one) => one.pool === other),
        { pool: other, subnet: '10.8.0.0/24', range: '10.8.0.0/24', network: null, held: [] },
      )
      const text = ok('plugin', 'state')
      assert.match(text, / used +127\.0\.0\.1:8080->80\/tcp/)
      assert.match(text, new RegExp(`10\\.9\\.0\\.0/24 +10\\.9\\.0\\.128/25 +${name} +.*10\\.9\\.0\\.77`))

      // Without events the new name is found out at the next look: here at the start.
      tool('docker', 'rename', a.id, 'renamed')
      assert.equal(whose(), a.name)
      await driver.stop()
      assert.deepEqual(
        stateOf().pools?.map((one) => [one.pool, one.network, one.held]),
        [[pool?.pool, name, null]],
      )
      drivers.use(await plugin())
      await until(() => whose() === 'renamed', 'the new name', 20)
      tool('docker', 'rename', a.id, a.name)
    }
    tool('docker', 'network', 'rm', 'blue')
  })

  it('of ovsd daemon has a new name at once', async () => {
    await using _daemon = await daemon()
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue')
    {
      using a = container('--network=blue')
      const whose = (): unknown => (stateOf().endpoints ?? [])[0]?.container
      await until(() => whose() === a.name, 'Docker to say whose it is', 30)
      tool('docker', 'rename', a.id, 'renamed')
      await until(() => whose() === 'renamed', 'the new name', 10)
      tool('docker', 'rename', a.id, a.name)
    }
    tool('docker', 'network', 'rm', 'blue')
  })

  it('shows endpoints that nobody uses, failed calls, and records that are damaged', async () => {
    await using drivers = new AsyncDisposableStack()
    const driver = drivers.use(await plugin())
    const id = tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue').trim()
    {
      const lost = dockerId('7')
      await called('CreateEndpoint', endpointCall(id, lost, '10.9.0.99/24'))
      const seen = (): readonly unknown[] =>
        (stateOf().endpoints ?? []).map(({ endpoint, state, container: whose }) => [endpoint, state, whose])
      assert.deepEqual(seen(), [[lost, 'idle', null]])
      const { port = '' } = (stateOf().endpoints ?? [])[0] ?? {}
      // Stopped, or it would take the port away at once, as it should.
      await driver.stop()
      tool('ip', 'link', 'delete', 'dev', port)
      assert.deepEqual(seen(), [[lost, 'gone', null]])
      const again = drivers.use(await plugin())
      await until(() => seen().length === 0, 'the port to go', 20)
      await assert.rejects(called('CreateEndpoint', endpointCall(id, lost, '192.0.2.1/33')))
      const failed = await again.sees('call.failed')
      assert.deepEqual([failed['network'], failed['endpoint']], [id.slice(0, 12), lost.slice(0, 12)])
      const { driver: facts } = stateOf()
      assert.deepEqual(
        facts?.calls.filter(({ failed: n }) => n > 0).map(({ method, count, failed: n }) => [method, count, n]),
        [['NetworkDriver.CreateEndpoint', 1, 1]],
      )
      // The record of a network that somebody has spoilt.
      const before = tool('ovs-vsctl', 'get', 'Bridge', 'ovsbr0', `external_ids:ovsd_net.${id.slice(0, 12)}`).trim()
      tool('ovs-vsctl', 'set', 'Bridge', 'ovsbr0', `external_ids:ovsd_net.${id.slice(0, 12)}="{"`)
      const damaged = (): PluginState => stateOf()
      await until(() => damaged().problems.length > 0, 'the driver to see it', 10)
      assert.match(damaged().problems.join(), new RegExp(`The network ${id.slice(0, 12)} cannot be used`))
      tool('ovs-vsctl', 'set', 'Bridge', 'ovsbr0', `external_ids:ovsd_net.${id.slice(0, 12)}=${before}`)
      await until(() => damaged().problems.length === 0, 'the driver to see it', 10)
    }
    tool('docker', 'network', 'rm', 'blue')
  })

  it('says of itself what it can when the database does not answer', async () => {
    await using driver = await plugin(['--db=unix:/run/nothing.sock'])
    const { driver: facts, networks, endpoints, problems } = stateOf()
    assert.deepEqual([facts?.pid, networks, endpoints, problems.length], [driver.pid, null, null, 1])
    assert.match(problems[0] ?? '', /nothing\.sock/)
    assert.match(ovsd(['plugin', 'state']).stdout, /Docker has not called it yet\.\s+! /)
  })
})
