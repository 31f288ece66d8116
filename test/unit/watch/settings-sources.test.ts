import { strict as assert } from 'node:assert'
import { IGNORED } from '../../../src/lib/watch/settings-names.ts'
import { Sources, type Given } from '../../../src/lib/watch/settings-sources.ts'

const sources = (flags: Given, env: Given = {}, inFile: Readonly<Record<string, string>> = {}) =>
  new Sources(flags, env, new Map(Object.entries(inFile).map(([name, text]) => [name, { text, field: name }])))

describe('Sources', () => {
  it('hands the parser the words and where they stand, and nothing when there are none', () => {
    const pair = (text: string, field: string) => [text, field]
    assert.deepEqual(sources({ 'log-level': 'info' }).take('log-level', pair), ['info', '--log-level'])
    assert.deepEqual(sources({}, { OVSD_LOG_LEVEL: 'info' }).take('log-level', pair), ['info', 'OVSD_LOG_LEVEL'])
    assert.deepEqual(sources({}, {}, { log_level: 'info' }).take('log-level', pair), ['info', 'log_level'])
    assert.equal(
      sources({}, { 'log-level': 'x', log_level: 'x' }, { 'log-level': 'x' }).take('log-level', (text) => text),
      undefined,
    )
  })

  it('takes an empty variable for none, but not an empty option', () => {
    const same = (text: string) => text
    assert.equal(
      sources({}, { OVSD_BRIDGE: '', OVS_DEFAULT_BRIDGE: '' }, { bridge: 'br0' }).take('bridge', same),
      'br0',
    )
    assert.equal(sources({ bridge: '' }, { OVSD_BRIDGE: 'br0' }).take('bridge', same), '')
  })

  it('passes on what the parser throws, and tries no other place', () => {
    const refuse = (text: string): never => {
      throw new Error(text)
    }
    assert.throws(() => sources({ mtu: 'one' }, { OVSD_MTU: '1400' }).take('mtu', refuse), /^Error: one$/)
  })

  it('finds the first of several names in the file', () => {
    const from = sources({}, {}, { b: '2', c: '3' })
    assert.deepEqual([from.inFile('a', 'c', 'b')?.text, from.inFile('a'), from.inFile()], ['3', undefined, undefined])
  })

  it('tells of each variable without effect once, unless it is empty', () => {
    const variables = Object.keys(IGNORED).filter((name) => !name.includes('.'))
    const from = sources({}, Object.fromEntries(variables.map((name) => [name, 'x'])))
    assert.ok(variables.length > 0)
    assert.deepEqual(
      from.notices,
      variables.map((name) => `${name} has no effect: ${String(IGNORED[name])}.`),
    )
    assert.deepEqual(sources({}, Object.fromEntries(variables.map((name) => [name, '']))).notices, [])
  })
})
