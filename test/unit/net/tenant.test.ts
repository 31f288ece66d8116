import { strict as assert } from 'node:assert'
import { parseTenant } from '../../../src/lib/net/tenant.ts'
import { accepts, refuses, thrownBy } from '../../support/bad-input.ts'

const LONGEST = 'a'.repeat(63)

describe('parseTenant', () => {
  accepts(parseTenant, { blue: 'blue', '7': '7', 'Blue_2.a-b': 'Blue_2.a-b', [LONGEST]: LONGEST })
  refuses(parseTenant, '--tenant', [
    ...['', ' ', '-blue', '.blue', '_blue', 'a b', 'a/b', 'a=b', 'a,b', 'a"b', "a'b", 'a\nb', 'blue\n', 'é', 'a\u0000'],
    ...['$(reboot)', '\u001B[31m', `${LONGEST}a`, 'a'.repeat(100_000)],
  ])

  it('does not repeat at length what it refuses, nor what steers a terminal', () => {
    const message = String(thrownBy(() => parseTenant(`\u001B[2J${'a'.repeat(100_000)}`)))
    assert.ok(message.length < 200, String(message.length))
    assert.doesNotMatch(message, /\p{Cc}/u)
  })
})
