// Networks that Docker asks for, over which a policy file decides.
import { strict as assert } from 'node:assert'
import { optionName, withOptions } from '../../../src/lib/network/options.ts'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import { asNetworkOption, type NetworkWords } from '../../../src/lib/network/words.ts'
import { judgeNetwork, judgeVlan, type NetworkWish } from '../../../src/lib/policy/judge-network.ts'
import { parsePolicy } from '../../../src/lib/policy/parse-policy.ts'
import { DEFAULT_POLICY, NO_POLICY, type Policy } from '../../../src/lib/policy/policy.ts'
import { parseYaml } from '../../../src/lib/system/yaml-file.ts'

function wish(options: readonly string[], more: Partial<NetworkWords> = {}): NetworkWish {
  const words = withOptions({ name: 'a'.repeat(12), owner: 'plugin', subnet: ['10.1.0.0/24'], ...more }, options)
  return { words, spec: parseNetworkSpec(words), nameOf: optionName(asNetworkOption, options) }
}

// The default bridge of labels is another one than that of networks.
const policy = async (rules: string): Promise<Policy> => parsePolicy(await parseYaml(rules), '/etc/p.yaml', 'br-labels')

async function broken(
  rules: string,
  options: readonly string[],
  more: Partial<NetworkWords> = {},
): Promise<readonly string[]> {
  return judgeNetwork(await policy(rules), wish(options, more)).map(({ rule, message }) => `${rule}: ${message}`)
}

const EVERYTHING = [
  ...['bridge=br9', 'vlan=9', 'mtu=1400', 'mode=flat', 'uplink=nic9', 'tenant=evil', 'routes=0.0.0.0/1'],
  ...['mirror.ports=all', 'mirror.dest=spy'],
]

describe('judgeNetwork', () => {
  it('without a file nothing is refused', () => {
    for (const one of [DEFAULT_POLICY('br-labels'), NO_POLICY]) {
      assert.deepEqual(judgeNetwork(one, wish(EVERYTHING)), [])
      assert.deepEqual(judgeNetwork(one, wish(['bridge=br-int'])), [])
      assert.deepEqual(judgeVlan(one, wish([]), undefined), [])
    }
  })

  it('an empty file allows the default bridge of networks, and nothing that leads out, tells or makes', async () => {
    assert.deepEqual(await broken('', []), [])
    assert.deepEqual(await broken('', ['bridge=br-labels']), [
      'built-in: bridges: --opt bridge: br-labels is not allowed; allowed: ovsbr0.',
    ])
    assert.deepEqual(await broken('', EVERYTHING.slice(1)), [
      'built-in: uplinks: --opt uplink: nic9 is not allowed.',
      'built-in: mirror: --opt mirror.dest: a mirror is not allowed.',
    ])
  })

  for (const [rules, options, rule, allowing] of [
    ['bridges: [lab*]', ['bridge=br9'], 'bridges', 'bridges: [br9]'],
    ['bridges: false', ['bridge=br9'], 'bridges', 'bridges: true'],
    ['vlans: [100-199]', ['vlan=9'], 'vlans', 'vlans: [5-9]'],
    ['subnets: [10.2.0.0/16]', [], 'subnets', 'subnets: [10.0.0.0/8]'],
    // The network itself may be no wider.
    ['subnets: [10.1.0.0/25]', [], 'subnets', 'subnets: [10.1.0.0/24]'],
    ['uplinks: [nic1]', ['mode=flat', 'uplink=nic9'], 'uplinks', 'uplinks: ["nic*"]'],
    ['uplinks: false', ['mode=flat', 'uplink=nic9'], 'uplinks', 'uplinks: true'],
    ['tunnels: [192.0.2.0/24]', ['vxlan=192.0.2.2,198.51.100.2', 'key=7'], 'tunnels', 'tunnels: [0.0.0.0/0]'],
    ['tenant: [red]', ['tenant=evil'], 'tenant', 'tenant: [evil]'],
    ['mtu: false', ['mtu=1400'], 'mtu', 'mtu: true'],
    ['routes: [10.0.0.0/8]', ['routes=192.0.2.0/24'], 'routes', 'routes: [192.0.2.0/24]'],
    ['gateway: false', ['routes=0.0.0.0/1'], 'gateway', 'gateway: true'],
    ['mirror: false', ['mirror.ports=all', 'mirror.dest=spy'], 'mirror', 'mirror: true'],
  ] as const)
    it(`${rules} refuses ${options.join(' ') || 'its subnet'}, and ${allowing} does not`, async () => {
      const open = rule === 'bridges' ? '' : 'bridges: true\n'
      const found = judgeNetwork(await policy(`${open}${rules}\n`), wish(options))
      assert.deepEqual(
        found.map((one) => one.rule),
        [rule],
      )
      assert.deepEqual(judgeNetwork(await policy(`${open}${allowing}\n`), wish(options)), [])
    })

  it('rules about something else say nothing', async () => {
    assert.deepEqual(
      await broken(
        'interfaces: false\ntrunks: false\nmac: false\nrate: false\nnetworks: false\nimage_labels: false\n',
        [],
      ),
      [],
    )
  })

  it('a bridge of OVN is never allowed, by its name or by what OVN has written there', async () => {
    assert.match(
      (await broken('bridges: true', ['bridge=br-int'])).join(),
      /^built-in: ovn: --opt bridge: br-int belongs to OVN/,
    )
    const found = judgeNetwork(await policy('bridges: true'), wish(['bridge=br9']), {
      externalIds: { 'ovn-nb-cfg': '1' },
    })
    assert.deepEqual(
      found.map(({ rule }) => rule),
      ['built-in: ovn'],
    )
  })

  it('of the VLAN: one that was chosen for the network counts as one that was asked for', async () => {
    const of = async (rules: string, tag: number | undefined, options: readonly string[] = []) =>
      judgeVlan(await policy(rules), wish(options), tag).map(({ message }) => message)
    assert.deepEqual(await of('vlans: [100-199]', 2), ['--vlan: VLAN 2 is not allowed; allowed: 100-199.'])
    assert.deepEqual(await of('vlans: [100-199]', 100), [])
    assert.deepEqual(await of('vlans: [100-199]', undefined), ['--vlan: a VLAN has to be chosen; allowed: 100-199.'])
    assert.deepEqual(await of('vlans: [100-199]\nuntagged: true', undefined), [])
    assert.deepEqual(await of('vlans: [100-199]', undefined, ['ovn.switch=ls-a']), [])
    assert.equal((await of('vlans: [100-199]', undefined, ['ovn.switch=ls-a', 'physnet=lan'])).length, 1)
  })

  it('on OVN: names of switch, router and transit network, and no bridge', async () => {
    const options = ['ovn.switch=ls-a', 'ovn.router=lr-a', 'ovn.transit_network=t']
    assert.deepEqual(await broken('bridges: [br9]\nnetworks: ["*-a", t]\n', options), [])
    assert.deepEqual(await broken('', options), [
      'built-in: networks: --opt ovn.switch: the logical switch ls-a is not allowed.',
      'built-in: networks: --opt ovn.router: the router lr-a is not allowed.',
      'built-in: networks: --opt ovn.transit_network: the transit network t is not allowed.',
    ])
    assert.deepEqual(await broken('networks: [ls-b]\ncentral: true\n', ['ovn.switch=ls-a'], { central: '{}' }), [
      'networks: --opt ovn.switch: the logical switch ls-a is not allowed; allowed: ls-b.',
    ])
    assert.deepEqual(await broken('networks: true\n', ['ovn.switch=ls-a'], { central: '{}' }), [
      'built-in: central: --central: a central of OVN is not made.',
    ])
  })

  it('on OVN: the ways out are physical networks and addresses outside', async () => {
    assert.deepEqual(await broken('networks: true\nuplinks: [lan]\n', ['ovn.switch=ls-a', 'ovn.physnet=dmz']), [
      'uplinks: --opt ovn.physnet: dmz is not allowed; allowed: lan.',
    ])
    assert.deepEqual(await broken('networks: true\nuplinks: [dmz]\n', ['ovn.switch=ls-a', 'ovn.physnet=dmz']), [])
    const out = ['ovn.role=transit', 'ovn.external_gateway=192.0.2.1', 'ovn.external_address=192.0.2.9/24']
    assert.deepEqual(await broken('networks: true\nuplinks: [lan]\nexternal: false\n', out), [
      'uplinks: --physnet: a physical network has to be chosen; allowed: lan.',
      'external: --opt ovn.external_address: 192.0.2.9 is not allowed.',
    ])
    const given = 'networks: true\nuplinks: true\nexternal: { subnets: [192.0.2.0/24] }\n'
    assert.deepEqual(await broken(given, out), [])
  })
})
