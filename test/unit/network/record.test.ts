import { strict as assert } from 'node:assert'
import { called } from '../../../src/lib/network/networks.ts'
import { isMadeForNetworks, networkRecord, readNetworks, titleKey } from '../../../src/lib/network/record.ts'
import type { NetworkWords } from '../../../src/lib/network/words.ts'
import type { BridgeRow } from '../../../src/lib/ovs/rows.ts'

const row = (externalIds: Readonly<Record<string, string>>): BridgeRow => ({
  ...{ uuid: 'u', name: 'br9', datapathType: 'system', externalIds },
})

const WORDS: NetworkWords = {
  ...{ name: 'blue', bridge: 'br9', subnet: ['10.0.0.0/24'], gateway: ['10.0.0.1'], auxAddress: ['x=10.0.0.9'] },
  ...{ vlan: '7', tenant: 'acme', mtu: '1400', ipRange: ['10.0.0.128/25'] },
}

describe('the record of a network', () => {
  it('is read as it was written', () => {
    const [found] = readNetworks(row(networkRecord(WORDS)))
    assert.ok(found !== undefined && 'spec' in found)
    assert.deepEqual([found.name, found.bridge, found.spec.bridge, found.spec.vlan], ['blue', 'br9', 'br9', 7])
    assert.deepEqual(
      [found.spec.tenant, found.spec.mtu, found.spec.subnets[0]?.range.text],
      ['acme', 1400, '10.0.0.128/25'],
    )
  })

  it('has beside it what Docker calls the network, by which it is meant too, unless two are called so', () => {
    const ids = { ...networkRecord({ name: 'b5082ded43d3', owner: 'plugin' }), [titleKey('b5082ded43d3')]: 'web' }
    const titled = readNetworks(row(ids))
    assert.deepEqual([titled[0]?.title, called('web', titled)?.name], ['web', 'b5082ded43d3'])
    assert.equal(called('b5082ded43d3', titled)?.title, 'web')
    const own = readNetworks(row({ ...ids, ...networkRecord({ name: 'web' }) }))
    assert.equal(called('web', own)?.name, 'web')
    const twice = { ...ids, ...networkRecord({ name: 'red' }), [titleKey('red')]: 'web' }
    assert.equal(called('web', readNetworks(row(twice))), undefined)
    assert.equal(called('blue', titled), undefined)
  })

  it('is of the bridge that it is on, whatever it says', () => {
    const [found] = readNetworks(row({ 'ovsd_net.blue': JSON.stringify({ bridge: 'br0' }) }))
    assert.ok(found !== undefined && 'spec' in found)
    assert.equal(found.spec.bridge, 'br9')
  })

  it('is one of many pairs, and each network has its own', () => {
    const ids = {
      other: 'x',
      ...networkRecord(WORDS),
      ...networkRecord({ name: 'red' }),
      'ovsd_net.': '{}',
      ovsd_nets: '{}',
    }
    assert.deepEqual(
      readNetworks(row(ids)).map((one) => [one.name, 'spec' in one]),
      [
        ['blue', true],
        ['red', true],
        ['', false],
      ],
    )
  })

  it('may come from a version that knows more', () => {
    const [found] = readNetworks(row({ 'ovsd_net.blue': JSON.stringify({ subnet: ['10.0.0.0/24'], later: { a: 1 } }) }))
    assert.ok(found !== undefined && 'spec' in found)
  })

  const forged = [
    ...['', 'null', '7', '"x"', '{', '{"subnet":"10.0.0.0/24"}', '{"subnet":[7]}', '{"subnet":["10.0.0.1/24"]}'],
    ...['{"vlan":7}', '{"vlan":"0"}', '{"mode":"x"}', '{"gateway":["10.0.0.1"]}', '{"tenant":"a b"}', '{"mtu":{}}'],
  ]
  for (const value of forged)
    it(`that somebody forged is told of, and harms no other: ${value}`, () => {
      const [bad, good] = readNetworks(row({ 'ovsd_net.blue': value, ...networkRecord({ name: 'red' }) }))
      assert.ok(
        bad !== undefined && 'problem' in bad && bad.problem.startsWith('its record is damaged'),
        JSON.stringify(bad),
      )
      assert.ok(good !== undefined && 'spec' in good)
    })
})

describe('isMadeForNetworks', () => {
  it('goes by a mark of the bridge', () => {
    assert.equal(isMadeForNetworks(row({ ovsd: '1', ovsd_made_for: 'net' })), true)
    assert.equal(isMadeForNetworks(row({ ovsd: '1' })), false)
  })
})
