// The driver's calls against a real Open vSwitch, without Docker: said twice, said otherwise, out of order, and killed in between.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { silent } from '../support/engine.ts'
import { killedDuring } from '../support/killed-driver.ts'
import { pairs } from '../support/pairs.ts'
import { called, callDriver, dockerId, endpointCall, networkCall } from '../support/plugin-call.ts'
import { errorOf, ok, PROGRAM } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { plugin } from '../support/watch.ts'

const NETWORK = dockerId('b')
const NAME = NETWORK.slice(0, 12)
const L2 = { bridge: 'bp0', mode: 'l2', vlan: '7', mtu: '1400' }
const E1 = dockerId('1')
const E2 = dockerId('2')
const names = (EndpointID: string) => ({ NetworkID: NETWORK, EndpointID })
const linkOf = (answer: Readonly<Record<string, unknown>>): string =>
  (answer['InterfaceName'] as { readonly SrcName: string }).SrcName
const ports = (): readonly string[] => tool('ovs-vsctl', 'list-ports', 'bp0').split('\n').filter(Boolean)
const gone = async (): Promise<void> => {
  await called('DeleteNetwork', { NetworkID: NETWORK })
}

describe('calls of the driver', function () {
  this.timeout(120_000)

  it('are not taken at a descriptor that is no socket, which is said in words', async () => {
    const script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3</dev/null'
    const { exitCode, stdout } = await execa('sh', ['-c', script, 'sh', ...PROGRAM, 'plugin', '--json'], {
      ...{ reject: false, timeout: 20_000 },
    })
    const { code, message } = errorOf({ stdout })
    assert.deepEqual([exitCode, code], [1, 'ListenFailed'], message)
    assert.match(message, /Nothing can be served at the socket that the service manager opened \(descriptor 3\): /)
  })

  it('make a network and an endpoint, and leave nothing of them', async () => {
    const before = snapshot()
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    const made = await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    const { MacAddress } = made['Interface'] as { MacAddress: string }
    assert.match(MacAddress, /^02:/)
    const joined = await called('Join', { ...names(E1), SandboxKey: '/var/run/docker/netns/x', Options: {} })
    assert.deepEqual(joined, {
      InterfaceName: { SrcName: linkOf(joined), DstPrefix: 'eth' },
      ...{ Gateway: '10.0.0.1', StaticRoutes: [], DisableGatewayService: true },
    })
    const [port = ''] = ports()
    const ends = JSON.parse(tool('ip', '-json', 'link', 'show', 'type', 'veth')) as readonly {
      readonly ifname: string
      readonly mtu: number
      readonly address: string
      readonly operstate: string
    }[]
    assert.deepEqual(
      ends.map(({ ifname, mtu }) => [ifname, mtu]).sort(),
      [
        [linkOf(joined), 1400],
        [port, 1400],
      ].sort(),
    )
    assert.equal(ends.find(({ ifname }) => ifname === linkOf(joined))?.address, MacAddress)
    assert.equal(tool('ovs-vsctl', 'get', 'Port', port, 'tag').trim(), '7')
    assert.deepEqual(await called('EndpointOperInfo', names(E1)), {
      Value: {
        ...{ mac_address: MacAddress, ipv4_address: '10.0.0.2/24', ipv6_address: '', ip_address: '10.0.0.2' },
        ...{ ovs_port: port, veth_outside: port },
      },
    })
    await called('Leave', names(E1))
    await called('DeleteEndpoint', names(E1))
    assert.deepEqual([ports(), pairs()], [[], []])
    await gone()
    assert.deepEqual(snapshot(), before)
  })

  it('said again they change nothing, said otherwise they are refused', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    await called('CreateNetwork', networkCall(NETWORK, L2))
    const other = await callDriver('CreateNetwork', networkCall(NETWORK, { ...L2, mtu: '1300' }))
    assert.match(String(other.body['Err']), /other settings; mtu: 1400, not 1300/)
    const call = endpointCall(NETWORK, E1, '10.0.0.2/24', '02:00:00:00:00:07')
    assert.deepEqual(await called('CreateEndpoint', call), {})
    const before = snapshot()
    assert.deepEqual(await called('CreateEndpoint', call), {})
    const [one, two] = [await called('Join', names(E1)), await called('Join', names(E1))]
    assert.deepEqual(one, two)
    assert.deepEqual(snapshot(), before)
    for (const [address, mac, words] of [
      ['10.0.0.3/24', '02:00:00:00:00:07', /already, with 10.0.0.2\/24/],
      ['10.0.0.2/24', '02:00:00:00:00:08', /already, with the MAC 02:00:00:00:00:07/],
    ] as const) {
      const { status, body } = await callDriver('CreateEndpoint', endpointCall(NETWORK, E1, address, mac))
      assert.equal(status, 500)
      assert.match(String(body['Err']), words)
    }
    assert.deepEqual(snapshot(), before)
    await called('DeleteEndpoint', names(E1))
    await called('DeleteEndpoint', names(E1))
    await gone()
    await gone()
  })

  it('about what is not there are fine when it is to go, and refused when it is to work', async () => {
    const before = snapshot()
    await using _driver = await plugin()
    assert.deepEqual(await called('DeleteNetwork', { NetworkID: NETWORK }), {})
    for (const name of ['Leave', 'DeleteEndpoint', 'RevokeExternalConnectivity'])
      assert.deepEqual(await called(name, names(E1)), {})
    for (const [name, words] of [
      ['CreateEndpoint', /There is no network bbbbbbbbbbbb/],
      ['Join', /There is no endpoint 111111111111/],
      ['EndpointOperInfo', /There is no endpoint 111111111111/],
    ] as const) {
      const { status, body } = await callDriver(name, endpointCall(NETWORK, E1, '10.0.0.2/24'))
      assert.equal(status, 500)
      assert.match(String(body['Err']), words)
    }
    assert.deepEqual(snapshot(), before)
  })

  it('about a network whose record was damaged say so', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    const key = `external_ids:ovsd_net.${NAME}`
    const record = tool('ovs-vsctl', 'get', 'Bridge', 'bp0', key).trim()
    tool('ovs-vsctl', 'set', 'Bridge', 'bp0', `${key}=nonsense`)
    const { body } = await callDriver('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    assert.match(
      String(body['Err']),
      /The network bbbbbbbbbbbb cannot be used: [\s\S]*ovsd net rm bbbbbbbbbbbb --force/,
    )
    tool('ovs-vsctl', 'set', 'Bridge', 'bp0', `${key}=${record}`)
    await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    await called('DeleteEndpoint', names(E1))
    await gone()
  })

  it('publish no ports where the host is not in the network, and say so', async () => {
    await using _driver = await plugin()
    const Options = { 'com.docker.network.portmap': [{ Proto: 6, Port: 80, HostPort: 8080, HostPortEnd: 8080 }] }
    assert.deepEqual(await called('ProgramExternalConnectivity', { ...names(E1), Options: {} }), {})
    await called('CreateNetwork', networkCall(NETWORK, L2))
    await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    const before = snapshot()
    const { body } = await callDriver('ProgramExternalConnectivity', { ...names(E1), Options })
    assert.match(String(body['Err']), /ports 80 of .* not in a network of mode l2[\s\S]*--publish[\s\S]*mode=nat/)
    // It is not to be asked: Docker asks the endpoint whose gateway it takes.
    assert.equal((await called('Join', { ...names(E1), Options }))['Gateway'], undefined)
    assert.equal((await called('Join', { ...names(E1), Options: {} }))['Gateway'], '10.0.0.1')
    assert.deepEqual(snapshot(), before)
    await called('DeleteEndpoint', names(E1))
    await gone()
  })

  it('about a hundred endpoints at once are all answered', async () => {
    await using driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    const ids = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0').repeat(32))
    const since = performance.now()
    await Promise.all(ids.map((id, i) => called('CreateEndpoint', endpointCall(NETWORK, id, `10.0.0.${i + 2}/24`))))
    const joined = await Promise.all(ids.map((id) => called('Join', names(id))))
    assert.equal(new Set(joined.map(linkOf)).size, 100)
    assert.equal(ports().length, 100)
    assert.ok(joined.every((one) => existsSync(`/sys/class/net/${linkOf(one)}`)))
    await Promise.all(ids.map((id) => called('DeleteEndpoint', names(id))))
    assert.deepEqual([ports(), pairs()], [[], []])
    const slowest = Math.max(...driver.all('call.answered').map(({ ms }) => Number(ms)))
    console.log(`      100 endpoints: ${Math.round(performance.now() - since)} ms, slowest call ${slowest} ms`)
    assert.deepEqual(driver.all('call.failed'), [])
    await gone()
  })

  it('outlive the driver: another one knows the same, also without the store', async () => {
    {
      await using _driver = await plugin()
      await called('CreateNetwork', networkCall(NETWORK, L2))
      await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    }
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
    await using _again = await plugin()
    assert.equal(
      ((await called('EndpointOperInfo', names(E1)))['Value'] as { ip_address: string }).ip_address,
      '10.0.0.2',
    )
    const far = linkOf(await called('Join', names(E1)))
    // A reboot: rows without links.
    tool('ip', 'link', 'del', 'dev', far)
    assert.deepEqual(pairs(), [])
    assert.equal(linkOf(await called('Join', names(E1))), far)
    assert.ok(existsSync(`/sys/class/net/${far}`))
    assert.equal(ports().length, 1)
    await called('DeleteEndpoint', names(E1))
    await gone()
  })

  it('an endpoint whose removal never came gives its address to the next one, unless a container has it', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    await called('CreateEndpoint', endpointCall(NETWORK, E2, '10.0.0.2/24'))
    assert.equal(ports().length, 1)
    const far = linkOf(await called('Join', names(E2)))
    tool('ip', 'netns', 'add', 'taker')
    tool('ip', 'link', 'set', far, 'netns', 'taker')
    const { body } = await callDriver('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    assert.match(String(body['Err']), /10.0.0.2 belongs to /)
    assert.equal(ports().length, 1)
    await called('DeleteEndpoint', names(E2))
    tool('ip', 'netns', 'del', 'taker')
    await gone()
    assert.deepEqual(pairs(), [])
  })

  it('an endpoint whose container ends right now gives its address to the next one', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    await called('CreateEndpoint', endpointCall(NETWORK, E2, '10.0.0.2/24'))
    const far = linkOf(await called('Join', names(E2)))
    tool('ip', 'netns', 'add', 'taker')
    tool('ip', 'link', 'set', far, 'netns', 'taker')
    const answer = called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    await pause(300)
    tool('ip', 'netns', 'del', 'taker')
    await answer
    assert.equal(ports().length, 1)
    assert.notEqual(linkOf(await called('Join', names(E1))), far)
    await called('DeleteEndpoint', names(E1))
    await called('DeleteEndpoint', names(E2))
    await gone()
    assert.deepEqual(pairs(), [])
  })

  it('an endpoint goes at once, also while ovs-vswitchd does not answer', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    {
      using _daemon = silent('ovs-vswitchd')
      const begin = Date.now()
      await called('DeleteEndpoint', names(E1))
      // Who waits for ovs-vswitchd waits for 8 s.
      assert.ok(Date.now() - begin < 4_000)
      assert.deepEqual([ports(), pairs()], [[], []])
    }
    await gone()
  })

  it('ports whose links went while no driver ran go when the next one starts', async () => {
    let far = ''
    {
      await using _driver = await plugin()
      await called('CreateNetwork', networkCall(NETWORK, L2))
      await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
      far = linkOf(await called('Join', names(E1)))
    }
    tool('ip', 'link', 'del', 'dev', far)
    await using driver = await plugin()
    await driver.sees({ event: 'upkeep.mended', about: 'ports of endpoints' }, { seconds: 20 })
    assert.deepEqual(ports(), [])
    await gone()
  })

  it('networks are left to Docker: net rm, net prune and gc leave them alone', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, L2))
    await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    assert.throws(() => ok('net', 'rm', NAME), /was made by Docker[\s\S]*docker network rm bbbbbbbbbbbb/)
    await called('DeleteEndpoint', names(E1))
    assert.match(ok('net', 'prune'), /no network|Nothing|nothing/i)
    assert.match(ok('net', 'ls'), /bbbbbbbbbbbb +l2 +bp0 +7/)
    ok('net', 'rm', NAME, '--force')
    assert.deepEqual(await called('DeleteNetwork', { NetworkID: NETWORK }), {})
  })

  it('wait in a socket that a service manager has opened, until the driver is there', async () => {
    const path = '/run/ovsd-passed.sock'
    // Opens the socket, and becomes the driver at the first call (systemd-socket-activate(1)).
    const child = spawn('systemd-socket-activate', [`--listen=${path}`, ...PROGRAM, 'plugin'], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    try {
      await until(() => existsSync(path), 'the socket', 10)
      const answers = await Promise.all(
        ['DeleteNetwork', 'GetCapabilities'].map((name) => callDriver(name, { NetworkID: NETWORK }, path)),
      )
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200],
      )
      assert.ok(!existsSync(SOCKET), 'it takes no other one')
      child.kill('SIGTERM')
      assert.equal((await ended)[0], 0)
    } finally {
      child.kill('SIGKILL')
      await ended
      rmSync(path, { force: true })
    }
  })

  it('killed at any tool, CreateEndpoint works when it is said again, and nothing of the killed one is left', async () => {
    {
      await using _driver = await plugin()
      await called('CreateNetwork', networkCall(NETWORK, L2))
    }
    const before = snapshot()
    const method = 'CreateEndpoint'
    const call = endpointCall(NETWORK, E1, '10.0.0.2/24')
    let kills = 0
    for (const moment of ['before', 'after'] as const)
      for (let nth = 1; nth < 20; nth++) {
        // What ovs-vsctl would do goes over a connection; ethtool is started beside it.
        const isKilled = await killedDuring({ method, call, nth, moment, more: ['ethtool'] })
        await using _again = await plugin()
        const made = await called(method, call)
        assert.match((made['Interface'] as { MacAddress: string }).MacAddress, /^02:/)
        await called('Join', names(E1))
        await called('DeleteEndpoint', names(E1))
        assert.deepEqual([pairs(), snapshot()], [[], before])
        if (!isKilled) break
        kills++
      }
    assert.ok(kills >= 4, `killed ${kills} times`)
    await using _driver = await plugin()
    await gone()
  })
})
