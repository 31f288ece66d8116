import { strict as assert } from 'node:assert'
import { canonical, checksumOf } from '../../../src/lib/state/canonical.ts'
import { sealed, unsealed } from '../../../src/lib/state/envelope.ts'
import { fileNameOf, isBackup, isUnfinished, nameOfFile, type Kind } from '../../../src/lib/state/names.ts'
import { ID, ID2, network } from '../../support/state.ts'

const CONTENT = { name: 'blue', list: [1, null, 'ü\u0007'], inner: { b: false, a: 1.5 } }
const TEXT = sealed(network(), CONTENT)
const why = (text: string): string => {
  const opened = unsealed(network(), text)
  return opened.state === 'ok' ? 'ok' : `${opened.state}: ${opened.why}`
}

describe('the text of a file', () => {
  it('is opened as it was sealed, also when somebody has it in another order and form', () => {
    assert.deepEqual(unsealed(network(), TEXT), { state: 'ok', content: CONTENT })
    const fields = Object.entries(JSON.parse(TEXT) as object)
    assert.deepEqual(unsealed(network(), JSON.stringify(Object.fromEntries(fields.reverse()))), {
      ...{ state: 'ok', content: CONTENT },
    })
    assert.match(TEXT, /\n {2}"checksum": "sha256:[0-9a-f]{64}",\n/)
  })

  it('that was cut short anywhere is damaged', () => {
    // The last character is the end of a line, which nothing depends on.
    for (let end = 0; end < TEXT.length - 2; end++) assert.match(why(TEXT.slice(0, end)), /^damaged: /, String(end))
    assert.equal(why(''), 'damaged: it is empty')
    assert.equal(why(' \n'), 'damaged: it is empty')
  })

  it('with another character in a value or a name is never taken for whole', () => {
    for (let at = 0; at < TEXT.length; at++) {
      if (/\s/.test(TEXT.charAt(at))) continue
      const other = `${TEXT.slice(0, at)}${TEXT.charAt(at) === '7' ? '8' : '7'}${TEXT.slice(at + 1)}`
      assert.notEqual(why(other), 'ok', other)
    }
  })

  it('says of which version it is, and not that it is damaged', () => {
    for (const [version, age] of [
      [2, 'a newer'],
      [0, 'an older'],
    ] as const) {
      const text = JSON.stringify({ ...(JSON.parse(TEXT) as object), version, checksum: undefined })
      assert.match(why(text), new RegExp(`^version: it has version ${version}, made by ${age} ovsd`))
    }
    assert.match(why(TEXT.replace('"version": 1', '"version": 1.5')), /^damaged/)
    assert.match(why(TEXT.replace('"version": 1', '"version": "1"')), /^damaged/)
  })

  it('that belongs to something else, or is nothing of ovsd, is damaged', () => {
    assert.equal(unsealed(network(ID2), TEXT).state, 'damaged')
    assert.equal(unsealed({ kind: 'endpoints', id: ID }, TEXT).state, 'damaged')
    for (const text of ['null', '7', '[]', '{}', '{"ovsd":"export","version":1}']) assert.match(why(text), /^damaged/)
    const without = { ovsd: 'state', version: 1, kind: 'networks', id: ID }
    assert.equal(why(JSON.stringify({ ...without, checksum: checksumOf(without) })), 'damaged: it has no content')
  })

  it('has one form for one value', () => {
    assert.equal(canonical({ b: [{ d: 1, c: null }], a: '' }), '{"a":"","b":[{"c":null,"d":1}]}')
    assert.equal(checksumOf({ a: 1, b: 2 }), checksumOf({ b: 2, a: 1 }))
    assert.notEqual(checksumOf([1, 2]), checksumOf([2, 1]))
  })
})

describe('the name of a file', () => {
  it('comes from an id and leads back to it', () => {
    const names: readonly (readonly [Kind, string, string])[] = [
      ['networks', ID, `${ID}.json`],
      ['endpoints', ID, `${ID}.json`],
      ['ipam', ID, `${ID}-pool.json`],
      ['ovn', 'logical-switches', 'logical-switches.json'],
    ]
    for (const [kind, id, file] of names) {
      assert.equal(fileNameOf({ kind, id }), file)
      assert.deepEqual(nameOfFile(kind, file), { kind, id })
    }
  })

  const never = ['', '.', '..', '../x', 'a/b', ID.slice(1), `${ID}0`, ID.toUpperCase(), `${ID}\n`, `\n${ID}`, `${ID}\0`]
  for (const id of [...never, `../${ID.slice(3)}`, 'x'.repeat(64)])
    it(`is never made of ${JSON.stringify(id)}`, () => {
      for (const kind of ['networks', 'endpoints', 'ipam'] as const)
        assert.throws(() => fileNameOf({ kind, id }), { code: 'StateNameInvalid' })
    })

  it('of ovn is a plain word', () => {
    for (const id of ['', '..', 'A', 'a.b', 'a/b', '-a', 'a'.repeat(64)])
      assert.throws(() => fileNameOf({ kind: 'ovn', id }), { code: 'StateNameInvalid' })
  })

  it('tells what was put aside, and what was never finished', () => {
    assert.deepEqual(
      [`${ID}.json.backup`, `${ID}.json.backup.12`, `${ID}.json`, `.${ID}.json.0a.tmp`].map((name) => [
        isBackup(name),
        isUnfinished(name),
        nameOfFile('networks', name) !== undefined,
      ]),
      [
        [true, false, false],
        [true, false, false],
        [false, false, true],
        [false, true, false],
      ],
    )
  })
})
