import { strict as assert } from 'node:assert'
import { derivedMac, parseMac } from '../../../src/lib/net/mac.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

describe('parseMac', () => {
  refuses((text): string => parseMac(text), '--macaddress', [
    '',
    '02:42:0a:00:00',
    '02:42:0a:00:00:02:03',
    '02:42:0a:00:00:2',
    '02:42:0a:00:00:0g',
    '0242.0a00.0002',
    '02420a000002',
    '02:42:0a:00:00:02 ',
    '02:42:0a:00:00:02\n',
    '00:00:00:00:00:00',
    '01:00:5e:00:00:01',
    '33:33:00:00:00:01',
    'ff:ff:ff:ff:ff:ff',
  ])
  accepts((text): string => parseMac(text), {
    '02:42:0a:00:00:02': '02:42:0a:00:00:02',
    '02-42-0A-00-00-02': '02:42:0a:00:00:02',
    'A2:C3:0D:49:7F:F8': 'a2:c3:0d:49:7f:f8',
    '00:00:00:00:00:01': '00:00:00:00:00:01',
  })
})

describe('derivedMac', () => {
  const id = 'c474a0e2830e'.padEnd(64, '0')

  it('stays what it is: neighbours know it, and a re-attachment must bring it back', () => {
    assert.equal(derivedMac(id, 'eth1'), '02:05:d0:95:92:83')
    assert.equal(derivedMac(id, 'eth2'), '02:69:1b:1d:3b:94')
  })

  it('is a valid, locally administered unicast address, different for every interface', () => {
    const all = Array.from({ length: 1000 }, (_, i) => derivedMac(id, `eth${i}`))
    assert.equal(new Set(all).size, 1000)
    for (const mac of all) assert.equal(parseMac(mac), mac)
    assert.ok(all.every((mac) => mac.startsWith('02:')))
  })
})
