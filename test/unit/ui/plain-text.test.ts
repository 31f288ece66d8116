import { strict as assert } from 'node:assert'
import { plainText } from '../../../src/lib/ui/plain-text.ts'

describe('plainText', () => {
  const steering = {
    'an escape sequence': '\u001B[2J',
    'a one-byte CSI': '\u009B2J',
    'a title': '\u001B]0;x\u0007',
    'a carriage return': '\r',
    backspaces: '\b\b',
    'NUL and DEL': '\u0000\u007F',
    'a form feed': '\f\v',
    'marks of direction': '\u202E\u2066\u200F',
  }
  for (const [title, text] of Object.entries(steering))
    it(`takes ${title} away`, () => {
      const plain = plainText(`a${text}b`)
      assert.doesNotMatch(plain, /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200F\u202E\u2066-\u2069]/)
      assert.match(plain, /^a.+b$/)
    })

  it('leaves everything else as it is', () => {
    const text = 'web-1 äöü 眼 😀 a\tb\nc ~!"#\\'
    assert.equal(plainText(text), text)
  })
})
