// An nft that is not allowed to look at tables, and can do everything else: a failure that does not mean "there is none".
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './socket-server.ts'

/** Puts it in front of PATH, for tools that this process starts, until the end of the `using` block. */
export function blindNft(): Disposable {
  const folder = temporaryFolder()
  const path = join(folder.path, 'nft')
  const without = 'setpriv --bounding-set=-net_admin --inh-caps=-net_admin'
  writeFileSync(path, `#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\ncase "$*" in *list\\ table\\ *) exec ${without} nft "$@" ;; *) exec nft "$@" ;; esac\n`) // prettier-ignore
  chmodSync(path, 0o755)
  const before = process.env['PATH']
  process.env['PATH'] = `${folder.path}:${before ?? ''}`
  return {
    [Symbol.dispose]() {
      process.env['PATH'] = before
      folder[Symbol.dispose]()
    },
  }
}
