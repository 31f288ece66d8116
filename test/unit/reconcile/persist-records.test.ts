import { strict as assert } from 'node:assert'
import { persistRecord } from '../../../src/lib/attach/persist.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { parseInterface } from '../../../src/lib/net/ifname.ts'
import type { BridgeRow } from '../../../src/lib/ovs/rows.ts'
import { isIdle, PersistRecords } from '../../../src/lib/reconcile/persist-records.ts'
import { attachment, ID, TARGET } from '../../support/samples.ts'

const OTHER = 'b'.repeat(64)

/** The pair of eth1 of a container. */
const record = (id: string, address = '10.0.0.2/24', iface = 'eth1') =>
  persistRecord(
    attachment({
      iface: parseInterface(iface),
      target: { ...TARGET, id },
      addresses: [parseHostCidr(address)],
      persist: true,
    }),
  )

const bridge = (name: string, uuid: string, ...pairs: readonly object[]): BridgeRow => ({
  ...{ name, uuid, datapathType: 'netdev' },
  externalIds: Object.assign({}, ...pairs) as Record<string, string>,
})

/** `BRIDGE IFACE ADDRESS` of what is to be attached of a container. */
const wanted = (records: PersistRecords, id = ID) =>
  records.of(id).map(({ bridge: on, iface, spec }) => `${on} ${iface} ${spec.addresses.join()}`)

describe('PersistRecords', () => {
  let records: PersistRecords

  beforeEach(() => {
    records = new PersistRecords()
  })

  it('knows the records of each container, with their bridges', () => {
    records.update([
      bridge('br0', '1', record(ID), record(OTHER, '10.0.0.3/24')),
      bridge('br1', '2', record(ID, '10.1.0.2/24', 'eth2')),
      bridge('br2', '3'),
    ])
    assert.deepEqual(wanted(records), ['br0 eth1 10.0.0.2/24', 'br1 eth2 10.1.0.2/24'])
    assert.deepEqual(wanted(records, OTHER), ['br0 eth1 10.0.0.3/24'])
    assert.deepEqual(wanted(records, 'c'.repeat(64)), [])
    assert.equal(records.all().length, 3)
  })

  it('follows what is written and taken away', () => {
    records.update([bridge('br0', '1', record(ID))])
    records.update([bridge('br0', '1', record(ID, '10.0.0.9/24'), record(OTHER))])
    assert.deepEqual(wanted(records), ['br0 eth1 10.0.0.9/24'])
    records.update([bridge('br0', '1', record(OTHER))])
    assert.deepEqual([wanted(records), wanted(records, OTHER).length], [[], 1])
    records.update([bridge('br0', '1')])
    assert.equal(records.all().length, 0)
  })

  it('remembers those of a bridge that vanished', () => {
    records.update([bridge('br0', '1', record(ID)), bridge('br1', '2')])
    records.update([bridge('br1', '2')])
    assert.deepEqual(wanted(records), ['br0 eth1 10.0.0.2/24'])
  })

  it('remembers each until it stands on the new row, however often that changes meanwhile', () => {
    records.update([bridge('br0', '1', record(ID), record(OTHER, '10.0.0.3/24'))])
    records.update([bridge('br0', '9')])
    records.update([bridge('br0', '9', { more: '1' })])
    records.update([bridge('br0', '9', record(OTHER, '10.0.0.3/24'))])
    assert.deepEqual([wanted(records), wanted(records, OTHER)], [['br0 eth1 10.0.0.2/24'], ['br0 eth1 10.0.0.3/24']])
    records.update([bridge('br0', '9', record(ID), record(OTHER, '10.0.0.3/24'))])
    assert.equal(records.all().length, 2, 'none of them twice')
    records.update([bridge('br0', '9', record(OTHER, '10.0.0.3/24'))])
    assert.deepEqual(wanted(records), [], 'taken away after it was written again')
  })

  it('remembers over several bridges of that name', () => {
    records.update([bridge('br0', '1', record(ID))])
    records.update([bridge('br0', '2', record(OTHER))])
    records.update([bridge('br0', '3')])
    assert.deepEqual([wanted(records).length, wanted(records, OTHER).length], [1, 1])
  })

  it('gives what stands on a row before what is remembered', () => {
    records.update([bridge('br0', '1', record(ID, '10.0.0.2/24'))])
    records.update([bridge('br0', '2', record(ID, '10.0.0.7/24'))])
    assert.deepEqual(wanted(records), ['br0 eth1 10.0.0.7/24'])
  })

  for (const order of ['first', 'last'] as const)
    it(`gives an interface once, from where it was written last, when that bridge was seen ${order}`, () => {
      const names = order === 'first' ? ['br1', 'br0'] : ['br0', 'br1']
      records.update(names.map((name) => bridge(name, name, name === 'br0' ? record(ID) : {})))
      records.update([bridge('br1', 'br1', record(ID, '10.1.0.2/24'))])
      assert.deepEqual(wanted(records), ['br1 eth1 10.1.0.2/24'])
      // As in each look at everything.
      records.update(
        names.map((name) => bridge(name, name, record(ID, name === 'br0' ? '10.0.0.2/24' : '10.1.0.2/24'))),
      )
      assert.deepEqual(wanted(records), ['br1 eth1 10.1.0.2/24'])
    })

  it('forgets a container that is gone, everywhere', () => {
    records.update([
      bridge('br0', '1', record(ID), record(OTHER)),
      bridge('br1', '2', record(ID, '10.1.0.2/24', 'eth2')),
    ])
    records.update([bridge('br0', '9')])
    records.forget(ID)
    assert.deepEqual([wanted(records), wanted(records, OTHER).length], [[], 1])
    records.update([bridge('br0', '9'), bridge('br1', '2')])
    assert.deepEqual(wanted(records), [])
  })

  it('passes over records that are damaged', () => {
    records.update([bridge('br0', '1', { [`ovsd_persist.${ID}.eth1`]: '{"name":7}' }, record(OTHER))])
    assert.deepEqual([wanted(records), wanted(records, OTHER).length], [[], 1])
  })

  it('names the containers for which they keep addresses that labels ask for', () => {
    const kept = (id: string, iface: string) =>
      persistRecord(
        attachment({ iface: parseInterface(iface), target: { ...TARGET, id }, persist: true, owner: 'watch' }),
      )
    records.update([bridge('br0', '1', record(OTHER), kept(ID, 'eth1'), kept(ID, 'eth2'))])
    assert.deepEqual(records.keptFor(), [ID])
    const [one] = records.of(ID)
    const [other] = records.of(OTHER)
    assert.ok(one !== undefined && other !== undefined)
    assert.deepEqual([isIdle(one), isIdle(other)], [true, false])
  })
})
