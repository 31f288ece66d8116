import { strict as assert } from 'node:assert'
import { Told } from '../../../src/lib/reconcile/told.ts'

const WEB = { id: 'a'.repeat(64), name: 'web' }
const DB = { id: 'b'.repeat(64), name: 'db' }
const TAKEN = { code: 'AddressInUse', message: '10.0.0.2 belongs to eth1 of other on br0.' }
const UNKNOWN = { code: 'UnknownLabel', message: 'ovs.foo: ovsd knows no such label.' }
const WRONG = { code: 'UnknownLabel', message: 'ovs.bar: ovsd knows no such label.' }

describe('Told', () => {
  let lines: string[]
  let told: Told

  beforeEach(() => {
    lines = []
    told = new Told({
      refused: ({ name }, iface, { code, rule }) => lines.push(`${name} ${iface} ${code}${rule ?? ''}`),
      allowed: ({ name }, iface) => lines.push(`${name} ${iface} ok`),
    })
  })

  const said = (): readonly string[] => lines.splice(0)

  it('tells a reason once, and another one when it comes', () => {
    for (let i = 0; i < 3; i++) told.refuse(WEB, 'eth1', [TAKEN])
    assert.deepEqual(said(), ['web eth1 AddressInUse'])
    told.refuse(WEB, 'eth1', [{ ...TAKEN, message: '10.0.0.2 belongs to eth1 of third on br0.' }])
    told.refuse(WEB, 'eth1', [{ ...TAKEN, code: 'PolicyRefused', rule: ' by rule' }])
    assert.deepEqual(said(), ['web eth1 AddressInUse', 'web eth1 PolicyRefused by rule'])
  })

  it('tells each of several reasons against one interface once, in whatever order they come', () => {
    told.refuse(WEB, '', [UNKNOWN, WRONG])
    told.refuse(WEB, '', [WRONG, UNKNOWN])
    assert.deepEqual(said(), ['web  UnknownLabel', 'web  UnknownLabel'])
    told.refuse(WEB, '', [WRONG, TAKEN])
    assert.deepEqual(said(), ['web  AddressInUse'])
  })

  it('tells when it is over, once, and tells it again when it comes back', () => {
    told.refuse(WEB, 'eth1', [TAKEN])
    told.refuse(WEB, 'eth2', [TAKEN])
    told.keepOnly(WEB, (iface) => iface === 'eth2')
    told.keepOnly(WEB, (iface) => iface === 'eth2')
    assert.deepEqual(said().slice(2), ['web eth1 ok'])
    told.refuse(WEB, 'eth1', [TAKEN])
    assert.deepEqual(said(), ['web eth1 AddressInUse'])
  })

  it('counts interfaces and knows the containers', () => {
    told.refuse(WEB, 'eth1', [TAKEN, UNKNOWN])
    told.refuse(WEB, 'eth2', [UNKNOWN])
    told.refuse(DB, 'eth1', [TAKEN])
    assert.deepEqual([told.size, told.has(WEB.id), [...told.containers]], [3, true, [WEB.id, DB.id]])
    assert.deepEqual(told.containersWith('AddressInUse'), [WEB.id, DB.id])
    assert.deepEqual(told.containersWith('UnknownLabel'), [WEB.id])
    assert.deepEqual(told.containersWith('Address'), [])
  })

  it('keeps nothing of a container when nothing stands against it, or when it is gone', () => {
    told.refuse(WEB, 'eth1', [TAKEN])
    told.keepOnly(WEB, () => false)
    told.refuse(DB, 'eth1', [TAKEN])
    told.drop(DB.id, true)
    assert.deepEqual([told.size, [...told.containers], told.has(WEB.id)], [0, [], false])
    said()
    told.refuse(DB, 'eth1', [TAKEN])
    assert.equal(said().length, 1)
  })

  it('tells nothing again of a container that ended and lives again, but what is new', () => {
    told.refuse(WEB, 'eth1', [TAKEN])
    said()
    told.drop(WEB.id, false)
    assert.deepEqual([told.size, told.has(WEB.id)], [0, false])
    told.refuse(WEB, 'eth1', [TAKEN, UNKNOWN])
    assert.equal(said().length, 1)
    assert.equal(told.size, 1)
  })

  it('forgets the ended ones that ended first', () => {
    for (let i = 0; i <= 1000; i++) {
      const who = { id: `c${String(i)}`, name: 'c' }
      told.refuse(who, 'eth1', [TAKEN])
      told.drop(who.id, false)
    }
    said()
    told.refuse({ id: 'c1', name: 'c' }, 'eth1', [TAKEN])
    assert.deepEqual(said(), [])
    told.refuse({ id: 'c0', name: 'c' }, 'eth1', [TAKEN])
    assert.equal(said().length, 1)
  })
})
