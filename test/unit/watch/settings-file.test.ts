import { strict as assert } from 'node:assert'
import { chmodSync } from 'node:fs'
import { OvsdError } from '../../../src/lib/errors.ts'
import { readSettingsFile, type SettingsFile } from '../../../src/lib/watch/settings-file.ts'
import { settingsFile } from '../../support/settings-file.ts'

/** What a file of this text says, and where it was. */
async function read(text: string): Promise<SettingsFile & { readonly path: string }> {
  using file = settingsFile(text)
  return { ...(await readSettingsFile(file.path)), path: file.path }
}

async function refusal(text: string): Promise<OvsdError> {
  const error = await read(text).catch((thrown: unknown) => thrown)
  return error instanceof OvsdError ? error : assert.fail(`not refused: ${JSON.stringify(error)}`)
}

describe('readSettingsFile', () => {
  it('has each value as it was written, with its place', async () => {
    const { values, path } = await read('bridge: 010\novs:\n  # where\n  default_interface: "a b"\nmtu: 1e3\n')
    assert.deepEqual(
      [...values].map(([name, { text, field }]) => [name, text, field.replace(path, 'FILE')]),
      [
        ['bridge', '010', 'FILE, line 1: bridge'],
        ['ovs.default_interface', 'a b', 'FILE, line 4: ovs.default_interface'],
        ['mtu', '1e3', 'FILE, line 5: mtu'],
      ],
    )
  })

  it('takes what is empty for what is not there', async () => {
    const files = ['', '\n', '# x\n', '---\n', '~', 'ovs:\n', 'ovs: ~\n', 'ovs: {}\n', '{}']
    for (const text of [...files, ...['', '""', '~', 'null', 'Null'].map((value) => `bridge: ${value}\n`)])
      assert.equal((await read(text)).values.size, 0, JSON.stringify(text))
    assert.equal((await read('bridge: "null"\n')).values.get('bridge')?.text, 'null')
  })

  it('says that a name has no effect, and why, even if its value is wrong', async () => {
    const { values, notices } = await read('ovs:\n  connection_timeout: forever\n')
    assert.equal(values.size, 0)
    assert.match(notices.join(), /, line 2: ovs\.connection_timeout has no effect: .+\.$/)
  })

  const strange = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'ovs.__proto__', 'ENABLE_EXTERNAL_ROUTING']
  for (const name of [...strange, 'Bridge', 'bridge ', 'bridge.x', '.bridge', 'ovs.', '', 'log-level', '1', 'null'])
    it(`knows no setting ${JSON.stringify(name)}`, async () => {
      const { code, status, message } = await refusal(`${JSON.stringify(name)}: br0\n`)
      assert.deepEqual([code, status], ['SettingsInvalid', 2])
      assert.ok(message.includes(`, line 1: there is no setting ${JSON.stringify(name)}`), message)
    })

  it('refuses settings below a setting, and a value in the place of a group', async () => {
    for (const text of [
      'bridge: { x: 1 }',
      'ovs: { default_bridge: { x: 1 } }',
      'bridge: {}',
      'ovs: br0',
      'ovs: false',
    ])
      assert.match((await refusal(text)).message, /there is no setting/, text)
    for (const text of ['bridge: []', 'ovs: { default_bridge: [br0] }', '[]', 'just words', '7'])
      assert.match((await refusal(text)).message, /not a list/, text)
  })

  it('does not repeat a name at length, nor what steers a terminal', async () => {
    const long = await refusal(`${'x'.repeat(900)}: 1\n`)
    assert.ok(long.message.length < 250, String(long.message.length))
    const { message } = await refusal('"a\\nb\\e[2J": 1\n')
    assert.doesNotMatch(message, /\p{Cc}/u)
  })

  it('refuses what means something else than it looks like', async () => {
    const two = 'bridge: br0\n---\nbridge: br1\n'
    for (const text of [
      'mtu: &x 1400\nbridge: *x\n',
      'bridge: br0\nbridge: br0\n',
      'bridge: !x br0\n',
      '? [a]\n: 1\n',
      two,
    ])
      assert.equal((await refusal(text)).code, 'SettingsInvalid', text)
  })

  it('refuses a file that is nested a thousand deep', async () => {
    assert.equal((await refusal(`${'ovs: {'.repeat(1000)}${'}'.repeat(1000)}`)).code, 'SettingsInvalid')
  })

  it('is content without a file when none is named, and not otherwise', async () => {
    const missing = ['/nonexistent/a.yaml', '/nonexistent/b.yaml']
    assert.deepEqual(await readSettingsFile(undefined, missing), { path: undefined, values: new Map(), notices: [] })
    assert.deepEqual(await readSettingsFile(undefined, []), { path: undefined, values: new Map(), notices: [] })
    await assert.rejects(readSettingsFile('/nonexistent/a.yaml', []), { code: 'SettingsUnreadable' })
  })

  it('does not pass over a file that is there and unsafe', async () => {
    using unsafe = settingsFile('bridge: br0\n', { mode: 0o666 })
    using safe = settingsFile('bridge: br1\n')
    // Whatever the umask.
    chmodSync(unsafe.path, 0o666)
    await assert.rejects(readSettingsFile(undefined, [unsafe.path, safe.path]), { code: 'SettingsUnsafe' })
    assert.equal((await readSettingsFile(undefined, [safe.path, unsafe.path])).path, safe.path)
  })
})
