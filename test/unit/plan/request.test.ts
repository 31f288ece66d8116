import { strict as assert } from 'node:assert'
import { parseAttach, type AttachRequest, type AttachWords } from '../../../src/lib/plan/request.ts'
import { refused } from '../../support/bad-input.ts'

const WORDS: AttachWords = { bridge: 'br0', iface: 'eth1', container: 'web' }

/** The parts of a request that tests compare, as text. */
function shape(words: Partial<AttachWords>) {
  const { addresses, gateways, routes, ...rest } = parseAttach({ ...WORDS, ...words })
  return {
    ...rest,
    addresses: addresses.map(({ text }) => text),
    gateways: gateways.map(({ text }) => text),
    routes: routes.map(({ to, via }) => [to.text, via?.text]),
  }
}

const DEFAULTS = shape({})

describe('parseAttach', () => {
  it('needs nothing but bridge, interface and container', () => {
    assert.deepEqual(DEFAULTS, {
      bridge: 'br0',
      iface: 'eth1',
      container: 'web',
      where: { kind: 'docker' },
      addresses: [],
      gateways: [],
      routes: [],
      mac: undefined,
      mtu: undefined,
      vlan: { kind: 'none' },
      datapath: undefined,
      mayExist: false,
      probe: false,
      owner: 'cli',
      warnings: [],
    })
  })

  const accepted: readonly (readonly [string, Partial<AttachWords>, Partial<ReturnType<typeof shape>>])[] = [
    [
      'both families, canonical',
      { ipaddress: ['10.0.0.2/24', 'FD00:0::2/64'], gateway: ['10.0.0.1', 'fd00::1'] },
      { addresses: ['10.0.0.2/24', 'fd00::2/64'], gateways: ['10.0.0.1', 'fd00::1'] },
    ],
    [
      'two addresses of one network',
      { ipaddress: ['10.0.0.2/24', '10.0.0.3/24'] },
      { addresses: ['10.0.0.2/24', '10.0.0.3/24'] },
    ],
    [
      'a gateway outside of the subnet',
      { ipaddress: ['10.0.0.2/32'], gateway: ['192.0.2.1'] },
      {
        addresses: ['10.0.0.2/32'],
        gateways: ['192.0.2.1'],
      },
    ],
    [
      'routes',
      { ipaddress: ['10.0.0.2/24'], route: ['10.1.0.0/16,10.0.0.1', '10.2.0.0/16'] },
      {
        addresses: ['10.0.0.2/24'],
        routes: [
          ['10.1.0.0/16', '10.0.0.1'],
          ['10.2.0.0/16', undefined],
        ],
      },
    ],
    ['a MAC with dashes', { macaddress: '02-42-0A-00-00-02' }, { mac: '02:42:0a:00:00:02' as AttachRequest['mac'] }],
    ['a small MTU with IPv4', { ipaddress: ['10.0.0.2/24'], mtu: '576' }, { addresses: ['10.0.0.2/24'], mtu: 576 }],
    ['the smallest MTU of IPv6', { ipaddress: ['fd00::2/64'], mtu: '1280' }, { addresses: ['fd00::2/64'], mtu: 1280 }],
    ['an access port', { vlan: '10' }, { vlan: { kind: 'access', tag: 10 } }],
    ['a trunk', { trunks: '20,10' }, { vlan: { kind: 'trunk', trunks: [10, 20] } }],
    ['a native VLAN', { nativeVlan: '5', trunks: '10' }, { vlan: { kind: 'native', tag: 5, trunks: [10] } }],
    ['a namespace', { netns: '/run/netns/web' }, { where: { kind: 'path', path: '/run/netns/web' } }],
    ['a process', { pid: '4711' }, { where: { kind: 'pid', pid: 4711 } }],
    ['a datapath', { datapath: 'netdev' }, { datapath: 'netdev' }],
    ['switches', { mayExist: true, probe: true, owner: 'watch' }, { mayExist: true, probe: true, owner: 'watch' }],
  ]
  for (const [title, words, expected] of accepted)
    it(`takes ${title}`, () => {
      assert.deepEqual(shape(words), { ...DEFAULTS, ...expected })
    })

  for (const [text, taken] of [
    ['10.0.0.2', '10.0.0.2/32'],
    ['fd00::2', 'fd00::2/128'],
  ] as const)
    it(`takes ${text} as ${taken}, and says so`, () => {
      const { addresses, warnings } = shape({ ipaddress: [text, '10.9.0.2/24'] })
      assert.deepEqual(addresses, [taken, '10.9.0.2/24'])
      assert.equal(warnings.length, 1)
      const [warning = ''] = warnings
      assert.ok(warning.includes(`--ipaddress=${text} `) && warning.includes(taken), warning)
    })

  type Case = readonly [field: string, words: Partial<AttachWords>]
  const bad: readonly Case[] = [
    ['BRIDGE', { bridge: '-- del-br br0' }],
    ['INTERFACE', { iface: 'a/b' }],
    ['CONTAINER', { container: '-f' }],
    ['CONTAINER', { container: '../x' }],
    ['CONTAINER', { container: '' }],
    ['CONTAINER', { container: 'a b' }],
    ['CONTAINER', { container: 'web\n' }],
    ['CONTAINER', { container: 'web\0' }],
    ['CONTAINER', { container: '$(reboot)' }],
    ['CONTAINER', { container: 'x'.repeat(65_536) }],
    ['--ipaddress', { ipaddress: ['10.0.0.2/24', '10.0.0.2/16'] }],
    ['--ipaddress', { ipaddress: ['fd00::2/64', 'fd00:0:0::2/48'] }],
    ['--ipaddress', { ipaddress: ['10.0.0.2/24', '10.0.0/24'] }],
    ['--gateway', { gateway: ['10.0.0.1'] }],
    ['--gateway', { ipaddress: ['10.0.0.2/24'], gateway: ['10.0.0.2'] }],
    ['--gateway', { ipaddress: ['10.0.0.2/24'], gateway: ['fd00::1'] }],
    ['--gateway', { ipaddress: ['10.0.0.2/24'], gateway: ['10.0.0.1', '10.0.0.3'] }],
    ['--route', { route: ['10.1.0.0/16', '10.1.0.0/16'] }],
    ['--route', { ipaddress: ['10.0.0.2/24'], route: ['10.1.0.0/16,10.0.0.1', '10.1.0.0/16,10.0.0.3'] }],
    ['--route', { ipaddress: ['10.0.0.2/24'], route: ['0.0.0.0/0,10.0.0.1'] }],
    ['--macaddress', { macaddress: '01:00:5e:00:00:01' }],
    ['--mtu', { mtu: '67' }],
    ['--mtu', { ipaddress: ['10.0.0.2/24', 'fd00::2/64'], mtu: '1279' }],
    ['--vlan', { vlan: '4095' }],
    ['--vlan', { vlan: '10', trunks: '20' }],
    ['--trunks', { trunks: '10-' }],
    ['--native-vlan', { nativeVlan: '0' }],
    ['--netns', { netns: '/run/netns/web', pid: '4711' }],
    ['--netns', { netns: 'run/netns/web' }],
    ['--netns', { netns: '' }],
    ['--netns', { netns: '/run/netns/a b' }],
    ['--netns', { netns: '/run/netns/web\n' }],
    ['--pid', { pid: '0' }],
    ['--pid', { pid: '-1' }],
    ['--pid', { pid: '1e3' }],
    ['--pid', { pid: '12345678' }],
    ['--datapath', { datapath: 'kernel' }],
    ['--datapath', { datapath: '' }],
  ]
  for (const [field, words] of bad)
    it(`refuses ${JSON.stringify(words).slice(0, 80)}`, () => {
      refused(
        () => parseAttach({ ...WORDS, ...words }),
        '',
        field,
        () => undefined,
      )
    })

  it('names the first thing that is wrong in the order of the command line', () => {
    refused(
      () => parseAttach({ bridge: '', iface: '', container: '', mtu: '0' }),
      '',
      'BRIDGE',
      () => undefined,
    )
  })
})
