// What a real server does not do on request; the rest is in test/db/replica.test.ts.
import { strict as assert } from 'node:assert'
import { Copy } from '../../../src/lib/ovs/replica-copy.ts'
import { interfacesMatching } from '../../../src/lib/ovs/replica-answers.ts'
import { pairKey } from '../../../src/lib/ovs/replica-index.ts'

const type = { key: 'string', value: 'string', min: 0, max: 'unlimited' }
const SCHEMA = { tables: { Interface: { columns: { external_ids: { type } } } } }

/** Two pairs with one key, found by trying: some 80,000 of them are enough for one clash in two. */
function clash(): readonly [readonly [string, string], readonly [string, string]] {
  const seen = new Map<number, string>()
  for (let i = 0; ; i++) {
    const other = seen.get(pairKey('x', String(i)))
    if (other !== undefined)
      return [
        ['x', other],
        ['x', String(i)],
      ]
    seen.set(pairKey('x', String(i)), String(i))
  }
}

describe('Copy', () => {
  it('tells pairs apart that have one key, also when one of them goes', () => {
    const [[key, one], [, other]] = clash()
    const copy = new Copy(SCHEMA)
    const row = (value: string) => ({ insert: { external_ids: ['map', [[key, value]]] } })
    copy.apply({ Interface: { a: row(one), b: row(other) } })
    const ids = (value: string) => interfacesMatching(copy, { has: { [key]: value } }).map(({ uuid }) => uuid)
    assert.deepEqual([ids(one), ids(other)], [['a'], ['b']])
    copy.apply({ Interface: { a: { delete: null } } })
    assert.deepEqual([ids(one), ids(other)], [[], ['b']])
  })

  it('gives an interface that is moved by an update of ports alone', () => {
    const copy = new Copy({})
    const bridges = Object.fromEntries(['x', 'y'].map((id) => [id, { initial: { name: id } }]))
    copy.apply({
      Bridge: { ...bridges, x: { initial: { ports: ['uuid', 'p'] } } },
      Port: { p: { initial: { interfaces: ['uuid', 'i'] } } },
      Interface: { i: { initial: {} } },
    })
    const ports = { modify: { ports: ['uuid', 'p'] } }
    const { interfaces, bridges: changed } = copy.apply({ Bridge: { x: ports, y: ports } })
    assert.deepEqual(
      interfaces.map(({ before, after }) => [before?.bridge.uuid, after?.bridge.uuid]),
      [['x', 'y']],
    )
    assert.deepEqual(changed, [])
  })
})
