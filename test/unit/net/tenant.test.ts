import { parseTenant } from '../../../src/lib/net/tenant.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

const LONGEST = 'a'.repeat(63)

describe('parseTenant', () => {
  accepts(parseTenant, { blue: 'blue', '7': '7', 'Blue_2.a-b': 'Blue_2.a-b', [LONGEST]: LONGEST })
  refuses(parseTenant, '--tenant', [
    ...['', ' ', '-blue', '.blue', '_blue', 'a b', 'a/b', 'a=b', 'a,b', 'a"b', "a'b", 'a\nb', 'blue\n', 'é', 'a\u0000'],
    ...['$(reboot)', '\u001B[31m', `${LONGEST}a`, 'a'.repeat(100_000)],
  ])
})
