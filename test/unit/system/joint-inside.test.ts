import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { CommandFailed, ToolMissing } from '../../../src/lib/errors.ts'
import { shellLine, type Command } from '../../../src/lib/system/command.ts'
import { jointRunner } from '../../../src/lib/system/joint/joint-runner.ts'
import { namelessFiles } from '../../../src/lib/system/joint/nameless-files.ts'
import type { Netns } from '../../../src/lib/system/netns.ts'
import type { Runner } from '../../../src/lib/system/runner.ts'
import { temporaryFolder } from '../../support/socket-server.ts'

const netns = (fd: number): Netns => ({
  fd,
  inode: fd,
  path: `/proc/${1_000 + fd}/ns/net`,
  [Symbol.dispose]: () => undefined,
})

const inside = (fd: number, tool: Command['tool'], args: readonly string[], input?: string): Command => ({
  tool,
  args,
  inside: netns(fd),
  joint: 'inside',
  ...(input === undefined ? {} : { input }),
})

const ours = (fd: number | string) => `/proc/${process.pid}/fd/${fd}`

/** Notes what is run; xargs ends as `xargs` says, everything else succeeds unless its arguments say "bad". */
function noting(xargs: Error | undefined): { readonly run: Runner; readonly ran: Command[] } {
  const ran: Command[] = []
  const run: Runner = (command) => {
    ran.push(command)
    if (command.tool === 'xargs' && xargs !== undefined) return Promise.reject(xargs)
    return command.args.includes('bad')
      ? Promise.reject(new CommandFailed(shellLine(command), 'it is bad', false, 'Failed with status 1'))
      : Promise.resolve({ stdout: '', stderr: '', status: 0 })
  }
  return { run, ran }
}

const failed = (status: number) => new CommandFailed('xargs', 'somebody said something', false, `Failed with ${status}`)

describe('commands inside namespaces', () => {
  it('become lines for one xargs, each in the namespace of its descriptor', async () => {
    const { run, ran } = noting(undefined)
    const joint = jointRunner(run)
    await Promise.all([
      joint(inside(21, 'sysctl', ['-qew', 'net/ipv4/conf/eth1/arp_notify=1'])),
      joint(inside(22, 'ethtool', ['-K', 'eth1', 'tx', 'off'])),
      joint(inside(23, 'ip', ['link', 'set', 'eth1', 'netns', '/proc/1023/ns/net'])),
    ])
    assert.deepEqual(
      ran.map(({ tool, args, input, inside }) => [tool, args, input, inside]),
      [
        [
          'xargs',
          ['-L', '1', '-P', String(2 * Math.max(2, availableParallelism())), 'nsenter'],
          `--net=${ours(21)} sysctl -qew net/ipv4/conf/eth1/arp_notify=1\n` +
            `--net=${ours(22)} ethtool -K eth1 tx off\n` +
            `--net=${ours(23)} ip link set eth1 netns ${ours(23)}\n`,
          undefined,
        ],
      ],
    )
  })

  it('get their input as files without a name that only ovsd can read', async () => {
    const before = readdirSync('/proc/self/fd').length
    const texts: string[] = []
    let paths: readonly string[] = []
    const joint = jointRunner(({ input = '' }) => {
      paths = [...input.matchAll(/-batch (\S+)/g)].map(([, path = '']) => path)
      for (const path of paths) {
        texts.push(readFileSync(path, 'utf8'))
        assert.equal(statSync(path).mode & 0o777, 0o600)
        assert.equal(statSync(path).nlink, 0)
      }
      assert.match(input, new RegExp(`^--net=${ours(22)} sysctl -qew a=1$`, 'm'))
      return Promise.resolve({ stdout: '', stderr: '', status: 0 })
    })
    await Promise.all([
      joint(inside(21, 'ip', ['-batch', '-'], 'route add netns /proc/1021/ns/net\n')),
      joint(inside(22, 'sysctl', ['-qew', 'a=1'])),
      joint(inside(23, 'ip', ['-force', '-batch', '-'], 'link set "a b" up\n')),
    ])
    assert.deepEqual(texts, [`route add netns ${ours(21)}\n`, 'link set "a b" up\n'])
    for (const path of paths) assert.equal(existsSync(path), false)
    assert.equal(readdirSync('/proc/self/fd').length, before)
  })

  it('run by themselves where xargs or another process could not take them', async () => {
    const { run, ran } = noting(undefined)
    const joint = jointRunner(run)
    const alone: readonly Command[] = [
      ...['a b', "it's", 'a"b', 'a\\b', '', '$x', 'a\nb', 'ünï'].map((word) => inside(21, 'sysctl', ['-w', word])),
      inside(21, 'ethtool', ['-x'], 'input'),
      inside(21, 'ip', ['-batch', '-', 'more'], 'input'),
      { ...inside(21, 'arping', ['-D']), okStatuses: [1] },
      { ...inside(21, 'ip', ['x']), mentions: netns(22) },
      { tool: 'ip', args: ['x'], joint: 'inside' },
    ]
    await Promise.all(alone.map((command) => joint(command)))
    assert.deepEqual(ran, alone)
  })

  for (const [what, error] of [
    ['one of them fails', failed(123)],
    ['one of them stops xargs', failed(124)],
    ['xargs is missing', new ToolMissing('xargs', 'findutils')],
  ] as const)
    it(`run again, each by itself, when ${what}`, async () => {
      const before = readdirSync('/proc/self/fd').length
      const { run, ran } = noting(error)
      const joint = jointRunner(run)
      const commands = [
        inside(21, 'sysctl', ['-w', 'a=1']),
        inside(22, 'sysctl', ['-w', 'bad']),
        inside(23, 'ip', ['-batch', '-'], 'x\n'),
      ]
      const answers = await Promise.allSettled(commands.map((command) => joint(command)))
      assert.deepEqual(
        answers.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      assert.equal((answers[1] as { reason: CommandFailed }).reason.said, 'it is bad')
      assert.deepEqual(ran.slice(1), commands)
      assert.equal(readdirSync('/proc/self/fd').length, before)
    })

  it('are unknown, each, when xargs was stopped; none is tried again', async () => {
    const { run, ran } = noting(new CommandFailed('xargs', '', true, 'Not finished in time'))
    const joint = jointRunner(run)
    const commands = [inside(21, 'sysctl', ['-w', 'a=1']), inside(22, 'sysctl', ['-w', 'b=1'])]
    const answers = await Promise.allSettled(commands.map((command) => joint(command)))
    assert.equal(ran.length, 1)
    for (const [i, answer] of answers.entries()) {
      const { reason } = answer as { reason: CommandFailed }
      assert.equal(reason.unknown, true)
      assert.equal(reason.command, shellLine(commands[i] ?? assert.fail()))
    }
  })

  it('run by themselves where no file can be written', async () => {
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = '/nonexistent'
    try {
      const { run, ran } = noting(undefined)
      const joint = jointRunner(run)
      const commands = [21, 22].map((fd) => inside(fd, 'ip', ['-batch', '-'], 'x\n'))
      await Promise.all(commands.map((command) => joint(command)))
      assert.deepEqual(ran, commands)
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
  })
})

describe('namelessFiles', () => {
  it('closes and removes all of them when one cannot be written', () => {
    using folder = temporaryFolder()
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = folder.path
    const open = readdirSync('/proc/self/fd').length
    const unwritable = { toString: () => assert.fail('no') } as unknown as string
    try {
      assert.throws(() => namelessFiles(['one', unwritable]))
      assert.deepEqual(readdirSync(folder.path), [])
      assert.equal(readdirSync('/proc/self/fd').length, open)
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
  })
})
