import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTrusted } from '../../../src/lib/system/trusted-file.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

describe('readTrusted', () => {
  let folder: TemporaryFolder
  let path: string

  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder.path, 'file')
  })
  afterEach(() => {
    folder[Symbol.dispose]()
  })

  const write = (text: string, mode = 0o644): void => {
    writeFileSync(path, text)
    chmodSync(path, mode)
  }
  const why = async (): Promise<string> => {
    const read = await readTrusted(path)
    return read.kind === 'unsafe' ? read.why : assert.fail(JSON.stringify(read))
  }

  it('gives the text of a file that only its owner can write', async () => {
    for (const mode of [0o600, 0o640, 0o644, 0o755]) {
      write('a: ü\n', mode)
      assert.deepEqual(await readTrusted(path), { kind: 'text', text: 'a: ü\n' })
    }
  })

  it('says that there is none', async () => {
    assert.deepEqual(await readTrusted(path), { kind: 'missing' })
  })

  it('refuses what others can write, are the owners of, or what is too large', async () => {
    write('', 0o664)
    assert.match(await why(), /others/)
    write('', 0o602)
    assert.match(await why(), /others/)
    write('x'.repeat(1024 * 1024 + 1))
    assert.match(await why(), /bytes/)
  })

  it('refuses the file of another user', async function () {
    if (process.geteuid?.() !== 0) this.skip()
    write('')
    chownSync(path, 65_534, 0)
    assert.match(await why(), /user 65534/)
  })

  it('refuses links, folders and devices, and does not wait for a pipe', async () => {
    symlinkSync('/etc/hostname', path)
    assert.match(await why(), /symbolic link/)
    path = join(folder.path, 'folder')
    mkdirSync(path)
    assert.match(await why(), /regular/)
    path = '/dev/zero'
    assert.match(await why(), /regular/)
    path = join(folder.path, 'pipe')
    assert.equal(spawnSync('mkfifo', [path]).status, 0)
    assert.match(await why(), /regular/)
  })

  it('says why it cannot be read', async () => {
    write('')
    path = join(path, 'below')
    const read = await readTrusted(path)
    assert.ok(read.kind === 'unreadable' && read.why.includes('ENOTDIR'), JSON.stringify(read))
  })
})
