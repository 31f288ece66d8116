import { strict as assert } from 'node:assert'
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checksumOf, type Json } from '../../../src/lib/state/canonical.ts'
import { readDocument, writeDocument, type StateDocument } from '../../../src/lib/state/document.ts'
import { readExport, writeExport } from '../../../src/lib/state/export-file.ts'
import { keptOf } from '../../../src/lib/state/kept-network.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'
import { ID, ID2 } from '../../support/state.ts'

const SPEC = { addresses: ['10.0.0.2/24'], gateways: [], routes: [], mac: '02:00:00:00:00:02', mtu: null }
const STATE: StateDocument = {
  networks: [
    keptOf({ name: 'red', id: ID2, bridge: 'br9', tenant: 'acme', vlan: '2' }),
    keptOf({ name: 'blue', id: ID, bridge: 'br9' }),
  ],
  attachments: [
    {
      ...{ bridge: 'br9', key: `ovsd_persist.${ID}.eth1` },
      record: { name: 'wéb\u007f\u{1f600}', vlan: { trunks: [], mode: '', tag: 0 }, spec: SPEC, network: 'blue' },
    },
  ],
  entries: [{ kind: 'endpoints', id: ID, content: { network: ID2 } }],
}

/** A document whose checksum is right although somebody changed it. */
function forged(change: Readonly<Record<string, Json>>): string {
  const inner = Object.entries(JSON.parse(writeDocument(STATE)) as Record<string, Json>)
  const changed = { ...Object.fromEntries(inner.filter(([key]) => key !== 'checksum')), ...change }
  return JSON.stringify({ ...changed, checksum: checksumOf(changed) })
}
const list = (key: 'networks' | 'attachments' | 'entries'): readonly Readonly<Record<string, Json>>[] =>
  (JSON.parse(writeDocument(STATE)) as Record<string, Readonly<Record<string, Json>>[]>)[key] ?? []

describe('an export', () => {
  it('is read as it was written', () => {
    const read = readDocument(writeDocument(STATE), 'x')
    assert.deepEqual(read, { ...STATE, networks: STATE.networks.toReversed() })
  })

  it('is the same text for the same state, in plain ASCII', () => {
    const text = writeDocument(STATE)
    const turned = { ...STATE, networks: STATE.networks.toReversed(), entries: [...STATE.entries] }
    assert.equal(writeDocument(turned), text)
    assert.match(text, /^[\n\u0020-\u007e]+$/)
    assert.equal(writeDocument(readDocument(text, 'x')), text)
  })

  it('that was cut short, or in which a character is another, is refused', () => {
    const text = writeDocument(STATE)
    const invalid = { code: 'ExportInvalid', status: 2 }
    for (let end = 0; end < text.length; end += 7) assert.throws(() => readDocument(text.slice(0, end), 'x'), invalid)
    for (let at = 0; at < text.length; at += 3) {
      if (/\s/.test(text.charAt(at))) continue
      const other = `${text.slice(0, at)}${text.charAt(at) === '7' ? '8' : '7'}${text.slice(at + 1)}`
      assert.throws(() => readDocument(other, 'x'), invalid, other.slice(at - 5, at + 5))
    }
  })

  const [red, blue] = [list('networks')[1], list('networks')[0]]
  const [web] = list('attachments')
  const bad: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
    'another kind': { ovsd: 'state' },
    'another version': { version: 2 },
    'a network without an id': { networks: [{ ...red, id: '' }] },
    'a network with a path for an id': { networks: [{ ...red, id: '../../etc/passwd' }] },
    'a network that is none': { networks: [7] },
    'a network with a bad word': { networks: [{ ...red, words: { vlan: '4095' } }] },
    'two networks of one name': { networks: [{ ...red, name: 'blue' }, blue ?? null] },
    'two networks of one id': { networks: [{ ...red, id: ID }, blue ?? null] },
    'two networks in one segment': {
      networks: [
        { ...red, words: { vlan: '3' } },
        { ...blue, words: { vlan: '3' } },
      ],
    },
    'two networks in the untagged segment': {
      networks: [
        { ...red, words: {} },
        { ...blue, words: {} },
      ],
    },
    'an attachment that is none': { attachments: [null] },
    'an attachment on no bridge': { attachments: [{ ...web, bridge: '--' }] },
    'an attachment with a key of something else': { attachments: [{ ...web, key: 'ovsd_net.blue' }] },
    'an attachment with a damaged record': { attachments: [{ ...web, record: { name: 'x' } }] },
    'a file of no kind': { entries: [{ kind: 'x', id: ID, content: 1 }] },
    'a file with a path for an id': { entries: [{ kind: 'ovn', id: '../x', content: 1 }] },
    'a network among the files': { entries: [{ kind: 'networks', id: ID, content: 1 }] },
    'a file without content': { entries: [{ kind: 'endpoints', id: ID }] },
  }
  it('of these is fine when nobody forges anything', () => {
    assert.doesNotThrow(() => readDocument(forged({}), 'x'))
  })
  for (const [what, change] of Object.entries(bad))
    it(`with ${what} is refused, whatever its checksum says`, () => {
      assert.throws(
        () => readDocument(forged(change), '/root/x'),
        (error: { code: string; message: string }) => {
          assert.equal(error.code, 'ExportInvalid')
          return error.message.startsWith('/root/x cannot be imported: ')
        },
      )
    })
})

describe('the file of an export', () => {
  let folder: TemporaryFolder
  let path: string
  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder.path, 'export.json')
  })
  afterEach(() => {
    folder[Symbol.dispose]()
  })

  it('is for its owner only, and replaces one of that name', async () => {
    writeFileSync(path, 'old', { mode: 0o644 })
    await writeExport(path, 'new')
    assert.equal(await readExport(path), 'new')
    assert.equal(lstatSync(path).mode & 0o777, 0o600)
  })

  it('is written through no link, and into no folder', async () => {
    const target = join(folder.path, 'target')
    writeFileSync(target, 'theirs')
    symlinkSync(target, path)
    await assert.rejects(() => writeExport(path, 'x'), { code: 'StateUnwritable' })
    assert.equal(readFileSync(target, 'utf8'), 'theirs')
    mkdirSync(join(folder.path, 'd'))
    await assert.rejects(() => writeExport(join(folder.path, 'd'), 'x'), { code: 'StateUnwritable' })
    await assert.rejects(() => writeExport('/dev/null', 'x'), { code: 'StateUnwritable' })
    await assert.rejects(() => writeExport(join(folder.path, 'no', 'x'), 'x'), /ENOENT/)
  })

  it('is refused when it is none', async () => {
    for (const other of [path, folder.path, '/dev/zero'])
      await assert.rejects(() => readExport(other), { code: 'ExportUnreadable' }, other)
  })
})
