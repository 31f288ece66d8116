import { strict as assert } from 'node:assert'
import { nameOf, type Named } from '../../../src/command-line.ts'

const IDS = ['add-port', 'del-port', 'del-ports', 'list', 'show', 'net', 'net:create', 'ovn:up', '__complete']

const command = (id: string, ...rest: string[]): Named => ({ kind: 'command', id, rest })
const unknown = (typed: string, ...suggestions: string[]): Named => ({ kind: 'unknown', typed, suggestions })

describe('nameOf', () => {
  const cases: readonly (readonly [string, Named])[] = [
    ['list', command('list')],
    ['list --json', command('list', '--json')],
    ['list more words', command('list', 'more', 'words')],
    ['add-port br0 eth1 list', command('add-port', 'br0', 'eth1', 'list')],
    ['net', command('net')],
    ['net create blue', command('net:create', 'blue')],
    ['net:create blue', command('net:create', 'blue')],
    ['net blue', command('net', 'blue')],
    ['ovn up', command('ovn:up')],
    ['ovn', { kind: 'topic' }],
    ['', { kind: 'nothing' }],
    ['--json list', { kind: 'nothing' }],
    ['__complete -- a', command('__complete', '--', 'a')],
    ['lsit', unknown('lsit', 'list')],
    ['add-prot br0', unknown('add-prot', 'add-port')],
    ['del', unknown('del', 'del-port', 'del-ports')],
    ['ovn pu', unknown('ovn pu', 'ovn up')],
    ['frobnicate', unknown('frobnicate')],
    ['__complet', unknown('__complet')],
    ['toString', unknown('toString')],
  ]
  for (const [line, named] of cases)
    it(`"${line}": ${named.kind}`, () => {
      assert.deepEqual(nameOf(line === '' ? [] : line.split(' '), IDS), named)
    })

  it('takes no empty word for a command', () => {
    assert.equal(nameOf([''], IDS).kind, 'unknown')
  })

  it('suggests at most three', () => {
    const found = nameOf(['porta'], ['port1', 'port2', 'port3', 'port4'])
    assert.deepEqual(found.kind === 'unknown' ? found.suggestions : [], ['port1', 'port2', 'port3'])
  })
})
