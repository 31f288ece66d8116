import { strict as assert } from 'node:assert'
import { fitsAny } from '../../../src/lib/policy/glob.ts'

describe('fitsAny', () => {
  const yes = ['br0 br0', 'br* br0', 'br* br', '* anything', '*0 br0', 'b*0 b0', 'b*r*0 bar10', '**  x', 'a*a aa']
  const no = ['br0 br01', 'br* xbr0', '*0 br1', 'a*a a', 'b*r*0 ba10', 'ab*ba aba', 'br.0 br10', 'BR0 br0', ' x']

  for (const pair of yes)
    it(`${pair} fits`, () => {
      const [pattern = '', name = ''] = pair.split(/ +/)
      assert.ok(fitsAny(['nothing', pattern], name))
    })
  for (const pair of no)
    it(`${pair} does not`, () => {
      const [pattern = '', name = ''] = pair.split(/ +/)
      assert.ok(!fitsAny([pattern], name))
    })

  it('is quick whatever the pattern', () => {
    const before = performance.now()
    assert.ok(!fitsAny([`${'*a'.repeat(30)}*b`], 'a'.repeat(10_000)))
    assert.ok(performance.now() - before < 100)
  })
})
