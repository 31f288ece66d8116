import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from './socket-server.ts'
import { tool } from './tool.ts'

/** A host without nft: its folder is another one, with links to all that was in it, until the end of the `using` block. */
export function withoutNft(): Disposable {
  const place = dirname(tool('sh', '-c', 'readlink -f $(command -v nft)').trim())
  const folder = temporaryFolder()
  const [real, rest] = [join(folder.path, 'real'), join(folder.path, 'rest')]
  for (const one of [real, rest]) mkdirSync(one)
  tool('mount', '--bind', place, real)
  for (const name of readdirSync(real)) if (name !== 'nft') symlinkSync(join(real, name), join(rest, name))
  tool('mount', '--bind', rest, place)
  return {
    [Symbol.dispose]() {
      tool('umount', place)
      tool('umount', real)
      folder[Symbol.dispose]()
    },
  }
}
