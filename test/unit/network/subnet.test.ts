import { strict as assert } from 'node:assert'
import { parseSubnets } from '../../../src/lib/network/subnet.ts'
import { asNetworkOption, type NetworkWords } from '../../../src/lib/network/words.ts'
import { accepts, refused, refuses } from '../../support/bad-input.ts'

const parsed = (words: Omit<NetworkWords, 'name'>) => parseSubnets({ name: 'blue', ...words }, asNetworkOption)

describe('a subnet', () => {
  const parse = (text: string): string | undefined => parsed({ subnet: [text] })[0]?.cidr.text
  accepts(parse, {
    '10.0.0.0/24': '10.0.0.0/24',
    '10.0.0.0/8': '10.0.0.0/8',
    '10.0.0.0/31': '10.0.0.0/31',
    'fd00:0::/64': 'fd00::/64',
    'fd00::/127': 'fd00::/127',
    '2001:db8::/32': '2001:db8::/32',
  })
  refuses(parse, '--subnet', [
    '',
    '10.0.0.0',
    '10.0.0.1/24',
    '10.0.0.0/7',
    '10.0.0.0/32',
    '0.0.0.0/8',
    '127.0.0.0/8',
    '224.0.0.0/8',
    '240.0.0.0/24',
    'fd00::/128',
    '::/8',
    'ff00::/8',
    'fd00::1/64',
  ])

  it('is one for each IP version', () => {
    const both = parsed({ subnet: ['10.0.0.0/24', 'fd00::/64'], gateway: ['fd00::1'], ipRange: ['10.0.0.64/26'] })
    assert.deepEqual(
      both.map(({ cidr, gateway, range }) => [cidr.text, gateway?.text, range.text]),
      [
        ['10.0.0.0/24', undefined, '10.0.0.64/26'],
        ['fd00::/64', 'fd00::1', 'fd00::/64'],
      ],
    )
    const parse = (text: string): unknown => parsed({ subnet: ['10.0.0.0/24', text] })
    refused(parse, '10.1.0.0/24', '--subnet', (good) => parsed({ subnet: [good] }))
  })
})

describe('a gateway', () => {
  const parse = (text: string): string | undefined =>
    parsed({ subnet: ['10.0.0.0/24'], gateway: [text] })[0]?.gateway?.text
  accepts(parse, { '10.0.0.1': '10.0.0.1', '10.0.0.254': '10.0.0.254' })
  refuses(parse, '--gateway', ['10.0.0.0', '10.0.0.255', '10.0.1.1', '10.0.0.1/24', 'web'])

  it('needs a subnet of its IP version', () => {
    const parse = (text: string): unknown => parsed({ subnet: ['10.0.0.0/24'], gateway: [text] })
    refused(parse, 'fd00::1', '--gateway')
  })

  it('may be either address of a pair, but not the anycast address of a larger IPv6 network (RFC 4291, 2.6.1)', () => {
    for (const gateway of ['10.0.0.0', '10.0.0.1']) parsed({ subnet: ['10.0.0.0/31'], gateway: [gateway] })
    refused(
      (text) => parsed({ subnet: ['fd00::/64'], gateway: [text] }),
      'fd00::',
      '--gateway',
      () => undefined,
    )
  })
})

describe('a range', () => {
  const parse = (text: string): string | undefined =>
    parsed({ subnet: ['10.0.0.0/24'], ipRange: [text] })[0]?.range.text
  accepts(parse, { '10.0.0.128/25': '10.0.0.128/25', '10.0.0.7/32': '10.0.0.7/32', '10.0.0.0/24': '10.0.0.0/24' })
  refuses(parse, '--ip-range', ['10.0.0.0/23', '10.0.1.0/25', '10.0.0.1/25', '10.0.0.10-10.0.0.20'], (good) =>
    parsed({ subnet: ['10.0.0.0/8', 'fd01::/48'], ipRange: [good] }),
  )
})

describe('an auxiliary address', () => {
  const parse = (text: string): unknown =>
    parsed({ subnet: ['10.0.0.0/24'], gateway: ['10.0.0.1'], auxAddress: ['10.0.0.2', text] })[0]?.aux.map(
      ({ name, ip }) => `${name}=${ip.text}`,
    )
  accepts(parse, { 'printer=10.0.0.9': ['=10.0.0.2', 'printer=10.0.0.9'] })
  const parseGood = (text: string): unknown => parsed({ subnet: ['10.0.0.0/24'], auxAddress: [text] })
  const bad = ['printer=', 'printer=10.0.0.0', '10.0.1.9', 'printer=10.0.0.1', '10.0.0.2']
  refuses(parse, '--aux-address', bad, parseGood)
})
