import { strict as assert } from 'node:assert'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { parseGateways, parseRoute } from '../../../src/lib/net/route.ts'
import { accepts, refused, refuses } from '../../support/bad-input.ts'

const addresses = [parseHostCidr('10.0.0.9/24'), parseHostCidr('fd00::9/64')]

describe('parseRoute', () => {
  const parse = (text: string): string => {
    const { to, via } = parseRoute(text, addresses)
    return via === undefined ? to.text : `${to.text} via ${via.text}`
  }
  refuses(parse, '--route', [
    '',
    ',',
    ',10.0.0.1',
    '10.1.0.0/16,',
    '10.1.0.1/16,10.0.0.1',
    '10.1.0.0/16,10.0.0.1,10.0.0.2',
    '10.1.0.0/16,10.0.1.1',
    '10.1.0.0/16,fd00::1',
    'fd01::/48,10.0.0.1',
    '10.1.0.0/16, 10.0.0.1',
    '10.1.0.0/16,127.0.0.1',
    '10.1.0.0/16,224.0.0.1',
    '10.1.0.0/16,0.0.0.0',
  ])
  refuses(parse, '--route', ['0.0.0.0/0,10.0.0.1', '0.0.0.0/0', '::/0'], (good) =>
    parseGateways([good.replace('--gateway ', '')], addresses),
  )
  accepts(parse, {
    '10.1.0.0/16': '10.1.0.0/16',
    '10.1.0.0/16,10.0.0.1': '10.1.0.0/16 via 10.0.0.1',
    '10.1.2.3,10.0.0.1': '10.1.2.3/32 via 10.0.0.1',
    'FD01::/48,fd00::1': 'fd01::/48 via fd00::1',
    'fd01::/48,fe80::1': 'fd01::/48 via fe80::1',
  })

  it('needs an address for a route through a neighbour', () => {
    refused(
      (text) => parseRoute(text, []),
      '10.1.0.0/16,10.0.0.1',
      '--route',
      () => undefined,
    )
  })
})

describe('parseGateways', () => {
  const one = (text: string): string => parseGateways([text], addresses)[0]?.text ?? ''
  refuses(one, '--gateway', [
    '',
    '10.0.0.1/24',
    '10.1',
    '127.0.0.1',
    '224.0.0.1',
    '::1',
    'fe80::1%eth0',
    '10.0.0.9',
    'fd00:0::9',
  ])

  it('takes one for each family, in canonical form', () => {
    const found = parseGateways(['10.0.0.1', 'FD00::1'], addresses)
    assert.deepEqual(
      found.map(({ text }) => text),
      ['10.0.0.1', 'fd00::1'],
    )
  })

  it('takes one outside of the subnet: it is reached by a route of its own', () => {
    assert.equal(parseGateways(['192.0.2.1'], addresses)[0]?.text, '192.0.2.1')
  })

  it('refuses a second default route of a family', () => {
    refused(
      (text) => parseGateways(['10.0.0.1', text], addresses),
      '10.0.0.3',
      '--gateway',
      (good) => parseGateways([good], addresses),
    )
    refused(
      (text) => parseGateways([text, text], addresses),
      'fd00::1',
      '--gateway',
      (good) => parseGateways([good], addresses),
    )
  })

  it('refuses one without an address of its family', () => {
    const [v4, v6] = [addresses.slice(0, 1), addresses.slice(1)]
    refused(
      (text) => parseGateways([text], v4),
      'fd00::1',
      '--gateway',
      (good) => parseGateways([good], v6),
    )
    refused(
      (text) => parseGateways([text], v6),
      '10.0.0.1',
      '--gateway',
      (good) => parseGateways([good], v4),
    )
    refused(
      (text) => parseGateways([text], []),
      '10.0.0.1',
      '--gateway',
      (good) => parseGateways([good], v4),
    )
  })
})
