// ovsd-policy(5) is written by hand: it has to name every label, rule, setting and variable.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'
import { KEYS } from '../../src/lib/labels/keys.ts'
import { RULES } from '../../src/lib/policy/parse-policy.ts'
import { IGNORED, FILE_NAMES, SERVERS, SETTINGS, THEIRS, variableOf } from '../../src/lib/watch/settings-names.ts'

const page = readFileSync(join(root, 'man/ovsd-policy.5'), 'utf8')

/** The words of a section that are set in bold at the beginning of a line: the names. */
function namesIn(heading: string): ReadonlySet<string> {
  const section = page.split(/^\.SH /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const bold = [...section.matchAll(/^\.(?:B|BR|BI) (.*)$/gm)].map(([, rest = '']) => rest)
  return new Set(bold.flatMap((line) => line.split(/[\s,;()"]+/)).map((word) => word.replace(/\.$/, '')))
}

const missing = (names: readonly string[], heading: string): readonly string[] => {
  const there = namesIn(heading)
  return names.filter((name) => !there.has(name))
}

describe('ovsd-policy(5)', () => {
  it('names every label, rule, setting and variable', () => {
    assert.deepEqual(missing(KEYS, 'LABELS'), [])
    assert.deepEqual(missing(RULES, 'POLICY'), [])
    const variables = [
      ...SETTINGS.map(variableOf),
      ...Object.values(THEIRS).flatMap(({ env }) => env ?? []),
      ...Object.values(SERVERS).flatMap(({ on, address }) => [on.env, address.env]),
    ]
    assert.deepEqual(missing([...FILE_NAMES, ...variables, ...Object.keys(IGNORED), 'OVSD_CONFIG'], 'SETTINGS'), [])
  })

  it('would say so: a name that is none is missing', () => {
    assert.deepEqual(missing(['frobnicate'], 'SETTINGS'), ['frobnicate'])
  })
})
