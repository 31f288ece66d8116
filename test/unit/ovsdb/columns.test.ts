import { strict as assert } from 'node:assert'
import { columnsOf } from '../../../src/lib/ovsdb/columns.ts'
import type { Json } from '../../../src/lib/ovsdb/values.ts'

// Types as vswitch.ovsschema has them.
const TYPES = {
  name: 'string',
  fake_bridge: 'boolean',
  ingress_policing_rate: { key: { type: 'integer', minInteger: 0 } },
  tag: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 1 },
  trunks: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 },
  interfaces: { key: { type: 'uuid', refTable: 'Interface' }, min: 1, max: 'unlimited' },
  external_ids: { key: 'string', value: 'string', min: 0, max: 'unlimited' },
  qos: { key: { type: 'uuid', refTable: 'QoS' }, min: 0, max: 1 },
  lacp: { key: { type: 'string', enum: ['set', ['active']] }, min: 0, max: 1 },
} satisfies Record<string, Json>
const columns = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [name, { type }]))
const schema = { name: 'Open_vSwitch', tables: { Port: { columns } } }

describe('columnsOf', () => {
  const cases: Readonly<Record<string, readonly [string, Json]>> = {
    name: ['single', ''],
    fake_bridge: ['single', false],
    ingress_policing_rate: ['single', 0],
    tag: ['single', ['set', []]],
    trunks: ['set', ['set', []]],
    interfaces: ['set', ['set', []]],
    external_ids: ['map', ['map', []]],
    qos: ['single', ['set', []]],
    lacp: ['single', ['set', []]],
  }
  for (const [name, [kind, initial]] of Object.entries(cases))
    it(`knows how ${name} changes, and what it is when it is left out`, () => {
      assert.deepEqual(columnsOf(schema, 'Port', [name]), { [name]: { kind, initial } })
    })

  it('takes what the schema does not have for a single null', () => {
    const none = { x: { kind: 'single', initial: null } }
    assert.deepEqual(columnsOf(schema, 'Port', ['x']), none)
    assert.deepEqual(columnsOf(schema, 'Bridge', ['x']), none)
    assert.deepEqual(columnsOf({}, 'Bridge', ['x']), none)
  })
})
