import { strict as assert } from 'node:assert'
import { isIPv6 } from 'node:net'
import { isLinkLocal, parseIp, refuseSpecial } from '../../../src/lib/net/ip-address.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

const parse = (text: string): string => parseIp(text, '--gateway').text

describe('parseIp', () => {
  refuses(parse, '--gateway', [
    '',
    ' ',
    '10.1',
    '10.1.2',
    '10.0.0.256',
    '10.0.0.400',
    '010.0.0.9',
    '10.0.0.09',
    '0x0a.0.0.1',
    '167772161',
    '0x0a000001',
    '10.0.0.1.',
    '10.0.0.1/24',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '10.0.0.1\n',
    '10.0.0.1\r\n',
    '10.0.0.1\0',
    '１０.0.0.1',
    'fe80::1%eth0',
    'fe80::1%',
    'fd00::2\n',
    'fd00:::2',
    'fd00::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'fd00::12345',
    '::ffff:010.0.0.1',
    '[fd00::2]',
    'web',
    '$(id)',
  ])
  accepts(parse, {
    '10.0.0.1': '10.0.0.1',
    '255.255.255.255': '255.255.255.255',
    'FD00::000A': 'fd00::a',
    'fd00:0:0:0:0:0:0:2': 'fd00::2',
    '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
    '::': '::',
    '::1': '::1',
    'fd00::': 'fd00::',
    '0:1:0:0:0:0:0:0': '0:1::',
    '::ffff:10.0.0.1': '::ffff:a00:1',
    '64:ff9b::192.0.2.33': '64:ff9b::c000:221',
  })

  it('writes every IPv6 address so that it reads the same again, and as short as can be', () => {
    // All 256 patterns of zero and other groups: every place that "::" can take.
    for (let pattern = 0; pattern < 256; pattern++) {
      const groups = Array.from({ length: 8 }, (_, i) => ((pattern >> i) & 1 ? 'ab' : '0'))
      const { text, bits } = parseIp(groups.join(':'), 'x')
      assert.ok(isIPv6(text), text)
      assert.equal(parseIp(text, 'x').bits, bits, text)
      assert.equal(text, new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1))
    }
  })
})

describe('refuseSpecial', () => {
  const host = (text: string): string => {
    const ip = parseIp(text, '--ipaddress')
    refuseSpecial(ip, '--ipaddress')
    return ip.text
  }
  refuses(host, '--ipaddress', [
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '127.255.255.255',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'ff02::1',
    'ff05::1:3',
    '::ffff:10.0.0.1',
  ])
  accepts(host, {
    '1.0.0.1': '1.0.0.1',
    '126.255.255.254': '126.255.255.254',
    '128.0.0.1': '128.0.0.1',
    '223.255.255.254': '223.255.255.254',
    '169.254.7.7': '169.254.7.7',
    '::2': '::2',
    'fe80::1': 'fe80::1',
    'feff::1': 'feff::1',
  })
})

describe('isLinkLocal', () => {
  const cases = { 'fe80::1': true, 'febf::1': true, 'fec0::1': false, 'fe7f::1': false, '169.254.0.1': false }
  for (const [text, expected] of Object.entries(cases))
    it(`${text}: ${expected}`, () => {
      assert.equal(isLinkLocal(parseIp(text, 'x')), expected)
    })
})
