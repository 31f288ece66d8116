import { strict as assert } from 'node:assert'
import { BadCall } from '../../../src/lib/plugin/bad-call.ts'
import {
  createEndpointRequest,
  createNetworkRequest,
  endpointName,
  externalRequest,
  joinRequest,
} from '../../../src/lib/plugin/requests.ts'

const NETWORK = 'b5082ded43d3b362c2b913dae6ee17a8afb51ef0e2a2e19db122d4b5fea67142'
const ENDPOINT = '2f2497db76a577c0f0ff0f8056b657a003bd7636d7fd984b875d5ad9a5d3fedf'

const refused = (work: () => unknown, words: RegExp): void => {
  assert.throws(work, (error) => error instanceof BadCall && error.http === 400 && words.test(error.message))
}

describe('calls of the remote driver protocol', () => {
  it('CreateNetwork as Docker sends it', () => {
    const read = createNetworkRequest({
      NetworkID: NETWORK,
      Options: {
        'com.docker.network.enable_ipv6': true,
        'com.docker.network.internal': true,
        'com.docker.network.generic': { vlan: '7' },
      },
      IPv4Data: [
        {
          AddressSpace: 'LocalDefault',
          Gateway: '10.0.0.1/24',
          Pool: '10.0.0.0/24',
          AuxAddresses: { printer: '10.0.0.9/24' },
        },
      ],
      IPv6Data: [{ AddressSpace: 'LocalDefault', Pool: 'fd00::/64', AuxAddresses: null }],
      Later: 1,
    })
    assert.deepEqual(read, {
      ...{ network: NETWORK, options: { vlan: '7' }, isInternal: true },
      pools: [
        { pool: '10.0.0.0/24', gateway: '10.0.0.1/24', aux: { printer: '10.0.0.9/24' } },
        { pool: 'fd00::/64', gateway: '', aux: {} },
      ],
    })
  })

  it('what is left out is empty', () => {
    const read = createNetworkRequest({ NetworkID: NETWORK, Options: null, IPv4Data: null })
    assert.deepEqual(read, { network: NETWORK, options: {}, isInternal: false, pools: [] })
    const names = { NetworkID: NETWORK, EndpointID: ENDPOINT }
    const expected = { network: NETWORK, endpoint: ENDPOINT, addresses: [], mac: '' }
    assert.deepEqual(createEndpointRequest(names), expected)
    assert.deepEqual(createEndpointRequest({ ...names, Interface: { Address: '', MacAddress: null } }), expected)
  })

  it('addresses', () => {
    const names = { NetworkID: NETWORK, EndpointID: ENDPOINT }
    const Interface = { Address: '10.0.0.2/24', AddressIPv6: 'fd00::2/64', MacAddress: '02:42:0a:00:00:02' }
    assert.deepEqual(createEndpointRequest({ ...names, Interface }), {
      ...{ network: NETWORK, endpoint: ENDPOINT },
      ...{ addresses: ['10.0.0.2/24', 'fd00::2/64'], mac: '02:42:0a:00:00:02' },
    })
  })

  it('Join says ports of the container, those that are not served among them, each once', () => {
    const names = { NetworkID: NETWORK, EndpointID: ENDPOINT }
    const none = { network: NETWORK, endpoint: ENDPOINT, ports: [] }
    for (const Options of [undefined, null, {}, { 'com.docker.network.portmap': [] }])
      assert.deepEqual(joinRequest({ ...names, SandboxKey: '/var/run/docker/netns/x', Options }), none)
    const portmap = [
      { Proto: 6, IP: '', Port: 80, HostIP: '', HostPort: 8080, HostPortEnd: 8080 },
      { Proto: 6, IP: '', Port: 80, HostIP: '127.0.0.1', HostPort: 8081, HostPortEnd: 8081 },
      { Proto: 17, Port: 53 },
      { Proto: 132, Port: 99 },
    ]
    assert.deepEqual(joinRequest({ ...names, Options: { 'com.docker.network.portmap': portmap } }).ports, [
      ...['80/tcp', '53/udp', '99/sctp'],
    ])
    refused(() => joinRequest({ ...names, Options: { 'com.docker.network.portmap': 'all' } }), /no list/)
  })

  // As engine 20.10 says them; the words of docker run --publish are beside them.
  it('published ports', () => {
    const names = { NetworkID: NETWORK, EndpointID: ENDPOINT }
    const wishes = (...portmap: readonly object[]) =>
      externalRequest({ ...names, Options: { 'com.docker.network.portmap': portmap } }).ports
    const said = { IP: '', Port: 80, HostIP: '', HostPort: 8080, HostPortEnd: 8080 }
    const wish = { protocol: 'tcp', port: 80, hostIp: '', hostPort: 8080, hostPortEnd: 8080 }
    assert.deepEqual(wishes(), [])
    assert.deepEqual(externalRequest({ ...names, Options: {} }).ports, [])
    for (const [words, more, expected] of [
      ['8080:80', { Proto: 6 }, {}],
      [
        '127.0.0.1:8081:80/udp',
        { Proto: 17, HostIP: '127.0.0.1', HostPort: 8081, HostPortEnd: 8081 },
        { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 8081, hostPortEnd: 8081 },
      ],
      ['80', { Proto: 6, HostPort: 0, HostPortEnd: 0 }, { hostPort: 0, hostPortEnd: 0 }],
      ['9000-9002:80', { Proto: 6, HostPort: 9000, HostPortEnd: 9002 }, { hostPort: 9000, hostPortEnd: 9002 }],
      ['[::]:8080:80', { Proto: 6, HostIP: '::' }, { hostIp: '::' }],
      ['[FD00:0::1]:8080:80', { Proto: 6, HostIP: 'FD00:0::1' }, { hostIp: 'fd00::1' }],
    ] as const)
      assert.deepEqual(wishes({ ...said, ...more }), [{ ...wish, ...expected }], words)
    assert.equal(wishes({ ...said, Proto: 6 }, { ...said, Proto: 17 }).length, 2)
    assert.throws(() => wishes({ ...said, Proto: 132 }), /only TCP and UDP ports are published/)
    assert.throws(() => wishes({ ...said, Proto: 6, HostIP: '10.1; drop' }), /is not an IP address/)
    refused(() => wishes({ ...said, Proto: 6, Port: 0 }), /Port is missing/)
    refused(() => wishes({ ...said, Proto: 6, HostPort: 70_000 }), /HostPort is no port/)
    refused(() => wishes({ ...said, Proto: 6, HostPortEnd: '80' }), /HostPortEnd is no port/)
    refused(() => wishes({ ...said, Proto: 6, HostIP: 7 }), /HostIP is no text/)
  })

  it('wrong types and missing ids are refused by their names', () => {
    refused(() => endpointName({}), /NetworkID is missing/)
    refused(() => endpointName({ NetworkID: NETWORK }), /EndpointID is missing/)
    refused(() => endpointName({ NetworkID: '../../etc', EndpointID: ENDPOINT }), /NetworkID is not 64 hex digits/)
    refused(() => endpointName({ NetworkID: 7 }), /NetworkID is no text/)
    refused(() => createNetworkRequest({ NetworkID: NETWORK, Options: [] }), /Options is no object/)
    refused(() => createNetworkRequest({ NetworkID: NETWORK, IPv4Data: {} }), /IPv4Data is no list/)
    refused(() => createNetworkRequest({ NetworkID: NETWORK, IPv4Data: ['x'] }), /IPv4Data is no list of objects/)
    refused(
      () => createEndpointRequest({ NetworkID: NETWORK, EndpointID: ENDPOINT, Interface: 'x' }),
      /Interface is no object/,
    )
  })
})
