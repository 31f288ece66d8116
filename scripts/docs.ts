// `npm run docs`: writes the manual pages of the commands and the completion scripts. Committed, so that a clone has them.
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './build/layout.ts'
import { generatedFiles } from './docs/generated.ts'

const files = await generatedFiles()
// A command that went takes its page along.
for (const old of globSync('man/ovsd-*.8', { cwd: root })) if (!files.has(old)) rmSync(join(root, old))
for (const [path, text] of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
console.log(`docs: ${files.size} files in man/, completions/ and src/lib/`)
