// Labels that name a network on OVN: its bridge is nothing that anybody chose, and the network is what the policy is about.
import { strict as assert } from 'node:assert'
import { wishesOf, type WantedWish } from '../../../src/lib/labels/wishes.ts'
import { judge } from '../../../src/lib/policy/judge.ts'
import { parsePolicy } from '../../../src/lib/policy/parse-policy.ts'
import { DEFAULT_POLICY } from '../../../src/lib/policy/policy.ts'
import { parseYaml } from '../../../src/lib/system/yaml-file.ts'
import { recordedNetwork } from '../../support/networks.ts'

const BLUE = recordedNetwork({
  ...{
    name: 'blue',
    bridge: 'br-int',
    switch: 'ls-blue',
    subnet: ['10.3.0.0/24'],
    tenant: 'acme',
    id: 'ab'.repeat(32),
  },
})
const FACTS = { externalIds: { 'ct-zone-lsp-1': '3' }, networks: [BLUE] }

function wish(labels: Readonly<Record<string, string>>): WantedWish {
  const [found] = wishesOf(labels, { bridge: 'ovsbr0', iface: 'eth1', networks: [BLUE], container: 'a'.repeat(64) })
  return found?.kind === 'wanted' ? found : assert.fail(JSON.stringify(found))
}

async function broken(rules: string, labels: Readonly<Record<string, string>>) {
  const policy = rules === '' ? DEFAULT_POLICY('ovsbr0') : parsePolicy(await parseYaml(rules), '/etc/p.yaml', 'ovsbr0')
  return judge(policy, wish(labels), FACTS).map(({ rule, label }) => [rule, label])
}

describe('labels that name a network on OVN', () => {
  const named = { 'ovs.network': 'blue' }

  it('need that the network is allowed, and nothing about its bridge or about untagged traffic', async () => {
    assert.deepEqual(await broken('networks: [blue]\nbridges: [br9]\nuntagged: false\n', named), [])
    assert.deepEqual(await broken('', named), [['built-in: networks', 'ovs.network']])
    assert.deepEqual(await broken('networks: [red]\n', named), [['networks', 'ovs.network']])
  })

  it('are judged by its tenant, and by the address that they name', async () => {
    assert.deepEqual(await broken('networks: true\ntenant: [evil]\n', named), [['tenant', 'ovs.network']])
    const addressed = { ...named, 'ovs.ip_address': '10.3.0.9' }
    assert.deepEqual(await broken('networks: true\nsubnets: [10.9.0.0/24]\n', addressed), [
      ['subnets', 'ovs.ip_address'],
    ])
  })

  it('do not open the bridge itself', async () => {
    const direct = { 'ovs.bridge': 'br-int', 'ovs.ip_address': '10.3.0.9/24' }
    assert.deepEqual(await broken('networks: true\nbridges: true\n', direct), [['built-in: ovn', 'ovs.bridge']])
  })
})
