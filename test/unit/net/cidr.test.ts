import { strict as assert } from 'node:assert'
import { contains, parseHostCidr, parseNetwork } from '../../../src/lib/net/cidr.ts'
import { parseIp } from '../../../src/lib/net/ip-address.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

describe('parseHostCidr', () => {
  const parse = (text: string): string => {
    const { text: canonical, bare } = parseHostCidr(text)
    return bare ? `${canonical} bare` : canonical
  }
  refuses(parse, '--ipaddress', [
    '',
    '/',
    '/24',
    '10.0.0.2/',
    '10.0.0.2/0',
    '10.0.0.2/33',
    '10.0.0.2/-1',
    '10.0.0.2/024',
    '10.0.0.2/+24',
    '10.0.0.2/2 4',
    '10.0.0.2/24\n',
    '10.0.0.2/24 ',
    '10.0.0.2/24/24',
    '10.0.0.2/1e1',
    '10.0.0.2/0x18',
    '10.0.0.2/255.255.255.0',
    '10.1/24',
    '010.0.0.2/24',
    '10.0.0.0/24',
    '10.0.0.255/24',
    '10.0.0.4/30',
    '10.0.0.7/30',
    '127.0.0.1/8',
    '224.0.0.1/24',
    '255.255.255.255',
    '0.0.0.0/0',
    'fd00::2/0',
    'fd00::2/129',
    'fd00::/64',
    '::1/128',
    'ff02::1/64',
    '::ffff:10.0.0.2/120',
    'fe80::2%eth1/64',
  ])
  accepts(parse, {
    '10.0.0.2/24': '10.0.0.2/24',
    '10.0.0.2': '10.0.0.2/32 bare',
    '10.0.0.2/32': '10.0.0.2/32',
    '10.0.0.0/31': '10.0.0.0/31',
    '10.0.0.1/31': '10.0.0.1/31',
    '10.0.0.0/32': '10.0.0.0/32',
    '10.0.0.5/30': '10.0.0.5/30',
    '10.0.1.0/16': '10.0.1.0/16',
    '10.0.0.2/1': '10.0.0.2/1',
    'fd00::2': 'fd00::2/128 bare',
    'FD00:0::2/64': 'fd00::2/64',
    'fd00::/127': 'fd00::/127',
    'fd00::ffff:ffff:ffff:ffff/64': 'fd00::ffff:ffff:ffff:ffff/64',
  })
})

describe('parseNetwork', () => {
  const parse = (text: string): string => parseNetwork(text, '--route').text
  refuses(parse, '--route', ['10.1.0.1/16', 'fd01::1/48', '', '10.1/16', '010.1.0.0/16', 'x/8', 'fd01::%eth1/48'])
  accepts(parse, {
    '10.1.0.0/16': '10.1.0.0/16',
    '10.1.2.3': '10.1.2.3/32',
    '0.0.0.0/0': '0.0.0.0/0',
    'FD01::/48': 'fd01::/48',
    '10.128.0.0/9': '10.128.0.0/9',
  })
})

describe('contains', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['10.0.0.2/24', '10.0.0.254', true],
    ['10.0.0.2/24', '10.0.1.1', false],
    ['10.0.0.2/32', '10.0.0.2', true],
    ['10.0.0.2/32', '10.0.0.3', false],
    ['10.0.0.2/24', 'fd00::1', false],
    ['fd00::2/64', 'fd00::ffff', true],
    ['fd00::2/64', 'fd00:0:0:1::1', false],
    ['fd00::2/64', '10.0.0.1', false],
  ]
  for (const [network, ip, expected] of cases)
    it(`${network} ${expected ? 'has' : 'does not have'} ${ip}`, () => {
      assert.equal(contains(parseHostCidr(network), parseIp(ip, 'x')), expected)
    })
})
