import { strict as assert } from 'node:assert'
import { wishesOf, type WantedWish } from '../../../src/lib/labels/wishes.ts'
import { parsePolicy } from '../../../src/lib/policy/parse-policy.ts'
import { DEFAULT_POLICY, NO_POLICY, type Policy } from '../../../src/lib/policy/policy.ts'
import { parseYaml } from '../../../src/lib/system/yaml-file.ts'
import { judgeBy } from '../../../src/lib/policy/judge-by.ts'
import { bridgesView, type BridgesView } from '../../support/bridges-view.ts'
import { ID } from '../../support/samples.ts'

const policy = async (text: string): Promise<Policy> => parsePolicy(await parseYaml(text), '/etc/p.yaml', 'ovsbr0')

function wish(bridge: string, labels: Readonly<Record<string, string>> = {}): WantedWish {
  const all = { 'ovs.ip_address': '10.0.0.2/24', 'ovs.bridge': bridge, ...labels }
  const [found] = wishesOf(all, { bridge: 'ovsbr0', iface: 'eth1', networks: [], container: ID })
  return found?.kind === 'wanted' ? found : assert.fail(JSON.stringify(found))
}

describe('judgeBy', () => {
  let view: BridgesView

  before(async () => {
    view = await bridgesView({
      br0: { ids: { 'ovsd_net.red': '{}' }, vlans: { vbr: 7 } },
      hidden: { ids: { 'ovn-bridge-mappings': 'x', 'ovsd_net.blue': '{"vlan":"5"}' }, vlans: { vhidden: 8 } },
      'br-int': { vlans: { vint: 9 } },
    })
  })
  after(() => view[Symbol.asyncDispose]())

  const rules = async (by: Policy, wanted: WantedWish) =>
    (await judgeBy(by, view.ovs).judge(wanted)).violations.map(({ rule }) => rule)
  const vlanOf = async (by: Policy, wanted: WantedWish) => (await judgeBy(by, view.ovs).judge(wanted)).request.vlan

  it('knows a bridge of OVN by its marks, and a VLAN bridge on it as well', async () => {
    const all = await policy('bridges: true')
    for (const bridge of ['hidden', 'vhidden', 'br-int', 'vint'])
      assert.deepEqual(await rules(all, wish(bridge)), ['built-in: ovn'], bridge)
    for (const bridge of ['br0', 'vbr', 'missing']) assert.deepEqual(await rules(all, wish(bridge)), [], bridge)
  })

  it('judges the VLAN of a VLAN bridge, which no label says', async () => {
    const bridges = 'bridges: true\nuntagged: false\n'
    assert.deepEqual(await rules(await policy(`${bridges}vlans: [7]`), wish('vbr')), [])
    assert.deepEqual(await rules(await policy(`${bridges}vlans: [8]`), wish('vbr')), ['vlans'])
    assert.deepEqual(await rules(await policy(`${bridges}vlans: [7]`), wish('br0')), ['untagged'])
  })

  it('keeps a port without a VLAN to untagged frames, but not on a VLAN bridge', async () => {
    const all = await policy('bridges: true')
    assert.deepEqual(await vlanOf(all, wish('br0')), { kind: 'access', tag: 0 })
    assert.deepEqual(await vlanOf(all, wish('missing')), { kind: 'access', tag: 0 })
    assert.deepEqual(await vlanOf(all, wish('br0', { 'ovs.vlan': '7' })), { kind: 'access', tag: 7 })
    assert.deepEqual(await vlanOf(all, wish('vbr')), { kind: 'none' })
    assert.deepEqual(await vlanOf(NO_POLICY, wish('br0')), { kind: 'none' })
  })

  it('knows the networks that labels can name, of all bridges', async () => {
    const found = await judgeBy(DEFAULT_POLICY('br0'), view.ovs).networks()
    assert.deepEqual(
      found.map(({ name, bridge }) => [name, bridge]),
      [
        ['red', 'br0'],
        ['blue', 'hidden'],
      ],
    )
  })

  it('judges the bridge that a network is on as any other', async () => {
    const all = await policy('bridges: true\nnetworks: true')
    const networks = await judgeBy(all, view.ovs).networks()
    const found = ['red', 'blue'].map((name) =>
      wishesOf({ 'ovs.network': name }, { bridge: 'ovsbr0', iface: 'eth1', networks, container: ID }),
    )
    const [red, blue] = found.flat().flatMap((one) => (one.kind === 'wanted' ? [one] : []))
    assert.ok(red !== undefined && blue !== undefined)
    assert.deepEqual([await rules(all, red), await rules(all, blue)], [[], ['built-in: ovn']])
    assert.deepEqual(await vlanOf(NO_POLICY, red), { kind: 'access', tag: 0 })
  })

  it('says whether labels of images count', async () => {
    const count = (by: Policy) => judgeBy(by, view.ovs).imageLabels
    assert.deepEqual([DEFAULT_POLICY('br0'), NO_POLICY, await policy('image_labels: true')].map(count), [
      ...[false, true, true],
    ])
  })
})
