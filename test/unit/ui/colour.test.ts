import { strict as assert } from 'node:assert'
import { painter } from '../../../src/lib/ui/colour.ts'

/** All that a painter looks at. */
const stream = (isTTY: boolean) => ({ isTTY }) as unknown as NodeJS.WriteStream
const terminal = stream(true)
const pipe = stream(false)

describe('painter', () => {
  let before: NodeJS.ProcessEnv
  beforeEach(() => {
    before = process.env
    process.env = { PATH: before['PATH'] }
  })
  afterEach(() => {
    process.env = before
  })

  const cases: readonly (readonly [boolean, NodeJS.WriteStream, Readonly<Record<string, string>>])[] = [
    [true, terminal, {}],
    [true, terminal, { TERM: 'xterm', NO_COLOR: '' }],
    [false, pipe, {}],
    [false, terminal, { NO_COLOR: '1' }],
    [false, terminal, { TERM: 'dumb' }],
    [false, terminal, { FORCE_COLOR: '0' }],
    [true, pipe, { FORCE_COLOR: '1' }],
  ]
  for (const [coloured, to, env] of cases)
    it(`${to.isTTY ? 'a terminal' : 'a pipe'} with ${JSON.stringify(env)}: ${coloured ? '' : 'no '}colours`, () => {
      Object.assign(process.env, env)
      assert.equal(painter(to).red('x'), coloured ? '\u001B[31mx\u001B[39m' : 'x')
    })

  it('--no-color: no colours', () => {
    const { argv } = process
    process.argv = [...argv, '--no-color']
    try {
      assert.equal(painter(terminal).red('x'), 'x')
    } finally {
      process.argv = argv
    }
  })
})
