import { strict as assert } from 'node:assert'
import { defaultRoutes, interfacesIn, restoreLine, type InterfaceState } from '../../../src/lib/net/ip-json.ts'
import { NETNS } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const SHOW = 'ip -json address show'
const ROUTES = (family: 4 | 6) => `ip -${family} -json route show default`

describe('interfacesIn', () => {
  const states = async (recording: string) => {
    const { run } = scriptedRunner({ [SHOW]: [recording] })
    return interfacesIn(run, NETNS)
  }
  const expected: readonly InterfaceState[] = [
    {
      name: 'lo',
      mac: '00:00:00:00:00:00',
      mtu: 65_536,
      up: true,
      addresses: ['127.0.0.1/8', '::1/128'],
      linkLocal: [],
      tentative: [],
      duplicate: [],
    },
    {
      name: 'eth1',
      mac: '02:42:0a:00:00:02',
      mtu: 1450,
      up: true,
      addresses: ['10.0.0.2/24', 'fd00::2/64'],
      linkLocal: ['fe80::42:aff:fe00:2/64'],
      tentative: [],
      duplicate: [],
    },
    {
      name: 'eth2',
      mac: 'ee:d1:6c:21:42:f3',
      mtu: 1500,
      up: false,
      addresses: [],
      linkLocal: [],
      tentative: [],
      duplicate: [],
    },
  ]

  it('tells MAC, MTU, state and addresses, without the link-local ones that the kernel made', async () => {
    const found = await states('ip/address-show')
    assert.deepEqual([...found.keys()], ['lo', 'eth1', 'eth2', 'eth3'])
    for (const state of expected) {
      const { mac, ...rest } = found.get(state.name) ?? assert.fail(state.name)
      const { mac: expectedMac, ...others } = state
      assert.deepEqual(rest, others)
      // eth2's is random, and another one after each recording.
      if (state.name === 'eth2') assert.match(mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
      else assert.equal(mac, expectedMac)
    }
  })

  it('tells which addresses the kernel is still asking about', async () => {
    const eth3 = (await states('ip/address-show-asking')).get('eth3')
    assert.deepEqual([...(eth3?.tentative ?? [])].sort(), ['fd00:3::7/64', 'fd00:3::8/64'])
    assert.deepEqual(eth3?.duplicate, [])
  })

  it('tells which addresses somebody else has', async () => {
    const eth3 = (await states('ip/address-show-duplicate')).get('eth3')
    assert.deepEqual(eth3?.duplicate, ['fd00:3::7/64'])
    assert.deepEqual([...eth3.addresses].sort(), ['fd00:3::7/64', 'fd00:3::8/64'])
  })

  it('asks inside the namespace', async () => {
    const { run, ran } = scriptedRunner({ [SHOW]: ['ip/address-show'] })
    await interfacesIn(run, NETNS)
    assert.deepEqual(ran, ['nsenter --net=/proc/4711/ns/net ip -json address show'])
  })

  it('takes no output for no interface', async () => {
    const { run } = scriptedRunner({ [SHOW]: [{ stdout: '' }] })
    assert.equal((await interfacesIn(run, NETNS)).size, 0)
  })
})

describe('default routes', () => {
  const lines = async (family: 4 | 6, recording: string) => {
    const { run } = scriptedRunner({ [ROUTES(family)]: [recording] })
    return (await defaultRoutes(run, NETNS, family)).map((route) => restoreLine(route, family))
  }

  it('are put back as they were, in IPv4', async () => {
    assert.deepEqual(await lines(4, 'ip/route-default-4'), [
      'route replace default via 10.0.0.1 dev eth1',
      'route replace default via 203.0.113.1 dev eth1 proto static metric 50 src 10.0.0.2 onlink',
      'route replace default dev eth3 metric 70',
    ])
  })

  it('are put back as they were, in IPv6', async () => {
    assert.deepEqual(await lines(6, 'ip/route-default-6'), ['route replace ::/0 via fd00::1 dev eth1 metric 30'])
  })

  it('may be none', async () => {
    assert.deepEqual(await lines(4, 'ip/route-default-4-none'), [])
  })
})
