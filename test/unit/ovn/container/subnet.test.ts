import { strict as assert } from 'node:assert'
import type { DockerNetwork } from '../../../../src/lib/docker/networks.ts'
import { parseNetwork } from '../../../../src/lib/net/cidr.ts'
import { addressIn, CANDIDATES, freeSubnet, gatewayIn, rangeIn } from '../../../../src/lib/ovn/container/subnet.ts'
import { hostWith } from '../../../support/samples.ts'

const cidr = (text: string) => parseNetwork(text, 'subnet')

const network = (name: string, ...subnets: string[]): DockerNetwork => ({
  ...{ id: name, name, driver: 'bridge', labels: {} },
  pools: subnets.map((subnet) => ({ subnet, gateway: '', kept: [] })),
})

/** A host with these routes, each in a table of its own relation to what is asked. */
const hostWithRoutes = (routes: readonly { dst: string; type?: string }[]) =>
  hostWith(({ args }) => {
    const [, relation, subnet] = /(root|match) (.*)$/.exec(args.join(' ')) ?? []
    // The tool picks out by prefix; of these only equal ones and "default" are needed.
    const isAsked = (dst: string) => dst === subnet || (dst === 'default' && relation === 'match')
    return Promise.resolve({
      stdout: JSON.stringify(routes.filter(({ dst }) => isAsked(dst))),
      ...{ stderr: '', status: 0 },
    })
  })

describe("the subnet of central's network", () => {
  it('has central at its fifth address, the host at its first, and gives out the upper half', () => {
    for (const [subnet, address, gateway, range] of [
      ['172.30.0.0/24', '172.30.0.5', '172.30.0.1', '172.30.0.128/25'],
      ['10.0.0.128/25', '10.0.0.133', '10.0.0.129', '10.0.0.192/26'],
      ['10.1.0.0/16', '10.1.0.5', '10.1.0.1', '10.1.128.0/17'],
      ['10.0.0.8/29', '10.0.0.13', '10.0.0.9', '10.0.0.12/30'],
    ] as const)
      assert.deepEqual(
        [addressIn(cidr(subnet))?.text, gatewayIn(cidr(subnet)).text, rangeIn(cidr(subnet))],
        [address, gateway, range],
      )
    for (const small of ['10.0.0.0/30', '10.0.0.4/31', '10.0.0.5/32']) assert.equal(addressIn(cidr(small)), undefined)
  })

  it('is tried in the order that users of ovs-container-network know', () => {
    assert.deepEqual(
      CANDIDATES.map(({ text }) => text),
      ['172.30.0.0/24', '172.31.0.0/24', '192.168.200.0/24', '192.168.201.0/24'],
    )
  })

  it('is none that Docker has, wider or narrower, of any driver; other IP versions and odd words do not matter', async () => {
    using host = hostWithRoutes([])
    const free = async (...networks: DockerNetwork[]) => (await freeSubnet(host, networks)).text
    assert.equal(await free(), '172.30.0.0/24')
    assert.equal(await free(network('a', 'fd00::/64', '172.30.0.64/26')), '172.31.0.0/24')
    assert.equal(await free(network('a', '172.16.0.0/12')), '192.168.200.0/24')
    assert.equal(await free(network('host'), network('odd', '')), '172.30.0.0/24')
  })

  it('is none that the host has a route to, whatever the default route', async () => {
    using host = hostWithRoutes([
      { dst: 'default' },
      { dst: '172.30.0.0/24', type: 'blackhole' },
      { dst: '172.31.0.0/24', type: 'multicast' },
    ])
    assert.equal((await freeSubnet(host, [])).text, '172.31.0.0/24')
  })
})
