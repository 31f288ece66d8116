import { strict as assert } from 'node:assert'
import {
  CHASSIS_RECORD,
  chassisChange,
  chassisReverse,
  pairsOf,
  readChassisRecord,
  type Chassis,
} from '../../../src/lib/ovn/chassis.ts'
import type { LocalOvn } from '../../../src/lib/ovn/local.ts'

const chassis: Chassis = {
  ...{ northbound: 'tcp:192.0.2.1:6641', southbound: 'tcp:192.0.2.1:6642', systemId: 'host1' },
  ...{ encapTypes: ['geneve'], encapIp: '192.0.2.7', datapath: 'system', bridgeMappings: '' },
}
const local = (externalIds: LocalOvn['externalIds']): LocalOvn => ({
  ...{ externalIds, systemId: externalIds['system-id'] ?? '', tls: undefined },
})
const NEW = { started: false, tls: '', bridge: false }

describe('what Open vSwitch is told of OVN', () => {
  it('is taken back to what it was, but for the name of the host', () => {
    const before = { 'system-id': 'host1', 'ovn-encap-ip': '198.51.100.1', other: 'x' }
    const { set } = chassisChange(local(before), chassis, NEW)
    const after = local({ ...before, ...set })
    const record = readChassisRecord(after)
    assert.ok(record)
    const { set: back, forget } = chassisReverse(after, record)
    const restored = Object.fromEntries(
      Object.entries({ ...after.externalIds, ...back }).filter(([key]) => ![...forget, CHASSIS_RECORD].includes(key)),
    )
    assert.deepEqual(restored, before)
  })

  it('is nothing where all is as it should be', () => {
    const { set } = chassisChange(local({ 'system-id': 'host1' }), chassis, NEW)
    assert.deepEqual(chassisChange(local({ 'system-id': 'host1', ...set }), chassis, NEW).set, {})
  })

  it('of two runs, is what was there before the first', () => {
    const before = { 'system-id': 'host1', 'ovn-encap-type': 'stt' }
    const first = { ...before, ...chassisChange(local(before), chassis, NEW).set }
    const second = { ...first, ...chassisChange(local(first), { ...chassis, encapTypes: ['vxlan'] }, NEW).set }
    const record = readChassisRecord(local(second))
    assert.deepEqual(record?.before, { 'ovn-encap-type': 'stt' })
    assert.equal(record.set['ovn-encap-type'], 'vxlan')
  })

  it('that came back to what it was, needs nothing', () => {
    const before = { 'system-id': 'host1', 'ovn-encap-type': 'geneve' }
    const first = { ...before, ...chassisChange(local(before), { ...chassis, encapTypes: ['vxlan'] }, NEW).set }
    const second = local({ ...first, ...chassisChange(local(first), { ...chassis, encapTypes: ['geneve'] }, NEW).set })
    const { set, forget } = chassisReverse(second, readChassisRecord(second) ?? assert.fail())
    assert.ok(!('ovn-encap-type' in set) && !forget.includes('ovn-encap-type'))
  })

  it('stays where somebody has changed it since', () => {
    const set = chassisChange(local({}), chassis, NEW).set
    const changed = local({ ...set, 'ovn-encap-ip': '203.0.113.9' })
    const { forget } = chassisReverse(changed, readChassisRecord(changed) ?? assert.fail())
    assert.ok(!forget.includes('ovn-encap-ip'))
    assert.ok(forget.includes('ovn-remote'))
  })

  it('whose record is damaged is nobody’s', () => {
    for (const text of ['', '{', 'null', '[]', '{"set":5,"before":{}}', '{"set":{"a":5},"before":{}}'])
      assert.equal(readChassisRecord(local({ ...pairsOf(chassis), [CHASSIS_RECORD]: text })), undefined, text)
  })
})
