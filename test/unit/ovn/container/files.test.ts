import { strict as assert } from 'node:assert'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refused } from '../../../../src/lib/errors.ts'
import { baseFor } from '../../../../src/lib/ovn/container/base.ts'
import { imageFolder } from '../../../../src/lib/ovn/container/folder.ts'
import { root } from '../../../../scripts/build/layout.ts'
import { thrownBy } from '../../../support/bad-input.ts'
import { temporaryFolder } from '../../../support/socket-server.ts'

describe('the image of central', () => {
  it('is built on the system of the host, as far as it has OVN', () => {
    for (const [osRelease, base] of [
      [
        'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
        'debian:bookworm-slim',
      ],
      ['ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n', 'ubuntu:24.04'],
      ['ID=fedora\nVERSION_ID=43\n', 'debian:trixie-slim'],
      // sid has none.
      ['ID=debian\n', 'debian:trixie-slim'],
      ['ID=debian\nVERSION_CODENAME="x --privileged"\n', 'debian:trixie-slim'],
      ['', 'debian:trixie-slim'],
    ] as const)
      assert.equal(baseFor(osRelease), base)
  })

  it('is built from files beside the program: of the repository, of the npm package, of an administrator', () => {
    for (const program of ['bin/dev.ts', 'bin/ovsd.cjs'])
      assert.equal(imageFolder(join(root, program)), join(root, 'packaging/ovn-central'))
    using folder = temporaryFolder()
    const put = (...path: string[]): string => {
      const file = join(folder.path, ...path)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, '')
      return file
    }
    const program = put('local', 'bin', 'ovsd')
    const error = thrownBy(() => imageFolder(program))
    assert.ok(error instanceof Refused)
    assert.equal(error.code, 'CentralFilesMissing')
    const place = join(folder.path, 'local/share/ovsd/ovn-central')
    assert.match(error.message, new RegExp(place))
    assert.equal(error.next, `Install that: install -D -m 644 -t ${place} packaging/ovn-central/*`)
    put('local', 'share', 'ovsd', 'ovn-central', 'Dockerfile')
    assert.equal(imageFolder(program), place)
    // By a link, as npm makes them.
    symlinkSync(program, join(folder.path, 'link'))
    assert.equal(imageFolder(join(folder.path, 'link')), place)
  })
})
