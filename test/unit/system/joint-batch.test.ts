import { strict as assert } from 'node:assert'
import { CommandFailed } from '../../../src/lib/errors.ts'
import type { Command } from '../../../src/lib/system/command.ts'
import { complaintsOf } from '../../../src/lib/system/joint/complaints.ts'
import { jointRunner } from '../../../src/lib/system/joint/joint-runner.ts'
import type { Netns } from '../../../src/lib/system/netns.ts'
import type { Runner } from '../../../src/lib/system/runner.ts'

const batch = (lines: readonly string[], more: Partial<Command> = {}): Command => ({
  tool: 'ip',
  args: ['-batch', '-'],
  input: `${lines.join('\n')}\n`,
  joint: 'batch',
  ...more,
})

const netns = (fd: number, path: string): Netns => ({ fd, inode: fd, path, [Symbol.dispose]: () => undefined })

/** Stands for ip: a line with `bad` in it fails, one with `odd` ends it without a number. Notes the inputs. */
function pretendedIp(): { readonly run: Runner; readonly inputs: string[]; readonly done: string[] } {
  const inputs: string[] = []
  const done: string[] = []
  const run: Runner = ({ args, input = '' }) => {
    inputs.push(input)
    const said: string[] = []
    for (const [i, line] of input.split('\n').entries()) {
      if (line.includes('odd')) return fail('Error: argument "odd" is wrong')
      if (line.includes('bad')) said.push(`RTNETLINK answers: ${line}`, `Command failed -:${i + 1}`)
      else if (line !== '') done.push(line)
      if (said.length > 0 && !args.includes('-force')) break
    }
    return said.length === 0 ? Promise.resolve({ stdout: '', stderr: '', status: 0 }) : fail(said.join('\n'))
  }
  const fail = (said: string) => Promise.reject(new CommandFailed('ip', said, false, 'Failed with status 1'))
  return { run, inputs, done }
}

async function answersOf(run: Runner, commands: readonly Command[]): Promise<readonly (CommandFailed | 'done')[]> {
  const joint = jointRunner(run)
  const answers = await Promise.allSettled(commands.map((command) => joint(command)))
  return answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : (answer.reason as CommandFailed)))
}

describe('complaintsOf', () => {
  it('parts what ip says by the lines of the batch', () => {
    const said = 'Cannot find device "a"\nCommand failed -:3\nError: x.\nmore\nCommand failed -:12'
    assert.deepEqual(complaintsOf(said), [
      { words: 'Cannot find device "a"\n', line: 3 },
      { words: 'Error: x.\nmore\n', line: 12 },
    ])
    for (const words of ['', 'Error: argument "Command failed -:3" is wrong', `${said}\nError: argument "x" is wrong`])
      assert.deepEqual(complaintsOf(words), [])
  })
})

describe('batches', () => {
  it('become one, and name each namespace by its descriptor', async () => {
    const { run, inputs } = pretendedIp()
    const commands = [
      batch(['link add a netns /proc/47/ns/net', 'link set a up'], { mentions: netns(21, '/proc/47/ns/net') }),
      batch(['link del x']),
      batch(['link add b netns /proc/4/ns/net'], { mentions: netns(22, '/proc/4/ns/net') }),
      { ...batch([]), input: 'link del y' },
      batch(['link del z']),
    ]
    assert.deepEqual(await answersOf(run, commands), Array(5).fill('done'))
    const fd = (n: number) => `/proc/${process.pid}/fd/${n}`
    assert.deepEqual(inputs, [
      `link add a netns ${fd(21)}\nlink set a up\nlink del x\nlink add b netns ${fd(22)}\nlink del y\nlink del z\n`,
    ])
  })

  it('are joined only where one input can follow another', async () => {
    const { run, inputs } = pretendedIp()
    const odd: readonly Command[] = [
      batch(['a'], { args: ['-json', '-batch', '-'] }),
      batch(['b \\']),
      batch(['c'], { inside: netns(3, '/x') }),
      { tool: 'ip', args: ['-batch', '-'], joint: 'batch' },
    ]
    await answersOf(run, odd)
    assert.equal(inputs.length, odd.length)
  })

  it('after a bad line: those before it are done, its own command fails, those after it go in the next group', async () => {
    const { run, inputs, done } = pretendedIp()
    const commands = [
      batch(['a1', 'a2']),
      batch(['b1', 'bad b2', 'b3']),
      batch(['c1']),
      batch(['bad d1', 'd2']),
      batch(['e1']),
      batch(['f1']),
    ]
    const [a, b, c, d, e, f] = await answersOf(run, commands)
    assert.deepEqual([a, c, e, f], ['done', 'done', 'done', 'done'])
    assert.ok(b instanceof CommandFailed && d instanceof CommandFailed)
    assert.deepEqual([b.said, b.unknown], ['RTNETLINK answers: bad b2\nCommand failed -:2', false])
    assert.equal(b.command, "ip -batch - <<'EOF'\nb1\nbad b2\nb3\nEOF")
    assert.equal(d.said, 'RTNETLINK answers: bad d1\nCommand failed -:1')
    assert.equal(inputs.length, 3)
    assert.deepEqual(done, ['a1', 'a2', 'b1', 'c1', 'e1', 'f1'])
  })

  it('takes along who came meanwhile, after those that were left over', async () => {
    const { run, inputs } = pretendedIp()
    let late: Promise<unknown> = Promise.resolve()
    const joint = jointRunner((command, signal) => {
      if (inputs.length === 0) late = joint(batch(['late']))
      return run(command, signal)
    })
    await Promise.allSettled([joint(batch(['bad'])), joint(batch(['b'])), joint(batch(['c']))])
    await late
    assert.deepEqual(inputs, ['bad\nb\nc\n', 'b\nc\nlate\n'])
  })

  it('does not run one that was left over when its caller has stopped', async () => {
    const { run, inputs } = pretendedIp()
    const stop = new AbortController()
    const joint = jointRunner((command, signal) => {
      stop.abort(new Error('enough'))
      return run(command, signal)
    })
    const running = [joint(batch(['bad'])), joint(batch(['b']), stop.signal), joint(batch(['c']))]
    const [, left, stays] = await Promise.allSettled(running)
    assert.match(String((left as PromiseRejectedResult).reason), /enough/)
    assert.equal(stays?.status, 'fulfilled')
    assert.deepEqual(inputs, ['bad\nb\nc\n', 'c\n'])
  })

  it('with -force, each gets the complaints about its own lines', async () => {
    const { run, inputs, done } = pretendedIp()
    const force = { args: ['-force', '-batch', '-'] }
    const commands = [['a'], ['b1', 'bad b2', 'b3', 'bad b4'], ['c'], ['bad d']].map((lines) => batch(lines, force))
    const [a, b, c, d] = await answersOf(run, commands)
    assert.deepEqual([a, c], ['done', 'done'])
    assert.ok(b instanceof CommandFailed && d instanceof CommandFailed)
    assert.equal(b.said, 'RTNETLINK answers: bad b2\nCommand failed -:2\nRTNETLINK answers: bad b4\nCommand failed -:4')
    assert.equal(d.said, 'RTNETLINK answers: bad d\nCommand failed -:1')
    assert.equal(inputs.length, 1)
    assert.deepEqual(done, ['a', 'b1', 'b3', 'c'])
  })

  it('are unknown, each, when ip does not say which line it was, or was stopped', async () => {
    const { run } = pretendedIp()
    const stopped: Runner = () =>
      Promise.reject(new CommandFailed('ip', 'Command failed -:1', true, 'Ended by SIGTERM'))
    for (const runner of [run, stopped])
      for (const args of [
        ['-batch', '-'],
        ['-force', '-batch', '-'],
      ])
        for (const error of await answersOf(runner, [batch(['a'], { args }), batch(['odd'], { args })]))
          assert.ok(error instanceof CommandFailed && error.unknown)
  })

  it('tell a namespace by its path again', async () => {
    const space = netns(7, '/proc/4711/ns/net')
    const commands = [
      batch(['bad a netns /proc/4711/ns/net'], { mentions: space }),
      batch(['x'], { mentions: netns(70, '/other') }),
    ]
    const [a] = await answersOf(pretendedIp().run, commands)
    assert.ok(a instanceof CommandFailed)
    assert.equal(a.said, 'RTNETLINK answers: bad a netns /proc/4711/ns/net\nCommand failed -:1')
  })
})
