import { strict as assert } from 'node:assert'
import { portName } from '../../../src/lib/attach/attachment.ts'
import { parseInterface } from '../../../src/lib/net/ifname.ts'
import { ID } from '../../support/samples.ts'

describe('portName', () => {
  it('is the same after thousands of others, and for each interface another one', () => {
    const names = (): readonly string[] => Array.from({ length: 3000 }, (_, i) => portName(String(i), 'eth1'))
    const first = names()
    assert.equal(new Set([...first, portName('0', 'eth2')]).size, 3001)
    assert.deepEqual(names(), first)
  })

  // The name is all that a second run, or another version of ovsd, finds the port of the first one by.
  const cases: readonly (readonly [string, string, string])[] = [
    [ID, 'eth1', '9b9ae58bfda2f_l'],
    [ID, 'eth2', '5e8520e95976b_l'],
    ['344154f96acd8043b35689ffd8beae0e02090759e223062385366f62ba33d7c8', 'eth1', 'ea34a0a683169_l'],
    ['web', 'eth1', 'df0b67e8ea1b9_l'],
  ]
  for (const [id, iface, name] of cases)
    it(`of ${iface} of ${id.slice(0, 12)} stays ${name}`, () => {
      assert.equal(portName(id, iface), name)
    })

  it('is a name that Linux takes, in the form of those of ovs-docker', () => {
    for (const [, , name] of cases) {
      assert.equal(parseInterface(name), name)
      assert.match(name, /^[0-9a-f]{13}_l$/)
    }
  })

  it('is another one for each container and interface', () => {
    const names = Array.from({ length: 5000 }, (_, i) => portName(`${ID.slice(4)}${i}`, `eth${i % 7}`))
    assert.equal(new Set(names).size, names.length)
  })
})
