import { strict as assert } from 'node:assert'
import { BadInput } from '../../src/lib/errors.ts'

/**
 * Asserts that `parse(text)` is refused as a value of `field`, in words, with status 2, and with an example of a good
 * value. `parseGood`, or else `parse`, must accept every part of the example ("A or B").
 */
export function refused(
  parse: (text: string) => unknown,
  text: string,
  field: string,
  parseGood: (good: string) => unknown = parse,
): void {
  const error = thrownBy(() => parse(text))
  assert.ok(error instanceof BadInput, `${JSON.stringify(text)}: ${String(error)}`)
  assert.equal(error.field, field)
  assert.equal(error.status, 2)
  assert.equal(error.code, 'BadInput')
  assert.ok(error.message.startsWith(`${field}: `) && error.message.length > field.length + 4, error.message)
  const [, good = ''] = /^A good value looks like this: (.+)$/.exec(error.next ?? '') ?? []
  assert.notEqual(good, '')
  for (const part of good.split(' or ')) parseGood(part)
}

/** What `act` throws; fails if it returns. */
export function thrownBy(act: () => unknown): unknown {
  let result: unknown
  try {
    result = act()
  } catch (error) {
    return error
  }
  assert.fail(
    `accepted as ${JSON.stringify(result, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`,
  )
}

/** Declares one test per text that must be refused. */
export function refuses(
  parse: (text: string) => unknown,
  field: string,
  texts: readonly string[],
  parseGood?: (good: string) => unknown,
): void {
  for (const text of texts)
    it(`refuses ${show(text)}`, () => {
      refused(parse, text, field, parseGood)
    })
}

/** Declares one test per text and the canonical form that it must become. */
export function accepts<T>(parse: (text: string) => T, cases: Readonly<Record<string, T>>): void {
  for (const [text, expected] of Object.entries(cases))
    it(`accepts ${show(text)} as ${show(String(expected))}`, () => {
      assert.deepEqual(parse(text), expected)
    })
}

/** A text as the title of a test. */
function show(text: string): string {
  const quoted = JSON.stringify(text)
  return quoted.length <= 60 ? quoted : `${quoted.slice(0, 40)}… (${text.length} characters)`
}
