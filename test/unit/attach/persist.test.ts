import { strict as assert } from 'node:assert'
import { specOf } from '../../../src/lib/attach/marks.ts'
import {
  persistKey,
  persistRecord,
  persistRecordOf,
  readPersistRecords,
  recordWithVlan,
} from '../../../src/lib/attach/persist.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { parseInterface } from '../../../src/lib/net/ifname.ts'
import { parseGateways, parseRoute } from '../../../src/lib/net/route.ts'
import { columnsOfVlan, parseVlan, type Vlan } from '../../../src/lib/net/vlan.ts'
import { attachment, ID } from '../../support/samples.ts'

const addresses = [parseHostCidr('10.0.0.2/24'), parseHostCidr('fd00::2/64')]
const full = attachment({
  iface: parseInterface('eth1.100'),
  addresses,
  gateways: parseGateways(['10.0.0.1'], addresses),
  routes: [parseRoute('10.1.0.0/16,10.0.0.254', addresses), parseRoute('10.2.0.0/16', addresses)],
  mtu: 1450,
  tenant: 'blue',
  rate: 10_000,
  persist: true,
})

describe('the record of a persistent attachment', () => {
  it('is one pair, whose key names container and interface', () => {
    assert.deepEqual(Object.keys(persistRecord(full)), [persistKey(ID, 'eth1.100')])
    assert.equal(persistKey(ID, 'eth1'), `ovsd_persist.${ID}.eth1`)
  })

  it('says all that is needed to attach it again', () => {
    assert.deepEqual(readPersistRecords(persistRecord(full)), [
      {
        ...{ key: persistKey(ID, 'eth1.100'), id: ID, iface: 'eth1.100', name: 'web', tenant: 'blue', rate: 10_000 },
        vlan: { trunks: [], mode: '' },
        spec: specOf(full),
      },
    ])
  })

  it('leaves out what was not asked for', () => {
    const [record] = readPersistRecords(persistRecord(attachment()))
    assert.deepEqual(Object.keys(record ?? {}).sort(), ['id', 'iface', 'key', 'name', 'spec', 'vlan'])
  })

  it('says whether labels ask for the interface, and not the record', () => {
    const owners = (['watch', 'cli', 'net'] as const).map(
      (owner) => readPersistRecords(persistRecord(attachment({ owner })))[0]?.owner,
    )
    assert.deepEqual(owners, ['watch', undefined, undefined])
    const [[key, value] = ['', '']] = Object.entries(persistRecord(attachment({ owner: 'watch' })))
    assert.equal(readPersistRecords({ [key]: value.replace('"watch"', '"cli"') })[0]?.owner, undefined)
  })

  it('is found by its interface', () => {
    const ids = { ...persistRecord(full), ...persistRecord(attachment()), [persistKey(ID, 'eth9')]: 'x' }
    assert.deepEqual(persistRecordOf(ids, ID, 'eth1.100')?.spec, specOf(full))
    for (const [id, iface] of [
      [ID, 'eth2'],
      [ID, 'eth9'],
      ['b'.repeat(64), 'eth1'],
      ['web', 'eth1'],
    ] as const)
      assert.equal(persistRecordOf(ids, id, iface), undefined)
  })

  const vlans: Readonly<Record<string, Vlan>> = {
    'an access port': parseVlan({ vlan: '7' }),
    'a trunk': parseVlan({ trunks: '10,20-22' }),
    'a trunk with a native VLAN': parseVlan({ trunks: '10', native: '5' }),
    'a native VLAN alone': parseVlan({ native: '5' }),
  }
  for (const [what, vlan] of Object.entries(vlans))
    it(`keeps the VLAN columns of ${what}`, () => {
      const [record] = readPersistRecords(persistRecord(attachment({ vlan })))
      assert.equal(JSON.stringify(record?.vlan), JSON.stringify(columnsOfVlan(vlan)))
    })
})

describe('readPersistRecords', () => {
  const good = JSON.parse(Object.values(persistRecord(full))[0] ?? '') as Record<string, unknown>
  const key = persistKey(ID, 'eth1')
  const read = (value: unknown) => readPersistRecords({ [key]: JSON.stringify(value) })
  const spec = (more: object): unknown => ({ ...good, spec: { ...(good['spec'] as object), ...more } })

  it('passes over other pairs, and finds the records among them', () => {
    const ids = {
      'bridge-id': 'br0',
      ovsd: '1',
      ovsd_persist: '1',
      ...persistRecord(full),
      [key]: JSON.stringify(good),
    }
    assert.deepEqual(
      readPersistRecords(ids).map(({ iface }) => iface),
      ['eth1.100', 'eth1'],
    )
  })

  it('passes over keys that do not name a container and an interface', () => {
    const value = JSON.stringify(good)
    for (const bad of [
      `ovsd_persist.${ID}`,
      `ovsd_persist.${ID}.`,
      'ovsd_persist.web.eth1',
      `x${key}`,
      `ovsd_persist.`,
    ])
      assert.deepEqual(readPersistRecords({ [bad]: value }), [], bad)
    assert.deepEqual(readPersistRecords({ [key.toUpperCase()]: value }), [])
  })

  it('passes over damaged ones, and still gives the others', () => {
    const damaged = ['', 'x', '{', 'null', 'true', '7', '"text"', '[]', '{}', JSON.stringify(good).slice(0, -1)]
    for (const value of damaged)
      assert.deepEqual(
        readPersistRecords({ [key]: value, ...persistRecord(full) }).map(({ iface }) => iface),
        ['eth1.100'],
        value,
      )
  })

  it('lets nothing through that is of another type than it says', () => {
    assert.equal(read(good).length, 1)
    for (const [field, values] of Object.entries({
      name: [undefined, null, 7, {}, []],
      tenant: [null, 7, {}, ['blue']],
      rate: [null, '10', {}, [10]],
      vlan: [
        ...[undefined, null, 7, [], {}, { trunks: [] }, { trunks: 7, mode: '' }, { trunks: ['10'], mode: '' }],
        ...[
          { trunks: [], mode: null },
          { trunks: [], mode: 7 },
          { trunks: [], mode: '', tag: '7' },
        ],
      ],
      spec: [undefined, null, 7, {}, []],
    }))
      for (const value of values)
        assert.deepEqual(read({ ...good, [field]: value }), [], `${field}: ${JSON.stringify(value)}`)
    for (const more of [
      ...[{ addresses: undefined }, { addresses: '10.0.0.2/24' }, { addresses: [7] }, { addresses: [null] }],
      ...[{ gateways: [{}] }, { routes: [null] }, { routes: ['10.1.0.0/16'] }, { routes: [{}] }, { routes: [[]] }],
      ...[{ routes: [{ to: '10.1.0.0/16', via: 7 }] }, { mac: undefined }, { mac: null }, { mtu: '1450' }, { mtu: {} }],
    ])
      assert.deepEqual(read(spec(more)), [], JSON.stringify(more))
  })

  it('takes nothing from the value that belongs in the key', () => {
    const [record] = read({ ...good, id: 'b'.repeat(64), iface: 'eth9', key: 'other', bridge: 'br9', more: 1 })
    assert.deepEqual([record?.id, record?.iface, record?.key], [ID, 'eth1', key])
    assert.deepEqual(Object.keys(record ?? {}).sort(), [
      ...['id', 'iface', 'key', 'name', 'rate', 'spec', 'tenant', 'vlan'],
    ])
  })
})

describe('the record of a persistent attachment, with another VLAN', () => {
  const key = persistKey(ID, 'eth1.100')
  const other = columnsOfVlan(parseVlan({ trunks: '10-12', native: '5' }))

  it('says all else as before', () => {
    const ids = { ...persistRecord(full), [persistKey(ID, 'eth1')]: 'of another', a: 'b' }
    const changed = recordWithVlan(ids, ID, 'eth1.100', other)
    assert.deepEqual(Object.keys(changed), [key])
    const [before] = readPersistRecords(persistRecord(full))
    assert.deepEqual(readPersistRecords(changed), [{ ...before, vlan: other }])
    assert.deepEqual(recordWithVlan(changed, ID, 'eth1.100', columnsOfVlan(full.vlan)), persistRecord(full))
  })

  it('is not made where there is none, nor of a damaged one', () => {
    assert.deepEqual(recordWithVlan({}, ID, 'eth1', other), {})
    assert.deepEqual(recordWithVlan({ ...persistRecord(full) }, ID, 'eth1', other), {})
    for (const text of ['', '{', 'null', '{"name":"web"}'])
      assert.deepEqual(recordWithVlan({ [key]: text }, ID, 'eth1.100', other), {})
  })
})
