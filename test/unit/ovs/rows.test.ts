import { strict as assert } from 'node:assert'
import { bridgeRow, interfaceRow, portRow } from '../../../src/lib/ovs/rows.ts'
import type { RawRow } from '../../../src/lib/ovsdb/client.ts'
import { setOf, uuidOf } from '../../../src/lib/ovsdb/values.ts'
import { vlanOfColumns, type Vlan } from '../../../src/lib/net/vlan.ts'
import { captured } from '../../support/captured.ts'

const tables = JSON.parse(captured('ovsdb/everything').stdout) as readonly { readonly rows: readonly RawRow[] }[]
const [bridges, ports, interfaces] = tables.map(
  ({ rows }) => new Map(rows.map((row) => [row['name'] as string, row] as const)),
)
const row = (table: ReadonlyMap<string, RawRow> | undefined, name: string): RawRow =>
  table?.get(name) ?? assert.fail(`no row ${name}`)

describe('bridgeRow', () => {
  const cases = {
    br0: { datapathType: 'netdev', externalIds: {} },
    br1: { datapathType: 'netdev', externalIds: {} },
    br2: { datapathType: 'system', externalIds: {} },
  }
  for (const [name, expected] of Object.entries(cases))
    it(`decodes ${name}`, () => {
      const raw = row(bridges, name)
      assert.deepEqual(bridgeRow(raw), { uuid: uuidOf(raw['_uuid']), name, ...expected })
      assert.match(bridgeRow(raw).uuid, /^[0-9a-f-]{36}$/)
    })
})

describe('portRow', () => {
  const recordings: Readonly<Record<string, Vlan>> = {
    plain: { kind: 'none' },
    access: { kind: 'access', tag: 10 },
    trunk: { kind: 'trunk', trunks: [10, 20, 100, 101, 102, 103] },
    native: { kind: 'native', tag: 5, trunks: [7] },
    every: { kind: 'trunk', trunks: [] },
    br0: { kind: 'none' },
  }
  for (const [name, vlan] of Object.entries(recordings))
    it(`decodes ${name}`, () => {
      const raw = row(ports, name)
      const [reference] = setOf(raw['interfaces'])
      const { vlanColumns, ...rest } = portRow(raw)
      assert.deepEqual(rest, {
        ...{
          uuid: uuidOf(raw['_uuid']),
          name,
          vlan,
          interfaces: [uuidOf(reference)],
          isProtected: false,
          isOfOvn: false,
        },
      })
      assert.deepEqual(vlanOfColumns(vlanColumns), vlan)
    })

  // Forms that no tool of ours writes (ovs-vswitchd.conf.db(5), "vlan_mode").
  const forms: readonly (readonly [Vlan, RawRow])[] = [
    [
      { kind: 'native', tag: 5, trunks: [] },
      { tag: 5, vlan_mode: 'native-tagged' },
    ],
    [
      { kind: 'trunk', trunks: [1, 9] },
      { tag: 5, trunks: ['set', [9, 1]], vlan_mode: 'trunk' },
    ],
    [
      { kind: 'access', tag: 5 },
      { tag: 5, trunks: ['set', [9, 1]], vlan_mode: 'access' },
    ],
    [
      { kind: 'access', tag: 5 },
      { tag: 5, trunks: 9 },
    ],
  ]
  for (const [vlan, columns] of forms)
    it(`decodes ${JSON.stringify(columns)}`, () => {
      assert.deepEqual(portRow({ ...row(ports, 'plain'), ...columns }).vlan, vlan)
    })

  it('decodes a bond', () => {
    const pair = [
      'set',
      [
        ['uuid', 'a'],
        ['uuid', 'b'],
      ],
    ]
    assert.deepEqual(portRow({ interfaces: pair }).interfaces, ['a', 'b'])
  })
})

describe('interfaceRow', () => {
  it('decodes marks with every odd character, as they were set', () => {
    const { externalIds, ofport, error } = interfaceRow(row(interfaces, 'access'))
    assert.deepEqual(externalIds, {
      container_id: 'web',
      container_iface: 'eth1',
      ovsd_name: String.raw`a "b" {c} \ d`,
    })
    assert.ok(ofport !== undefined && ofport > 0)
    assert.equal(error, '')
  })

  it('tells the type of a device, and what goes with it', () => {
    const plain = interfaceRow(row(interfaces, 'plain'))
    assert.deepEqual([plain.type, plain.options], ['', {}])
    const options = ['map', [['remote_ip', '192.0.2.2']]]
    const tunnel = interfaceRow({ ...row(interfaces, 'plain'), type: 'vxlan', options })
    assert.deepEqual([tunnel.type, tunnel.options], ['vxlan', { remote_ip: '192.0.2.2' }])
    assert.equal(portRow({ protected: true }).isProtected, true)
  })

  it('tells a device that ovs-vswitchd could not use', () => {
    const { ofport, error } = interfaceRow(row(interfaces, 'nowhere'))
    assert.equal(ofport, -1)
    assert.match(error, /No such device/)
  })

  it('tells a row that ovs-vswitchd has not looked at', () => {
    const { ofport, error, externalIds } = interfaceRow(row(interfaces, 'br2'))
    assert.deepEqual([ofport, error, externalIds], [undefined, '', {}])
  })
})
