import { strict as assert } from 'node:assert'
import { candidates, choicesIn, type Candidates, type Completable } from '../../../src/candidates.ts'

const flag = (name: string, takesValue = true, options: readonly string[] = []) => ({ name, takesValue, options })

const COMMAND: Completable = {
  args: ['bridge', 'interface', 'container'],
  flags: [
    flag('ipaddress'),
    flag('state', true, ['ok', 'stale']),
    flag('bridge'),
    flag('container'),
    flag('json', false),
  ],
  live: { bridge: 'bridge', container: 'container' },
}

const FLAGS: Candidates = { words: ['--ipaddress=', '--state=', '--bridge=', '--container=', '--json'] }
const NOTHING: Candidates = { words: [] }

describe('candidates', () => {
  const cases: readonly (readonly [readonly string[], Candidates])[] = [
    [[], { live: 'bridge' }],
    [[''], { live: 'bridge' }],
    [['b'], { live: 'bridge' }],
    [['br0', ''], NOTHING],
    [['br0', 'eth1', ''], { live: 'container' }],
    [['br0', 'eth1', 'web', ''], NOTHING],
    [['-'], FLAGS],
    [['--'], FLAGS],
    [['br0', '--i'], FLAGS],
    [['--ipaddress', ''], NOTHING],
    [['--ipaddress', '10.0.0.2/24', ''], { live: 'bridge' }],
    [['--ipaddress=10.0.0.2/24', ''], { live: 'bridge' }],
    [['--json', ''], { live: 'bridge' }],
    [['--json', 'br0', '--state', 'ok', 'eth1', ''], { live: 'container' }],
    [['--state', ''], { words: ['ok', 'stale'] }],
    [['--state='], { words: ['--state=ok', '--state=stale'] }],
    [['--state=s'], { words: ['--state=ok', '--state=stale'] }],
    [['--bridge', ''], { live: 'bridge' }],
    [['--bridge='], { live: 'bridge', before: '--bridge=' }],
    [['--container=w'], { live: 'container', before: '--container=' }],
    [['--container', 'w'], { live: 'container' }],
    [['--ipaddress='], NOTHING],
    [['--unknown='], NOTHING],
  ]
  for (const [words, expected] of cases)
    it(JSON.stringify(words), () => {
      assert.deepEqual(candidates(COMMAND, words), expected)
    })

  it('values that an option shows are its choices; placeholders are not', () => {
    assert.deepEqual(choicesIn('nat|flat|l2'), ['nat', 'flat', 'l2'])
    for (const shown of ['all|NAME', 'NAME', 'N', '[NAME=]IP', 'nat', undefined]) assert.deepEqual(choicesIn(shown), [])
  })
})
