import { strict as assert } from 'node:assert'
import { errorJson, usageError, withOtherWays } from '../../../src/error-output.ts'
import { BadInput, Interrupted, OvsdError, Refused, TimedOut, ToolMissing } from '../../../src/lib/errors.ts'
import AddPort from '../../../src/commands/add-port.ts'
import ConnectNetwork from '../../../src/commands/net/connect.ts'
import { DockerUnreachable } from '../../../src/lib/docker/http.ts'

describe('errorJson', () => {
  const cases: readonly (readonly [OvsdError, object])[] = [
    [new OvsdError('X', 'broken'), { code: 'X', message: 'broken' }],
    [
      new Refused('PortMissing', 'none', { next: 'ovsd list', cause: new Error('inner') }),
      { code: 'PortMissing', message: 'none', next: 'ovsd list' },
    ],
    [
      new OvsdError('X', 'broken', { left: ['port a on br0', 'link a'] }, 3),
      { code: 'X', message: 'broken', left: ['port a on br0', 'link a'] },
    ],
    [
      new BadInput('--mtu', '"1" is too small.', '1450'),
      { code: 'BadInput', message: '--mtu: "1" is too small.', next: 'A good value looks like this: 1450' },
    ],
    [
      new ToolMissing('ip', 'iproute2'),
      {
        code: 'ToolMissing',
        message: 'The program ip is not installed (not found on PATH).',
        next: 'apt-get install iproute2',
      },
    ],
  ]
  for (const [error, json] of cases)
    it(JSON.stringify(json), () => {
      assert.deepEqual(errorJson(error), { error: json })
      // Key order is part of what people read.
      assert.equal(JSON.stringify(errorJson(error)), JSON.stringify({ error: json }))
    })
})

describe('the status of an error', () => {
  const cases: readonly (readonly [number, OvsdError])[] = [
    [1, new OvsdError('X', '')],
    [1, new Refused('X', '')],
    [1, new ToolMissing('ip', 'iproute2')],
    [1, new TimedOut(5)],
    [2, new BadInput('X', '', '')],
    [130, new Interrupted('SIGINT')],
    [143, new Interrupted('SIGTERM')],
  ]
  for (const [status, error] of cases)
    it(`${error.code}: ${status}`, () => {
      assert.equal(error.status, status)
    })
})

describe('usageError', () => {
  const parser = (message: string, more: object = {}): Error =>
    Object.assign(new Error(message), { parse: {}, ...more })
  AddPort.id = 'add-port'

  it('takes what the parser says for bad usage', () => {
    const cause = parser('Expected tcsh to be one of: bash, zsh, fish\nSee more help with --help')
    const error = usageError(cause, AddPort)
    assert.deepEqual([error.code, error.status, error.cause], ['BadUsage', 2, cause])
    assert.equal(error.message, 'Expected tcsh to be one of: bash, zsh, fish')
    assert.equal(error.next, 'Its options: ovsd add-port --help')
    assert.equal(usageError(cause).next, 'Its options: ovsd --help')
  })

  it('names the arguments that are missing, and what they are', () => {
    const args = [{ name: 'interface', description: 'its name' }, { name: 'container' }]
    const error = usageError(parser('Missing 2 required args', { args }), AddPort)
    assert.match(error.message, /^Missing: INTERFACE \(its name\), CONTAINER\b/)
  })

  const options: readonly (readonly [string, string | undefined])[] = [
    ['--ipadress', '--ipaddress'],
    ['--ipadress=10.0.0.2/24', '--ipaddress'],
    ['--quite', '--quiet'],
    ['--frobnicate', undefined],
  ]
  for (const [typed, meant] of options)
    it(`knows what ${typed} means`, () => {
      const error = usageError(parser(`Nonexistent flag: ${typed}`, { flags: [typed] }), AddPort)
      assert.equal(error.message, `Unknown option: ${typed}`)
      assert.equal(error.next?.startsWith(`Did you mean ${meant ?? '-'}? `), meant !== undefined)
    })

  const several: readonly (readonly [string, string])[] = [
    ['The following error occurred:\n  Missing required flag dest', 'Missing: --dest'],
    [
      'The following errors occurred:\n  \u001B[2mMissing required flag dest\n  Missing required flag source\u001B[22m\nSee more help with --help',
      'Missing: --dest, --source',
    ],
    [
      'The following errors occurred:\n  --a=1 cannot also be provided when using --b\n  Missing required flag dest',
      'Missing: --dest; --a=1 cannot also be provided when using --b',
    ],
  ]
  for (const [said, message] of several)
    it(`says in one line: ${message}`, () => {
      assert.equal(usageError(parser(said), AddPort).message, message)
    })

  it('takes an oclif error that exits with 2 for bad usage', () => {
    assert.equal(usageError(Object.assign(new Error('no'), { oclif: { exit: 2 } })).code, 'BadUsage')
  })

  it('takes everything else for a defect of ours', () => {
    const cause = new TypeError('x is undefined')
    const error = usageError(cause, AddPort)
    assert.deepEqual([error.code, error.status, error.cause], ['Unexpected', 1, cause])
    assert.match(error.next ?? '', /report/)
  })
})

describe('withOtherWays', () => {
  const error = new DockerUnreachable('unix:///run/none', 'no such file')

  it('names --netns where there is such an option, and nowhere else', () => {
    assert.match(withOtherWays(error, AddPort).next ?? '', /^Start it .* Without an engine: --netns or --pid\.$/)
    assert.deepEqual(errorJson(withOtherWays(error, AddPort)).error.message, error.message)
    assert.doesNotMatch(withOtherWays(error, ConnectNetwork).next ?? '', /--netns/)
  })

  it('does not when ovsd may not ask the engine', () => {
    const forbidden = new DockerUnreachable(
      'unix:///run/none',
      'no',
      Object.assign(new Error('no'), { code: 'EACCES' }),
    )
    assert.equal(withOtherWays(forbidden, AddPort), forbidden)
  })
})
