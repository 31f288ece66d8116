import { strict as assert } from 'node:assert'
import type { FileValues } from '../../../src/lib/watch/settings-file.ts'
import { serverOf } from '../../../src/lib/watch/settings-servers.ts'
import { Sources, type Given } from '../../../src/lib/watch/settings-sources.ts'
import { refused } from '../../support/bad-input.ts'

const file = (values: Readonly<Record<string, string>>): FileValues =>
  new Map(Object.entries(values).map(([name, text]) => [name, { text, field: `FILE: ${name}` }]))

interface From {
  readonly flags?: Given
  readonly env?: Given
  readonly inFile?: Readonly<Record<string, string>>
}

/** Where the server listens, and the fields of the notices. */
function listens({ flags = {}, env = {}, inFile = {} }: From, server: 'metrics' | 'health' = 'metrics') {
  const from = new Sources(flags, env, file(inFile))
  return [serverOf(from, server)?.text, from.notices.map((notice) => notice.split(': the address')[0])]
}

const OTHER_ON = { 'server.enable_metrics': 'true', 'server.metrics_addr': '127.0.0.1:2' }

describe('serverOf', () => {
  it('takes the first of option, variable, the other program’s variables, file, the other program’s names in it', () => {
    const all = {
      flags: { metrics: '127.0.0.1:6' },
      env: { OVSD_METRICS: '127.0.0.1:5', ENABLE_METRICS: '1', METRICS_ADDR: '127.0.0.1:4' },
      inFile: { metrics: '127.0.0.1:3', ...OTHER_ON },
    }
    const { env, inFile } = all
    assert.deepEqual(listens(all), ['127.0.0.1:6', []])
    assert.deepEqual(listens({ env, inFile }), ['127.0.0.1:5', []])
    assert.deepEqual(listens({ env: { ...env, OVSD_METRICS: '' }, inFile }), ['127.0.0.1:4', []])
    assert.deepEqual(listens({ inFile }), ['127.0.0.1:3', []])
    assert.deepEqual(listens({ inFile: OTHER_ON }), ['127.0.0.1:2', []])
    assert.deepEqual(listens({}), [undefined, []])
  })

  it('finds whether and where in different places', () => {
    const env = { ENABLE_METRICS: 'true' }
    assert.deepEqual(listens({ env, inFile: { 'server.metrics_addr': '127.0.0.1:2' } }), ['127.0.0.1:2', []])
    assert.deepEqual(listens({ env: { METRICS_ADDR: '127.0.0.1:4' }, inFile: OTHER_ON }), ['127.0.0.1:4', []])
    assert.deepEqual(listens({ env, inFile: { metrics: '127.0.0.1:3' } }), ['127.0.0.1:8080', ['ENABLE_METRICS']])
  })

  it('is none that was switched off, whatever its address', () => {
    for (const off of ['0', 'f', 'FALSE']) {
      assert.deepEqual(listens({ env: { ENABLE_METRICS: off, METRICS_ADDR: 'x' }, inFile: OTHER_ON }), [undefined, []])
      assert.deepEqual(listens({ inFile: { ...OTHER_ON, 'server.enable_metrics': off } }), [undefined, []])
    }
    assert.deepEqual(listens({ env: { METRICS_ADDR: ':9' }, inFile: { 'server.metrics_addr': ':9' } }), [undefined, []])
  })

  it('does not take one server for the other', () => {
    assert.deepEqual(listens({ env: { ENABLE_HEALTH_CHECK: '1' } }), [undefined, []])
    assert.deepEqual(listens({ env: { ENABLE_HEALTH_CHECK: '1' } }, 'health'), [
      '127.0.0.1:8081',
      ['ENABLE_HEALTH_CHECK'],
    ])
    assert.deepEqual(
      listens({ env: { ENABLE_HEALTH_CHECK: '1', METRICS_ADDR: '127.0.0.1:4' } }, 'health')[0],
      '127.0.0.1:8081',
    )
  })

  for (const [address, text, isNews] of [
    ['[::1]:7', '[::1]:7', false],
    ['127.9.9.9:7', '127.9.9.9:7', false],
    ['unix:/run/m.sock', 'unix:/run/m.sock', false],
    ['localhost:7', '127.0.0.1:7', false],
    [':7', '127.0.0.1:7', true],
    ['[::]:7', '127.0.0.1:7', true],
    ['[::ffff:127.0.0.1]:7', '127.0.0.1:7', true],
    ['128.127.0.1:7', '127.0.0.1:7', true],
  ] as const)
    it(`takes ${address} of the other program as ${text}${isNews ? ', and says so' : ''}`, () => {
      const said = listens({ env: { ENABLE_METRICS: '1', METRICS_ADDR: address } })
      assert.deepEqual(said, [text, isNews ? ['METRICS_ADDR'] : []])
    })

  it('names the variable that is wrong', () => {
    for (const address of [
      '',
      ' ',
      '7',
      ':0',
      ':65536',
      'example.com:7',
      '127.evil.example:7',
      '[fe80::1%eth0]:7',
      ':7\n',
    ]) {
      const parse = (text: string) => listens({ env: { ENABLE_METRICS: '1', METRICS_ADDR: text || ' ' } })
      refused(parse, address, 'METRICS_ADDR')
    }
    refused((text) => listens({ env: { ENABLE_METRICS: text } }), 'yes', 'ENABLE_METRICS')
  })
})
