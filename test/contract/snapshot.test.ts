// The command surface is a promise (CONTRIBUTING.md, "Stable interfaces"): it changes on purpose or not at all.
import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { diff } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { surface, type Surface } from './surface.ts'

const FILE = fileURLToPath(new URL('snapshot.json', import.meta.url))
const HOW = `The command surface differs from test/contract/snapshot.json (-: what was promised, +: what there is now).
Leaving out or renaming a command, an option or an error code breaks scripts of users. If the change is meant, renew
the snapshot and commit it together with the man page and the changelog line:
    OVSD_RENEW_SNAPSHOT=1 npm test -- contract`

/** The lines that differ, each group below the command (or the list) that it belongs to. */
function changes(promised: string, now: string): readonly string[] {
  const lines: string[] = []
  let heading = ''
  for (const [sign, line] of diff(now.split('\n'), promised.split('\n'))) {
    if (sign === 0 && /^ {2,4}"/.test(line)) heading = line
    if (sign === 0) continue
    if (heading !== '') lines.push(`  ${heading}`)
    heading = ''
    lines.push(`${sign === 1 ? '+' : '-'} ${line}`)
  }
  return lines
}

describe('the command surface', function () {
  this.timeout(30_000)
  let now: Surface

  before(async () => {
    now = await surface()
  })

  it('is what the snapshot says', async () => {
    const text = await format(JSON.stringify(now), { ...(await resolveConfig(FILE)), parser: 'json' })
    if ((process.env['OVSD_RENEW_SNAPSHOT'] ?? '') !== '') writeFileSync(FILE, text)
    const changed = changes(readFileSync(FILE, 'utf8'), text)
    if (changed.length > 0) assert.fail(`${HOW}\n\n${changed.join('\n')}`)
  })

  it('has the exit statuses of the manual and no other', () => {
    assert.deepEqual(now.exitStatuses, [0, 1, 2, 3, 129, 130, 143])
  })

  it('has error codes that are words, each with a status', () => {
    for (const [code, statuses] of Object.entries(now.errors)) {
      assert.match(code, /^[A-Z][a-z]+([A-Z][a-z]+)*$/)
      assert.ok(statuses.length > 0, code)
    }
    // Some that the scan must find: made by `new`, by a class of its own, and as a fallback.
    for (const code of ['AlreadyAttached', 'BadInput', 'ToolMissing', 'Interrupted', 'DockerUnreachable', 'Unexpected'])
      assert.ok(code in now.errors, code)
    assert.deepEqual(now.errors['Interrupted'], [129, 130, 143])
    assert.deepEqual(now.errors['BadInput'], [2])
  })

  it('has an example for every command that people type', () => {
    for (const [id, { hidden, examples }] of Object.entries(now.commands)) assert.ok(hidden === true || examples, id)
  })
})
