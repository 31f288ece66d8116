// What engines from 20.10 to 29 say to a driver, replayed against a real Open vSwitch; and what none of them should say.
import { strict as assert } from 'node:assert'
import type { Host } from '../../src/lib/host.ts'
import { Driver, type DriverOptions } from '../../src/lib/plugin/driver.ts'
import { Ipam } from '../../src/lib/plugin/ipam/ipam.ts'
import { Pools } from '../../src/lib/plugin/ipam/pools.ts'
import { methodsOf } from '../../src/lib/plugin/methods.ts'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { replayed } from '../support/engine-replay.ts'
import { stories } from '../support/engine-stories.ts'
import { called, dockerId, endpointCall, networkCall, sent } from '../support/plugin-call.ts'
import { snapshot } from '../support/snapshot.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const engines = stories()
const newest = engines.findLast(({ isRecorded }) => isRecorded)
const methods = methodsOf(new Driver({} as DriverOptions), new Ipam({} as Host, new Pools()))

describe('the protocol of Docker', function () {
  this.timeout(120_000)
  let driver: Watcher
  before(async () => {
    driver = await plugin()
  })
  after(() => driver[Symbol.asyncDispose]())

  for (const story of engines) {
    const says = `engine ${story.engine} ${story.isRecorded ? 'said' : 'says'}`
    it(`what ${says} is all answered, and nothing is left`, () => replayed(story, 1))
    // For others that were recorded once is enough: it is long, and the same calls of the driver.
    if (!story.isRecorded || story === newest)
      it(`what ${says} may be said twice: the answer is the same, and nothing is left`, () => replayed(story, 2))
  }

  it('knows all methods that engines call, and real ones have called most of them', () => {
    const said = (some: typeof engines) =>
      new Set(some.flatMap(({ scenes }) => scenes.flatMap(({ calls }) => calls.map(({ method }) => method))))
    assert.deepEqual(
      [...said(engines)].filter((name) => !methods.has(name)),
      [],
    )
    const real = engines.filter(({ isRecorded }) => isRecorded)
    assert.ok(real.length >= 3)
    const heard = said(real)
    // A driver of the local scope hears these from no engine.
    assert.deepEqual([...methods.keys()].filter((name) => !heard.has(name)).sort(), [
      'NetworkDriver.AllocateNetwork',
      'NetworkDriver.DiscoverDelete',
      'NetworkDriver.DiscoverNew',
      'NetworkDriver.FreeNetwork',
    ])
  })

  it('null, an empty list and nothing are the same', async () => {
    const [network, endpoint] = [dockerId('b'), dockerId('1')]
    const names = { NetworkID: network, EndpointID: endpoint }
    const before = snapshot()
    for (const nothing of [null, [], undefined]) {
      const Options = Array.isArray(nothing) ? {} : nothing
      const lists = { 'com.docker.network.portmap': nothing, 'com.docker.network.endpoint.exposedports': nothing }
      const generic = { 'com.docker.network.generic': { bridge: 'bp0', mode: 'l2' } }
      await called('GwAllocCheck', { Options })
      await called('CreateNetwork', {
        ...{ NetworkID: network, Options: generic, IPv6Data: nothing },
        IPv4Data: [
          { AddressSpace: 'LocalDefault', Pool: '10.0.0.0/24', Gateway: '10.0.0.1/24', AuxAddresses: Options },
        ],
      })
      await called('CreateEndpoint', { ...names, Interface: { Address: '10.0.0.2/24', MacAddress: '' }, Options })
      await called('Join', { ...names, SandboxKey: '/var/run/docker/netns/x', Options })
      await called('ProgramExternalConnectivity', { ...names, Options: lists })
      await called('ProgramExternalConnectivity', { ...names, Options })
      await called('DeleteEndpoint', names)
      await called('DeleteNetwork', { NetworkID: network })
      assert.deepEqual(snapshot(), before)
    }
  })

  it('what nobody knows yet is let be', async () => {
    const [network, endpoint] = [dockerId('b'), dockerId('1')]
    const newer = { Newer: { a: [1] }, 'com.docker.network.newer': true }
    const before = snapshot()
    await called('CreateNetwork', { ...networkCall(network, { bridge: 'bp0', mode: 'l2' }), ...newer })
    await called('CreateEndpoint', { ...endpointCall(network, endpoint, '10.0.0.2/24'), ...newer })
    for (const method of ['Join', 'EndpointOperInfo', 'Leave', 'DeleteEndpoint'])
      await called(method, { NetworkID: network, EndpointID: endpoint, ...newer })
    await called('DeleteNetwork', { NetworkID: network, ...newer })
    assert.deepEqual(snapshot(), before)
  })

  describe('said badly', () => {
    /** Calls that are refused as soon as they are read: neither the host nor the memory of the driver has changed then. */
    async function refused(method: string, text: string, status = 400): Promise<void> {
      const got = await sent(method, text)
      const about = `${method} ${text.slice(0, 200)}: ${String(got.status)} ${JSON.stringify(got.body)}`
      assert.equal(got.status, status, about)
      assert.ok(String(got.body['Err']).length > 5, about)
      assert.equal(got.body['Err'], got.body['Error'], about)
    }
    let before: ReturnType<typeof snapshot>
    beforeEach(() => {
      before = snapshot()
    })
    afterEach(() => {
      assert.deepEqual(snapshot(), before)
    })

    it('an empty body, which an engine sends after a broken connection, is refused by every method that has one', async () => {
      for (const [name, { isBare }] of methods)
        if (isBare === true) assert.equal((await sent(name, '')).status, 200, name)
        else for (const text of ['', '\n']) await refused(name, text)
    })

    it('what is no JSON object is refused by every method', async () => {
      for (const name of methods.keys())
        for (const text of ['{', '{"NetworkID":', '[]', 'null', '"x"', '7', '\u0000', '{}{}']) await refused(name, text)
    })

    it('five megabytes are refused by every method, and the next call is answered', async () => {
      const text = JSON.stringify({ ...networkCall(dockerId('b'), {}), More: 'x'.repeat(5 << 20) })
      for (const name of methods.keys()) await refused(name, text, 413)
      assert.equal((await sent('Plugin.Activate', '')).status, 200)
    })

    it('ids that are missing, of the wrong type, or none', async () => {
      const [network, endpoint] = [dockerId('b'), dockerId('1')]
      const wrong = [
        undefined,
        null,
        '',
        7,
        true,
        [],
        {},
        '../../x',
        'b'.repeat(63),
        'b'.repeat(65),
        'B'.repeat(64),
        `${network}\n`,
      ]
      for (const name of methods.keys()) {
        const [, method = ''] = name.split('.')
        if (!name.startsWith('NetworkDriver.')) continue
        if (!['CreateNetwork', 'DeleteNetwork'].includes(method) && !/Endpoint|Join|Leave|External/.test(method))
          continue
        const needs = method.endsWith('Network') ? ['NetworkID'] : ['NetworkID', 'EndpointID']
        for (const key of needs)
          for (const bad of wrong)
            await refused(name, JSON.stringify({ NetworkID: network, EndpointID: endpoint, [key]: bad }))
      }
    })

    it('values of the wrong type', async () => {
      const network = networkCall(dockerId('b'), { bridge: 'bp0', mode: 'l2' })
      const endpoint = endpointCall(dockerId('b'), dockerId('1'), '10.0.0.2/24')
      const generic = 'com.docker.network.generic'
      for (const [method, call, bad] of [
        ['CreateNetwork', network, { Options: 7 }],
        ['CreateNetwork', network, { Options: [] }],
        ['CreateNetwork', network, { Options: { [generic]: 'vlan=7' } }],
        ['CreateNetwork', network, { IPv4Data: {} }],
        ['CreateNetwork', network, { IPv4Data: ['10.0.0.0/24'] }],
        ['CreateNetwork', network, { IPv4Data: [{ Pool: 7 }] }],
        ['CreateNetwork', network, { IPv4Data: [{ Pool: '10.0.0.0/24', AuxAddresses: { a: 7 } }] }],
        ['CreateNetwork', network, { IPv6Data: 'fd00::/64' }],
        ['CreateEndpoint', endpoint, { Interface: 'eth0' }],
        ['CreateEndpoint', endpoint, { Interface: { Address: ['10.0.0.2/24'] } }],
        ['CreateEndpoint', endpoint, { Interface: { MacAddress: 2 } }],
        ['ProgramExternalConnectivity', endpoint, { Options: 'x' }],
        ['ProgramExternalConnectivity', endpoint, { Options: { 'com.docker.network.portmap': { Port: 80 } } }],
        ['ProgramExternalConnectivity', endpoint, { Options: { 'com.docker.network.portmap': ['80'] } }],
      ] as const)
        await refused(`NetworkDriver.${method}`, JSON.stringify({ ...call, ...bad }))
    })

    it('values of the right type that make no sense are refused with the reason', async () => {
      const network = networkCall(dockerId('b'), { bridge: 'bp0', mode: 'l2' })
      for (const bad of [
        { IPv4Data: [{ Pool: '10.0.0.0/99' }] },
        { IPv4Data: [{ Pool: '10.0.0.0/24', Gateway: 'x' }] },
        { Options: { 'com.docker.network.generic': { mode: 'l2', bridge: '-- del-br' } } },
        { Options: { 'com.docker.network.generic': { mode: 'l2', vlan: 7 } } },
      ])
        await refused('NetworkDriver.CreateNetwork', JSON.stringify({ ...network, ...bad }), 500)
    })

    const POOL = '10.0.0.0/24,10.0.0.0/24,0123abcd'

    it('ids of pools that are missing, of the wrong type, or none of ovsd’s', async () => {
      const wrong = [
        ...[undefined, null, '', 7, true, [], {}, [POOL]],
        ...['x', '../../x', '10.0.0.0/24', '10.0.0.0/24,10.0.0.0/24', `${POOL},`, `${POOL}\n`, ` ${POOL}`],
        ...['10.0.0.0/24,10.0.0.0/24,0123ABCD', '10.0.0.0/24,10.0.0.0/24,0123abc', '10.0.0.0/99,10.0.0.0/99,0123abcd'],
        ...['10.0.0.0/24,10.1.0.0/24,0123abcd', '10.0.0.0/24,10.0.0.0/8,0123abcd', ',,0123abcd', 'x'.repeat(100_000)],
      ]
      for (const method of ['ReleasePool', 'RequestAddress', 'ReleaseAddress'])
        for (const PoolID of wrong)
          await refused(`IpamDriver.${method}`, JSON.stringify({ PoolID, Address: '10.0.0.9', Options: {} }))
      // One that could be its own, and that it has forgotten.
      for (const method of ['ReleaseAddress', 'ReleasePool'])
        assert.equal((await sent(`IpamDriver.${method}`, JSON.stringify({ PoolID: POOL, Address: '' }))).status, 200)
    })

    it('values of the wrong type in calls about addresses', async () => {
      const pool = { AddressSpace: 'ovsd', Pool: '10.0.0.0/24', SubPool: '', Options: {}, V6: false }
      const address = { PoolID: POOL, Address: '10.0.0.9', Options: {} }
      for (const [method, call, bad] of [
        ['RequestPool', pool, { Pool: 7 }],
        ['RequestPool', pool, { Pool: ['10.0.0.0/24'] }],
        ['RequestPool', pool, { SubPool: {} }],
        ['RequestPool', pool, { SubPool: true }],
        ['RequestPool', pool, { Options: 'x' }],
        ['RequestPool', pool, { Options: [] }],
        ['RequestAddress', address, { Address: 9 }],
        ['RequestAddress', address, { Address: ['10.0.0.9'] }],
        ['RequestAddress', address, { Options: 'x' }],
        ['RequestAddress', address, { Options: ['com.docker.network.gateway'] }],
        ['ReleaseAddress', address, { Address: 9 }],
        ['ReleaseAddress', address, { Address: {} }],
      ] as const)
        await refused(`IpamDriver.${method}`, JSON.stringify({ ...call, ...bad }))
      // What has no fields that are read may say anything.
      for (const method of ['GetCapabilities', 'GetDefaultAddressSpaces'])
        assert.equal((await sent(`IpamDriver.${method}`, JSON.stringify({ PoolID: 7, Options: 'x' }))).status, 200)
    })

    it('pools and addresses that make no sense are refused with the reason, and none is given of them', async () => {
      const pool = { AddressSpace: 'ovsd', Pool: '10.0.0.0/24', SubPool: '', Options: {}, V6: false }
      for (const bad of [
        { Pool: 'x' },
        { Pool: '10.0.0.0/99' },
        { Pool: '-x' },
        { SubPool: '10.1.0.0/24' },
        { SubPool: '10.0.0.0/8' },
        { SubPool: 'x' },
        { Pool: '', SubPool: '10.0.0.0/25' },
        { Options: { colour: 'red' } },
      ])
        await refused('IpamDriver.RequestPool', JSON.stringify({ ...pool, ...bad }), 500)
      for (const Address of ['x', '10.0.0.0', '10.0.0.255', '10.0.1.9', 'fd00::9', '0.0.0.0', '$(reboot)'])
        await refused('IpamDriver.RequestAddress', JSON.stringify({ PoolID: POOL, Address, Options: {} }), 500)
    })

    it('methods that there are not, and other verbs', async () => {
      for (const name of [
        'NetworkDriver.Nothing',
        'VolumeDriver.Create',
        '__proto__',
        'NetworkDriver.CreateNetwork/..',
        '%00',
      ])
        assert.equal((await sent(name, '{}')).status, 404, name)
      for (const name of methods.keys())
        for (const verb of ['GET', 'PUT', 'DELETE'])
          assert.equal((await sent(name, '', SOCKET, verb)).status, 405, name)
    })

    it('is forgotten at once: calls that come then are answered in time', async () => {
      await until(() => driver.lines.length > 0, 'the log', 5)
      const since = performance.now()
      assert.deepEqual(await called('DeleteNetwork', { NetworkID: dockerId('c') }), {})
      assert.ok(performance.now() - since < 2000)
    })
  })
})
