import { parseMtu } from '../../../src/lib/net/mtu.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

const BAD = [
  '',
  '0',
  '67',
  '65536',
  '100000',
  '-1',
  '1e3',
  '0x5dc',
  '1500.0',
  ' 1500',
  '1500 ',
  '15 00',
  '01500',
  '１５００',
]

describe('parseMtu', () => {
  refuses((text) => parseMtu(text, false), '--mtu', BAD)
  accepts((text) => parseMtu(text, false), { 68: 68, 1279: 1279, 1450: 1450, 1500: 1500, 9000: 9000, 65535: 65_535 })

  describe('with an IPv6 address', () => {
    refuses((text) => parseMtu(text, true), '--mtu', [...BAD, '68', '1279'])
    accepts((text) => parseMtu(text, true), { 1280: 1280, 65535: 65_535 })
  })
})
