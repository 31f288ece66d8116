// Everything that can be said about the code without running it: types (TypeScript 7), lint rules, format.
import { spawnSync } from 'node:child_process'

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['types', ['node_modules/typescript7/bin/tsc', '--project', '.']],
  ['rules', ['node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.']],
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']],
]

let failed = false
for (const [name, args] of CHECKS) {
  const { status } = spawnSync(process.execPath, [...args], { stdio: 'inherit' })
  console.log(`lint: ${name} ${status === 0 ? 'ok' : 'FAILED'}`)
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
