import { strict as assert } from 'node:assert'
import { wishesOf, type WantedWish } from '../../../src/lib/labels/wishes.ts'
import { confined } from '../../../src/lib/policy/confine.ts'
import { judge } from '../../../src/lib/policy/judge.ts'
import type { BridgeFacts } from '../../../src/lib/policy/never.ts'
import { parsePolicy } from '../../../src/lib/policy/parse-policy.ts'
import { DEFAULT_POLICY, NO_POLICY, type Policy } from '../../../src/lib/policy/policy.ts'
import { parseYaml } from '../../../src/lib/system/yaml-file.ts'
import { recordedNetwork } from '../../support/networks.ts'

const NETWORKS = [
  recordedNetwork({ name: 'blue', subnet: ['10.3.0.0/24'], gateway: ['10.3.0.1'], vlan: '30', tenant: 'acme' }),
  recordedNetwork({ name: 'plain', bridge: 'lab1', subnet: ['10.0.0.0/8'] }),
]

const policy = async (text: string): Promise<Policy> => parsePolicy(await parseYaml(text), '/etc/p.yaml', 'ovsbr0')

/** The wish of labels `key=value`, for which ip_address=10.0.0.2/24 is taken when it is not among them. */
function wish(...labels: readonly string[]): WantedWish {
  const pairs = labels.map((label) => [`ovs.${label.split('=')[0] ?? ''}`, label.split('=')[1] ?? ''] as const)
  const all = { 'ovs.ip_address': '10.0.0.2/24', ...Object.fromEntries(pairs) }
  const [found] = wishesOf(all, { bridge: 'ovsbr0', iface: 'eth1', networks: NETWORKS, container: 'a'.repeat(64) })
  return found?.kind === 'wanted' ? found : assert.fail(JSON.stringify(found))
}

const broken = (by: Policy, wanted: WantedWish, facts?: BridgeFacts) =>
  judge(by, wanted, facts).map(({ rule, label }) => [rule, label])

const EXTERNAL = ['external_ip=192.0.2.10', 'external_interface=eno1'] as const

describe('the built-in policy', () => {
  const builtIn = DEFAULT_POLICY('ovsbr0')

  it('allows access ports on the default bridge, with all that belongs to them', () => {
    assert.deepEqual(broken(builtIn, wish()), [])
    const all = ['bridge=ovsbr0', 'vlan=7', 'mac_address=02:42:0a:00:00:02', 'mtu=1400', 'gateway=10.0.0.1', 'rate=1M']
    assert.deepEqual(broken(builtIn, wish(...all, 'tenant=blue', 'routes=10.1.0.0/16')), [])
  })

  it('names every rule that is broken, and the label', () => {
    const wanted = wish('bridge=br1', 'trunks=10', ...EXTERNAL)
    assert.deepEqual(broken(builtIn, wanted), [
      ['built-in: bridges', 'ovs.bridge'],
      ['built-in: trunks', 'ovs.trunks'],
      ['built-in: external', 'ovs.external_ip'],
    ])
    assert.deepEqual(
      judge(builtIn, wanted).map(({ message }) => message),
      [
        'ovs.bridge: br1 is not allowed; allowed: ovsbr0.',
        'ovs.trunks: trunks are not allowed.',
        'ovs.external_ip: external addresses are not allowed.',
      ],
    )
    assert.deepEqual(broken(builtIn, wish('native_vlan=5')), [['built-in: trunks', 'ovs.native_vlan']])
  })
})

describe('the policy none', () => {
  it('allows everything', () => {
    assert.deepEqual(broken(NO_POLICY, wish('bridge=br-int', 'trunks=10', ...EXTERNAL)), [])
  })
})

describe('bridges of OVN', () => {
  const OVN = [['built-in: ovn', 'ovs.bridge']]

  it('are allowed by no file', async () => {
    const all = await policy('bridges: true')
    assert.deepEqual(broken(all, wish('bridge=br0')), [])
    assert.deepEqual(broken(all, wish('bridge=br0'), { externalIds: { 'ct-zone': '1', movn: '' } }), [])
    assert.deepEqual(broken(all, wish('bridge=br-int')), OVN)
    assert.deepEqual(broken(all, wish('bridge=br0'), { externalIds: { 'ct-zone-lsp1': '3' } }), OVN)
    assert.deepEqual(broken(all, wish('bridge=br0'), { externalIds: { 'ovn-nb-cfg': '3' } }), OVN)
    assert.deepEqual(broken(all, wish('bridge=br0'), { externalIds: {}, parent: 'br-int', tag: 5 }), OVN)
    assert.deepEqual(broken(await policy('bridges: "br*"'), wish('bridge=br-int')), OVN)
  })
})

describe('judge', () => {
  const cases: readonly (readonly [file: string, good: readonly string[], bad: readonly string[], rule: string])[] = [
    ['bridges: [ovsbr0, "lab*"]', ['bridge=lab7'], ['bridge=xlab'], 'bridges'],
    ['bridges: [lab]', ['bridge=lab'], [], 'bridges'],
    ['bridges: false', [], ['-'], 'bridges'],
    ['interfaces: ["eth*"]', ['interface=eth1'], ['interface=net0'], 'interfaces'],
    ['subnets: [10.0.0.0/16]', ['ip_address=10.0.1.2/24'], ['ip_address=10.1.0.2/24'], 'subnets'],
    ['subnets: [10.0.0.0/16]', ['ip_address=10.0.1.2'], ['ip_address=10.0.1.2/8'], 'subnets'],
    ['subnets: [10.0.0.0/16]', [], ['ip_address=10.0.1.2/24,fd00::2/64'], 'subnets'],
    ['subnets: ["fd00::/16"]', ['ip_address=fd00:1::2/64'], ['ip_address=fd01::2/64'], 'subnets'],
    ['subnets: false', [], ['-'], 'subnets'],
    ['vlans: [10, 100-199]', ['vlan=150'], ['vlan=11'], 'vlans'],
    ['vlans: [10]\ntrunks: true', ['native_vlan=10'], ['native_vlan=11'], 'vlans'],
    ['vlans: false', ['-'], ['vlan=10'], 'vlans'],
    ['untagged: false', ['vlan=10'], ['-'], 'untagged'],
    ['trunks: [10-12]', ['trunks=10,12'], ['trunks=10,13'], 'trunks'],
    ['trunks: [10-12]', ['native_vlan=5', 'trunks=10'], ['native_vlan=5'], 'trunks'],
    ['trunks: true', ['native_vlan=5'], [], 'trunks'],
    ['mac: false', ['-'], ['mac_address=02:42:0a:00:00:02'], 'mac'],
    ['mtu: false', ['-'], ['mtu=1400'], 'mtu'],
    ['gateway: false', ['-'], ['gateway=10.0.0.1'], 'gateway'],
    ['gateway: false', ['routes=10.0.0.0/8;172.16.0.0/12;192.168.0.0/16'], ['routes=0.0.0.0/1;128.0.0.0/1'], 'gateway'],
    ['gateway: false', ['routes=11.0.0.0/8;11.0.0.0/9,10.0.0.1;11.128.0.0/9'], ['routes=12.0.0.0/7'], 'gateway'],
    ['gateway: false\nroutes: true', [], ['routes=11.0.0.0/8;12.0.0.0/8'], 'gateway'],
    ['gateway: false', ['ip_address=10.0.0.2/8', 'routes=10.2.0.0/16'], ['ip_address=10.0.0.2/7'], 'gateway'],
    [
      'gateway: false',
      ['ip_address=fd00::2/64', 'routes=fd00::/16'],
      ['ip_address=fd00::2/64', 'routes=fc00::/15'],
      'gateway',
    ],
    ['rate: false', ['-'], ['rate=1M'], 'rate'],
    ['routes: [10.0.0.0/8]', ['routes=10.1.0.0/16'], ['routes=10.1.0.0/16 192.168.0.0/16'], 'routes'],
    ['routes: false', ['-'], ['routes=10.1.0.0/16'], 'routes'],
    ['tenant: ["team-*"]', ['tenant=team-a'], ['tenant=a'], 'tenant'],
    ['tenant: false', ['-'], ['tenant=a'], 'tenant'],
    ['external: true', [...EXTERNAL], [], 'external'],
    ['external: false', ['-'], [...EXTERNAL], 'external'],
    ['external: { interfaces: ["en*"], subnets: [192.0.2.0/24] }', [...EXTERNAL], [], 'external'],
    ['external: { interfaces: [eth0], subnets: true }', [], [...EXTERNAL], 'external'],
    ['external: { interfaces: true, subnets: [192.0.3.0/24] }', [], [...EXTERNAL], 'external'],
    ['external: { interfaces: true }', [], [...EXTERNAL], 'external'],
  ]
  for (const [file, good, bad, rule] of cases)
    it(`${file.replace('\n', ', ')}: ${[good.join(' '), bad.join(' ')].filter((one) => one !== '').join(' / ')}`, async () => {
      const by = await policy(file)
      const labels = (words: readonly string[]) => wish(...words.filter((word) => word !== '-'))
      if (good.length > 0) assert.deepEqual(broken(by, labels(good)), [])
      if (bad.length > 0)
        assert.deepEqual(
          broken(by, labels(bad)).map(([name]) => name),
          [rule],
        )
    })

  it('asks for a VLAN where the file lists VLANs, unless it says that untagged will do', async () => {
    assert.deepEqual(broken(await policy('vlans: [10]'), wish()), [['built-in: untagged', 'ovs.vlan']])
    assert.deepEqual(broken(await policy('vlans: [10]\nuntagged: true'), wish()), [])
  })

  it('judges the VLAN of a VLAN bridge as if it had been asked for', async () => {
    const by = await policy('bridges: [vbr]\nvlans: [10]')
    assert.deepEqual(broken(by, wish('bridge=vbr'), { externalIds: {}, parent: 'br0', tag: 10 }), [])
    assert.deepEqual(broken(by, wish('bridge=vbr'), { externalIds: {}, parent: 'br0', tag: 11 }), [
      ['vlans', 'ovs.bridge'],
    ])
  })

  it('says that what it refuses is a default, and asks only labels', async () => {
    const by = await policy('bridges: [lab]\nmtu: false')
    const [wanted] = wishesOf(
      { 'ovs.eth2.ip_address': '10.0.0.2/24' },
      { bridge: 'ovsbr0', iface: 'eth1', mtu: 1400, networks: [], container: 'a'.repeat(64) },
    )
    assert.ok(wanted?.kind === 'wanted' && wanted.request.mtu === 1400)
    const [violation, ...more] = judge(by, wanted)
    assert.deepEqual(more, [])
    assert.equal(violation?.message, 'ovs.bridge: the default bridge ovsbr0 is not allowed; allowed: lab.')
  })
})

describe('networks', () => {
  /** The wish of labels; where `isKnown` is false, nobody could look the network up. */
  function inNetwork(labels: Readonly<Record<string, string>>, isKnown = true) {
    const networks = isKnown ? NETWORKS : undefined
    const [found] = wishesOf(labels, { bridge: 'ovsbr0', iface: 'eth1', networks, container: 'a'.repeat(64) })
    return found?.kind === 'wanted' ? found : assert.fail(JSON.stringify(found))
  }
  const blue = inNetwork({ 'ovs.network': 'blue' })
  const plain = inNetwork({ 'ovs.eth2.network': 'plain' })
  const rules = (by: Policy, wanted: WantedWish) => broken(by, wanted).map(([rule]) => rule)

  it('are none without a file, nor with one that does not name them', async () => {
    const why = [['built-in: networks', 'ovs.network']]
    assert.deepEqual(broken(await policy('bridges: [bn0]'), blue), why)
    assert.deepEqual(broken(DEFAULT_POLICY('bn0'), blue), why)
    assert.deepEqual(broken(NO_POLICY, blue), [])
  })

  it('are allowed by name; their bridge, VLAN and tenant count as if labels had named them', async () => {
    const cases: readonly (readonly [file: string, wanted: WantedWish, rules: readonly string[]])[] = [
      ['bridges: [bn0]\nnetworks: ["b*"]', blue, []],
      ['bridges: [bn0]\nnetworks: [red]', blue, ['networks']],
      ['networks: true', blue, ['built-in: bridges']],
      ['bridges: true\nnetworks: true\nvlans: [31]', blue, ['vlans']],
      ['bridges: true\nnetworks: true\nvlans: [30]\nuntagged: false', blue, []],
      ['bridges: true\nnetworks: true\nvlans: [30]', plain, ['built-in: untagged']],
      ['bridges: true\nnetworks: true\nvlans: false\nuntagged: true', plain, []],
      ['bridges: true\nnetworks: true\nuntagged: false', plain, ['untagged']],
      ['bridges: true\nnetworks: true\ntenant: [other]', blue, ['tenant']],
      ['bridges: true\nnetworks: true\ninterfaces: [eth2]', blue, ['interfaces']],
      // What the network itself decides is none of the labels' choice.
      ['bridges: true\nnetworks: true\nsubnets: false\ngateway: false\nmtu: false', blue, []],
      ['bridges: true\nnetworks: true\ngateway: false', plain, []],
    ]
    for (const [file, wanted, expected] of cases) assert.deepEqual(rules(await policy(file), wanted), expected, file)
  })

  it('leave what labels choose themselves to the other rules', async () => {
    const all = 'bridges: true\nnetworks: true\n'
    const labels = (more: Readonly<Record<string, string>>) => inNetwork({ 'ovs.network': 'blue', ...more })
    assert.deepEqual(rules(await policy(`${all}subnets: [10.4.0.0/16]`), labels({ 'ovs.ip_address': '10.3.0.7' })), [
      'subnets',
    ])
    assert.deepEqual(rules(await policy(`${all}gateway: false`), labels({ 'ovs.gateway': '10.3.0.1' })), ['gateway'])
    assert.deepEqual(rules(await policy(`${all}mtu: false`), labels({ 'ovs.mtu': '1400' })), ['mtu'])
    // 10.0.0.0/8 and one more of that size are as good as a gateway.
    const wide = inNetwork({ 'ovs.network': 'plain', 'ovs.routes': '11.0.0.0/8' })
    assert.deepEqual(broken(await policy(`${all}gateway: false`), wide), [['gateway', 'ovs.routes']])
  })

  it('are named in what is refused because of them', async () => {
    const by = await policy('bridges: [lab9]\nnetworks: [red]\nvlans: [31]')
    assert.deepEqual(
      judge(by, blue).map(({ message }) => message),
      [
        'ovs.network: the network blue is not allowed; allowed: red.',
        'ovs.network: its bridge bn0 is not allowed; allowed: lab9.',
        'ovs.network: VLAN 30 is not allowed; allowed: 31.',
      ],
    )
    assert.deepEqual(broken(by, plain), [
      ['networks', 'ovs.eth2.network'],
      ['bridges', 'ovs.eth2.network'],
      ['built-in: untagged', 'ovs.eth2.network'],
    ])
  })

  it('that nobody could look up are judged by their names alone', async () => {
    const unseen = inNetwork({ 'ovs.network': 'blue' }, false)
    assert.deepEqual(rules(await policy('networks: [blue]\nbridges: false\nvlans: false\nuntagged: false'), unseen), [])
    assert.deepEqual(rules(await policy('networks: [red]'), unseen), ['networks'])
  })
})

describe('gateway: false', () => {
  it('says which label is as good as a gateway, and lets any other route be', async () => {
    const by = await policy('gateway: false')
    const words = (...labels: string[]) => judge(by, wish(...labels)).map(({ message }) => message)
    const why = 'is as good as one; so are all routes wider than /8 (IPv6: /16), and two of /8 together.'
    assert.deepEqual(words('routes=0.0.0.0/1,10.0.0.1;128.0.0.0/1,10.0.0.1'), [
      `ovs.routes: a gateway is not allowed, and 0.0.0.0/1 ${why}`,
    ])
    assert.deepEqual(words('ip_address=10.0.0.2/1', 'routes=172.16.0.0/12'), [
      `ovs.ip_address: a gateway is not allowed, and 10.0.0.2/1 ${why}`,
    ])
    assert.deepEqual(broken(await policy('gateway: true'), wish('routes=0.0.0.0/1;128.0.0.0/1')), [])
    assert.deepEqual(broken(DEFAULT_POLICY('ovsbr0'), wish('routes=0.0.0.0/1;128.0.0.0/1')), [])
  })

  it('counts what many routes lead to, however many', async () => {
    const by = await policy('gateway: false')
    const slices = (many: number) => Array.from({ length: many }, (_, i) => `64.${String(i * 8)}.0.0/13`)
    const routes = (...networks: string[]) => wish(`routes=${networks.join(';')}`)
    assert.deepEqual(broken(by, routes(...slices(32), '66.0.0.0/9')), [])
    assert.deepEqual(broken(by, routes(...slices(32), '66.0.0.0/9', '65.128.0.0/9')), [['gateway', 'ovs.routes']])
  })
})

describe('confined', () => {
  const { request } = wish()

  it('makes a port without VLAN one for untagged traffic alone, where not every trunk is allowed', async () => {
    const untagged = { ...request, vlan: { kind: 'access', tag: 0 } }
    assert.deepEqual(confined(DEFAULT_POLICY('ovsbr0'), request), untagged)
    assert.deepEqual(confined(await policy('trunks: [10]'), request), untagged)
    assert.equal(confined(DEFAULT_POLICY('vbr'), request, { externalIds: {}, parent: 'br0', tag: 7 }), request)
    assert.equal(confined(NO_POLICY, request), request)
    assert.equal(confined(await policy('trunks: true'), request), request)
  })

  it('leaves a VLAN that was chosen', () => {
    for (const labels of [['vlan=10'], ['trunks=10'], ['native_vlan=10']]) {
      const chosen = wish(...labels).request
      assert.equal(confined(DEFAULT_POLICY('ovsbr0'), chosen), chosen)
    }
  })
})

describe('labels that type the VLAN of a network', () => {
  const facts: BridgeFacts = { externalIds: {}, networks: NETWORKS }
  const by = DEFAULT_POLICY('ovsbr0')
  const networks = (wanted: WantedWish, policyOf: Policy = by) =>
    broken(policyOf, wanted, facts).filter(([rule]) => rule?.endsWith('networks'))

  it('are judged as if they had named it', async () => {
    assert.deepEqual(networks(wish('vlan=30')), [['built-in: networks', 'ovs.vlan']])
    assert.deepEqual(networks(wish('trunks=29-31')), [['built-in: networks', 'ovs.trunks']])
    assert.deepEqual(networks(wish('native_vlan=30')), [['built-in: networks', 'ovs.native_vlan']])
    assert.deepEqual(networks(wish('vlan=30'), await policy('networks: [blue]')), [])
    assert.deepEqual(networks(wish('vlan=30'), await policy('networks: [red]')), [['networks', 'ovs.vlan']])
  })

  it('may be in any other VLAN, and among untagged frames', () => {
    assert.deepEqual(networks(wish('vlan=31')), [])
    assert.deepEqual(networks(wish()), [])
  })
})
