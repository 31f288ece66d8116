import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { completionScript } from '../../../src/completion-scripts.ts'

/** What the bash completion asks and offers for a command line, when `ovsd __complete` answers with `answers`. */
function offered(
  line: string,
  answers: readonly string[],
): { readonly asked: string; readonly reply: readonly string[] } {
  const script = `${completionScript('bash')}
    exec 4>&2
    ovsd() { printf '[%s]' "$@" >&4; printf '%s\\n' ${answers.map((answer) => `'${answer}'`).join(' ')}; }
    compopt() { :; }
    COMP_LINE=$1 COMP_POINT=\${#1}
    _ovsd
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', line], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return { asked: stderr, reply: stdout.trimEnd().split('\n') }
}

describe('the bash completion', () => {
  const cases: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ['ovsd ', '[__complete][--][]', ['list', 'show'], ['list', 'show']],
    ['ovsd add-port b', '[__complete][--][add-port][b]', ['br0'], ['br0']],
    ['ovsd add-port br0 ', '[__complete][--][add-port][br0][]', ['eth1'], ['eth1']],
    ['ovsd list --state=o', '[__complete][--][list][--state=o]', ['--state=ok'], ['ok']],
    [
      'ovsd add-port --ipaddress=fd00::',
      '[__complete][--][add-port][--ipaddress=fd00::]',
      ['--ipaddress=fd00::2'],
      ['2'],
    ],
  ]
  for (const [line, asked, answers, reply] of cases)
    it(`after "${line}"`, () => {
      assert.deepEqual(offered(line, answers), { asked, reply })
    })
})

describe('the completion scripts', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    it(`of ${shell} ask the program, with all that was typed`, () => {
      const script = completionScript(shell)
      assert.match(script, /__complete -- /)
      const checked = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })
      // A shell that is not installed cannot say whether it understands its script.
      if (checked.error === undefined) assert.deepEqual([checked.status, checked.stderr], [0, ''])
    })
})
