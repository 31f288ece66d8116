import { strict as assert } from 'node:assert'
import { closest } from '../../../src/lib/ui/closest.ts'
import { editDistance } from '../../../src/lib/ui/edit-distance.ts'

describe('editDistance', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
    ['add-prot', 'add-port', 1],
    ['ca', 'abc', 3],
    ['list', 'lsit', 1],
    ['äb', 'ab', 1],
  ]
  for (const [from, to, edits] of cases)
    it(`from "${from}" to "${to}": ${edits}`, () => {
      assert.equal(editDistance(from, to), edits)
      assert.equal(editDistance(to, from), edits)
    })

  it('is none only between equal words, and never more than the longer one is long', () => {
    const words = ['', 'a', 'ab', 'ba', 'list', 'show', 'add-port', 'del-ports']
    for (const from of words)
      for (const to of words) {
        const edits = editDistance(from, to)
        assert.equal(edits === 0, from === to)
        assert.ok(edits <= Math.max(from.length, to.length))
      }
  })
})

describe('closest', () => {
  const flags = ['--ipaddress', '--gateway', '--mtu', '--vlan', '--trunks']
  const cases: Readonly<Record<string, string | undefined>> = {
    '--ipadress': '--ipaddress',
    '--ip-address': '--ipaddress',
    '--gatway': '--gateway',
    '--mut': '--mtu',
    '--vlna': '--vlan',
    '--frobnicate': undefined,
    '--abcn': undefined,
    '--x': undefined,
    '': undefined,
  }
  for (const [typed, meant] of Object.entries(cases))
    it(`"${typed}" means ${meant ?? 'nothing'}`, () => {
      assert.equal(closest(typed, flags), meant)
    })

  it('means nothing where there is nothing', () => {
    assert.equal(closest('list', []), undefined)
  })
})
