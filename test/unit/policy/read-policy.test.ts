import { strict as assert } from 'node:assert'
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/build/layout.ts'
import { OvsdError } from '../../../src/lib/errors.ts'
import { parseNetwork } from '../../../src/lib/net/cidr.ts'
import { RULES } from '../../../src/lib/policy/parse-policy.ts'
import { builtIn, DEFAULT_POLICY, NO_POLICY } from '../../../src/lib/policy/policy.ts'
import { loadPolicy } from '../../../src/lib/policy/read-policy.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

let folder: TemporaryFolder
let path: string

beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'policy.yaml')
})
afterEach(() => {
  folder[Symbol.dispose]()
})

const read = async (text: string, mode = 0o644) => {
  writeFileSync(path, text)
  chmodSync(path, mode)
  return await loadPolicy(path, 'ovsbr0')
}

/** The error of a file. */
async function failure(act: () => Promise<unknown>): Promise<OvsdError> {
  try {
    await act()
  } catch (error) {
    assert.ok(error instanceof OvsdError, String(error))
    return error
  }
  assert.fail('it was accepted')
}

describe('loadPolicy', () => {
  it('reads a file, and takes the built-in rules for what is not in it', async () => {
    const { source, rules, given } = await read('bridges: [ovsbr0, "lab*"]\nvlans: [10, 100-102]\nmac: false\n')
    assert.equal(source, path)
    assert.deepEqual([...given], ['bridges', 'vlans', 'mac'])
    assert.deepEqual(rules, {
      ...builtIn('ovsbr0'),
      bridges: ['ovsbr0', 'lab*'],
      vlans: [10, 100, 101, 102],
      untagged: false,
      mac: false,
    })
  })

  for (const text of ['', '# nothing yet\n', '---\n'])
    it(`takes ${JSON.stringify(text)} for the built-in rules`, async () => {
      assert.deepEqual((await read(text)).rules, builtIn('ovsbr0'))
    })

  it('takes one item without a list, and numbers', async () => {
    const { rules } = await read('bridges: lab\nvlans: 10\ntrunks: "20-21"\nsubnets: fd00::/48\n')
    assert.deepEqual([rules.bridges, rules.vlans, rules.trunks], [['lab'], [10], [20, 21]])
    assert.deepEqual(rules.subnets, [parseNetwork('fd00::/48', '')])
  })

  it('is the built-in one without a file, and none for none', async () => {
    assert.deepEqual(await loadPolicy(undefined, 'br7', undefined, path), DEFAULT_POLICY('br7'))
    assert.equal(await loadPolicy('none', 'br7'), NO_POLICY)
  })

  it('does not fall back when the file that it had is gone', async () => {
    writeFileSync(path, 'trunks: true\n')
    const before = await loadPolicy(undefined, 'ovsbr0', undefined, path)
    assert.equal(before.rules.trunks, true)
    folder[Symbol.dispose]()
    assert.equal((await failure(() => loadPolicy(undefined, 'ovsbr0', before, path))).code, 'PolicyUnreadable')
  })

  it('refuses a file that is named and missing', async () => {
    const { code, status } = await failure(() => loadPolicy(path, 'ovsbr0'))
    assert.deepEqual([code, status], ['PolicyUnreadable', 1])
  })

  for (const mode of [0o664, 0o646, 0o666])
    it(`refuses a file of mode ${mode.toString(8)}`, async () => {
      const { code, status, next } = await failure(() => read('mac: true\n', mode))
      assert.deepEqual([code, status], ['PolicyUnsafe', 1])
      assert.match(next ?? '', /chmod go-w/)
    })

  it('refuses a symbolic link', async () => {
    writeFileSync(join(folder.path, 'real'), 'mac: true\n')
    symlinkSync('real', path)
    assert.equal((await failure(() => loadPolicy(path, 'ovsbr0'))).code, 'PolicyUnsafe')
  })

  const malformed: readonly (readonly [text: string, line: number, words: RegExp, next: RegExp])[] = [
    ['bridges: [a\n', 2, /./, /bridges: \[ovsbr0\]/],
    ['mac: true\nmac: false\n', 2, /unique/, /./],
    ['mac: true\nbrigdes: [a]\n', 2, /no rule "brigdes"/, /Did you mean bridges\?/],
    ['frobnicate: 1\n', 1, /no rule "frobnicate"/, /There are: bridges, interfaces/],
    ['external:\n  interface: [a]\n', 2, /no rule "interface"/, /external\.interfaces/],
    ['- bridges\n', 1, /NAME: VALUE/, /bridges: \[/],
    ['just words\n', 1, /NAME: VALUE/, /bridges: \[/],
    ['\n\nmac: yes\n', 3, /mac: .*neither true nor false/, /mac: true/],
    ['mac:\n', 1, /mac: .*neither true nor false/, /mac: true/],
    ['bridges:\n', 1, /bridges: .*nor a list/, /bridges: \[/],
    ['bridges:\n  - a\n  - a b\n', 3, /bridges: "a b"/, /bridges: \[/],
    ['bridges: [br-int]\n', 1, /br-int belongs to OVN/, /bridges: \[/],
    ['bridges: { a: b }\n', 1, /bridges: .*nor a list/, /bridges: \[/],
    ['bridges: [[a]]\n', 1, /bridges: .*nor a list/, /bridges: \[/],
    ['subnets: [10.0.0.1/16]\n', 1, /subnets: .*bits set/, /subnets: \[10/],
    ['subnets:\n  - 10.0.0.0/16\n  - 10.0.0\n', 3, /subnets: /, /subnets: \[10/],
    ['vlans: [0]\n', 1, /vlans: "0"/, /vlans: \[10/],
    ['vlans: [0x10]\n', 1, /vlans: "0x10"/, /vlans: \[10/],
    ['vlans: [1e2]\n', 1, /vlans: "1e2"/, /vlans: \[10/],
    ['vlans: [200-100]\n', 1, /vlans: "200-100"/, /vlans: \[10/],
    ['external: [a]\n', 1, /external: /, /external: \{/],
    ['mac: &a true\nmtu: *a\n', 2, /alias/, /./],
    ['mac: !!str true\nmtu: !x 1\n', 2, /tag/i, /./],
    ['mac: true\n---\nmtu: true\n', 2, /./, /./],
    ['mac: true\n\tmtu: true\n', 2, /./, /./],
    ['? [a]\n: b\n', 1, /a word/, /./],
  ]
  for (const [text, line, words, next] of malformed)
    it(`refuses ${JSON.stringify(text)}`, async () => {
      const error = await failure(() => read(text))
      assert.deepEqual([error.code, error.status], ['PolicyInvalid', 2])
      assert.ok(error.message.startsWith(`${path}, line ${line}: `), error.message)
      assert.match(error.message, words)
      assert.match(error.next ?? '', next)
    })

  it('understands the example that comes with it, which has every rule', async () => {
    const example = readFileSync(join(root, 'packaging/policy.yaml'), 'utf8')
    // As it comes it says what is built in.
    assert.deepEqual((await read(example)).rules, builtIn('ovsbr0'))
    const open = await read(example.replaceAll(/^# ?(?=[a-z_]+: |  (- |[a-z]+: ))/gm, ''))
    assert.deepEqual([...open.given].sort(), [...RULES].sort())
  })
})
