import { strict as assert } from 'node:assert'
import { parseListenAddress } from '../../../src/lib/watch/listen-address.ts'
import { refuses } from '../../support/bad-input.ts'

const parse = (text: string) => parseListenAddress(text, '--metrics')
const parseRemote = (text: string) => parseListenAddress(text, '--metrics', true)

const loopback = (host: string, port = 9100) => ({
  text: `${host.includes(':') ? `[${host}]` : host}:${port}`,
  host,
  port,
})

describe('parseListenAddress', () => {
  const good = {
    '127.0.0.1:9100': loopback('127.0.0.1'),
    '127.1.2.3:1': loopback('127.1.2.3', 1),
    '[::1]:65535': loopback('::1', 65_535),
    '[0:0::1]:9100': loopback('::1'),
    // Without a host: the loopback, so that it is the same place as the first one.
    ':9100': loopback('127.0.0.1'),
    'localhost:9100': loopback('127.0.0.1'),
    'unix:/run/ovsd/metrics.sock': { text: 'unix:/run/ovsd/metrics.sock', path: '/run/ovsd/metrics.sock' },
    [`unix:/${'x'.repeat(106)}`]: { text: `unix:/${'x'.repeat(106)}`, path: `/${'x'.repeat(106)}` },
  }
  for (const [text, address] of Object.entries(good))
    it(`takes ${text.slice(0, 40)}`, () => {
      assert.deepEqual(parse(text), address)
      assert.deepEqual(parseRemote(text), address)
    })

  const wrong = [
    '',
    '9100',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:0',
    '127.0.0.1:09100',
    '127.0.0.1:65536',
    '127.0.0.1:9100 ',
    ' 127.0.0.1:9100',
    '127.0.0.1:9100\n',
    '127.1:9100',
    '127.0.0.01:9100',
    '0x7f.0.0.1:9100',
    '::1:9100',
    '[::1%lo]:9100',
    '[127.0.0.1]:9100',
    'LOCALHOST:9100',
    'example.org:9100',
    'http://127.0.0.1:9100',
    'unix:',
    'unix:metrics.sock',
    'unix://run/x\n',
    'unix:/run/ovsd/',
    'unix:/run/a\u0000b',
    `unix:/${'x'.repeat(107)}`,
    `unix:/${'ä'.repeat(54)}`,
  ]
  refuses(parse, '--metrics', wrong)
  describe('with remote addresses', () => {
    refuses(parseRemote, '--metrics', wrong)
  })

  const remote = {
    '0.0.0.0:9100': loopback('0.0.0.0'),
    '[::]:9100': loopback('::'),
    '192.0.2.1:9100': loopback('192.0.2.1'),
    '[2001:DB8::1]:9100': loopback('2001:db8::1'),
    '[::ffff:127.0.0.1]:9100': loopback('::ffff:7f00:1'),
  }
  refuses(parse, '--metrics', Object.keys(remote))
  for (const [text, address] of Object.entries(remote))
    it(`takes ${text} when others may reach it`, () => {
      assert.deepEqual(parseRemote(text), address)
    })
})
