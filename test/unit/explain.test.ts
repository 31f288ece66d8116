import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { ERROR_ENTRIES } from '../../src/lib/error-entries.ts'
import { wrapped } from '../../src/lib/ui/wrapped.ts'

describe('explain', () => {
  it('has a text for each entry of ovsd-errors(7), without what is for roff', () => {
    const page = readFileSync('man/ovsd-errors.7', 'utf8')
    const codes = [...page.matchAll(/^\.TP\n\.B ([A-Z]\w+)$/gm)].map(([, code]) => code)
    assert.deepEqual(Object.keys(ERROR_ENTRIES), codes)
    for (const [code, paragraphs] of Object.entries(ERROR_ENTRIES)) {
      assert.ok(paragraphs.length > 0, code)
      for (const text of paragraphs) assert.doesNotMatch(text, /\\|^\.[A-Z]| {2}/, code)
    }
  })

  it('breaks lines at words', () => {
    assert.equal(wrapped('one two three', 8), 'one two\nthree')
    assert.equal(wrapped('a-word-that-is-too-long x', 5), 'a-word-that-is-too-long\nx')
    assert.ok(
      wrapped('word '.repeat(60).trim(), undefined)
        .split('\n')
        .every((line) => line.length <= 80),
    )
  })
})
