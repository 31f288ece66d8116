import { strict as assert } from 'node:assert'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OvsdError } from '../../../src/lib/errors.ts'
import { netnsInode, openNetns } from '../../../src/lib/system/netns.ts'
import { temporaryFolder } from '../../support/socket-server.ts'

const OWN = '/proc/self/ns/net'

/** Number of open descriptors of this process. */
const descriptors = (): number => readdirSync('/proc/self/fd').length

describe('openNetns', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['nothing', '/nonexistent/netns', 'NamespaceMissing'],
    ['a process that is gone', '/proc/4194304/ns/net', 'NamespaceMissing'],
    ['a folder', '/', 'NamespaceMissing'],
    ['a file that is no namespace', '/etc/passwd', 'NamespaceMissing'],
    ['our own', OWN, 'HostNetwork'],
  ]
  for (const [title, path, code] of cases)
    it(`refuses ${title}, and leaves nothing open`, () => {
      const before = descriptors()
      assert.throws(
        () => openNetns(path, 'container web'),
        (error) => error instanceof OvsdError && error.code === code && error.status === 1 && error.next !== undefined,
      )
      assert.equal(descriptors(), before)
    })
})

describe('netnsInode', () => {
  it('is the inode of a namespace', () => {
    assert.equal(netnsInode(OWN), statSync(OWN).ino)
  })

  it('is undefined for anything else', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'file')
    writeFileSync(file, '')
    for (const path of [file, folder.path, join(folder.path, 'none'), '/proc/4194304/ns/net'])
      assert.equal(netnsInode(path), undefined, path)
  })
})
