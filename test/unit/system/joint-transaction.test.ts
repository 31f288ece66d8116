import { strict as assert } from 'node:assert'
import { CommandFailed, ToolMissing } from '../../../src/lib/errors.ts'
import type { Command } from '../../../src/lib/system/command.ts'
import { jointRunner } from '../../../src/lib/system/joint/joint-runner.ts'
import { renameIds } from '../../../src/lib/system/joint/symbolic-ids.ts'
import type { Runner } from '../../../src/lib/system/runner.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const call = (...args: string[]): Command => ({
  tool: 'ovs-vsctl',
  args: ['--timeout=8', ...args],
  joint: 'transaction',
})

const outcomes = (answers: readonly PromiseSettledResult<unknown>[]): readonly string[] =>
  answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : (answer.reason as CommandFailed).said))

/** Fails every transaction that has one of these words in it, and notes all of them. */
function refusing(...bad: readonly string[]): { readonly run: Runner; readonly ran: (readonly string[])[] } {
  const ran: (readonly string[])[] = []
  const run: Runner = ({ args }) => {
    ran.push(args)
    const found = bad.find((word) => args.includes(word))
    return found === undefined
      ? Promise.resolve({ stdout: '', stderr: '', status: 0 })
      : Promise.reject(new CommandFailed('ovs-vsctl', `no ${found}`, false, 'Failed with status 1'))
  }
  return { run, ran }
}

describe('renameIds', () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ['--id=@i', 'create', 'Interface', 'name=p', '--', '--id=@p', 'create', 'Port', 'interfaces=@i'],
      ['--id=@c7_i', 'create', 'Interface', 'name=p', '--', '--id=@c7_p', 'create', 'Port', 'interfaces=@c7_i'],
    ],
    [
      ['--id=@a', '--id=@b', 'set', 'x=[@a,@b]', 'y=@a,@b', '@a'],
      ['--id=@c7_a', '--id=@c7_b', 'set', 'x=[@c7_a,@c7_b]', 'y=@c7_a,@c7_b', '@c7_a'],
    ],
    // Nothing that the command did not declare, and no text.
    [
      ['--id=@i', 'x=@other', 'external_ids:a="@i"', 'external_ids:b="x, @i"', 'mail=me@i', '@ii', '@i.x'],
      ['--id=@c7_i', 'x=@other', 'external_ids:a="@i"', 'external_ids:b="x, @i"', 'mail=me@i', '@ii', '@i.x'],
    ],
    [
      ['set', '@i'],
      ['set', '@i'],
    ],
  ]
  for (const [before, after] of cases)
    it(before.join(' '), () => {
      assert.deepEqual(renameIds(before, 'c7'), after)
    })
})

describe('transactions', () => {
  it('become one, each with names of its own for its rows', async () => {
    const { run, ran } = scriptedRunner({ 'ovs-vsctl': [{}] })
    const joint = jointRunner(run)
    const outputs = await Promise.all([
      joint(call('--', '--id=@i', 'create', 'Interface', '--', 'add', 'Bridge', 'br0', 'ports', '@i')),
      joint(call('--if-exists', 'del-br', 'br1')),
      joint(call('--', '--id=@i', 'create', 'Interface', 'name=b', '--', 'x=@i')),
    ])
    assert.deepEqual(ran, [
      'ovs-vsctl --timeout=9 -- --id=@c0_i create Interface -- add Bridge br0 ports @c0_i -- --if-exists del-br br1' +
        ' -- --id=@c2_i create Interface name=b -- x=@c2_i',
    ])
    assert.deepEqual(outputs[1], { stdout: '', stderr: '', status: 0 })
  })

  it('keep their database, and wait longer the more they are', async () => {
    const { run, ran } = scriptedRunner({ 'ovs-vsctl': [{}] })
    const joint = jointRunner(run)
    const on = (db: string): Command => ({
      tool: 'ovs-vsctl',
      args: ['--timeout=8', `--db=${db}`, '--no-wait', 'x'],
      joint: 'transaction',
    })
    await Promise.all(
      [on('unix:a'), on('unix:b'), ...Array.from({ length: 99 }, () => on('unix:a'))].map((c) => joint(c)),
    )
    assert.match(ran[0] ?? '', /^ovs-vsctl --timeout=13 --db=unix:a --no-wait( -- x){100}$/)
    assert.deepEqual(ran.slice(1), ['ovs-vsctl --timeout=8 --db=unix:b --no-wait x'])
  })

  it('are not joined when they have input, a namespace, or statuses of their own', async () => {
    const { run, ran } = scriptedRunner({ 'ovs-vsctl': [{}], ip: [{}] })
    const joint = jointRunner(run)
    const odd: readonly Command[] = [
      { ...call('a'), input: 'x' },
      { ...call('b'), okStatuses: [2] },
      { tool: 'ip', args: ['c'], joint: 'transaction' },
    ]
    await Promise.all(odd.map((command) => joint(command)))
    assert.equal(ran.length, 3)
  })

  it('give each its own answer when one of them is bad, in few more transactions', async () => {
    const { run, ran } = refusing('bad137')
    const joint = jointRunner(run)
    const names = Array.from({ length: 200 }, (_, i) => (i === 137 ? 'bad137' : `p${i}`))
    const answers = outcomes(await Promise.allSettled(names.map((name) => joint(call('set', name)))))
    assert.deepEqual(
      answers,
      names.map((name) => (name === 'bad137' ? 'no bad137' : 'done')),
    )
    assert.ok(ran.length <= 22, `${ran.length} transactions`)
    assert.deepEqual(
      ran.find((args) => args.includes('bad137') && !args.includes('--')),
      call('set', 'bad137').args,
    )
    // Every good one was done exactly once: the transactions that failed did nothing.
    const done = ran.filter((args) => !args.includes('bad137')).flat()
    for (const name of names) assert.equal(done.filter((word) => word === name).length, name === 'bad137' ? 0 : 1)
  })

  it('give each its own error when all of them are bad', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `p${i}`)
    const { run, ran } = refusing(...names)
    const joint = jointRunner(run)
    const answers = outcomes(await Promise.allSettled(names.map((name) => joint(call('set', name)))))
    assert.deepEqual(
      answers,
      names.map((name) => `no ${name}`),
    )
    assert.ok(ran.length <= 30, `${ran.length} transactions`)
  })

  it('leave out those whose callers stop while it is found out who was bad', async () => {
    const stop = new AbortController()
    const { run, ran } = refusing('bad')
    const joint = jointRunner((command, signal) => {
      const running = run(command, signal)
      stop.abort(new Error('enough'))
      return running
    })
    const [bad, left, stays] = await Promise.allSettled([
      joint(call('bad')),
      joint(call('b'), stop.signal),
      joint(call('c')),
    ])
    assert.match(String((bad as PromiseRejectedResult).reason), /no bad/)
    assert.match(String((left as PromiseRejectedResult).reason), /enough/)
    assert.equal(stays.status, 'fulfilled')
    assert.equal(ran.filter((args) => args.includes('b')).length, 1)
  })

  const unknown: Readonly<Record<string, CommandFailed>> = {
    'were stopped': new CommandFailed('ovs-vsctl many', '', true, 'Ended by SIGALRM'),
    'lost the database': new CommandFailed(
      'ovs-vsctl many',
      'unix:x: database connection failed (EOF)',
      false,
      'Failed',
    ),
  }
  for (const [what, failure] of Object.entries(unknown))
    it(`are unknown, each, when all of them ${what}; none is tried again`, async () => {
      const { run, ran } = scriptedRunner({ 'ovs-vsctl': [failure] })
      const joint = jointRunner(run)
      const answers = await Promise.allSettled([joint(call('set', 'a')), joint(call('set', 'b'))])
      assert.equal(ran.length, 1)
      const errors = answers.map((answer) => (answer as PromiseRejectedResult).reason as CommandFailed)
      assert.deepEqual(
        errors.map((error) => [error.command, error.unknown, error.said, error.cause]),
        ['a', 'b'].map((name) => [`ovs-vsctl --timeout=8 set ${name}`, true, failure.said, failure]),
      )
    })

  it('say that ovs-vsctl is missing when it is', async () => {
    const { run, ran } = scriptedRunner({ 'ovs-vsctl': [new ToolMissing('ovs-vsctl', 'openvswitch-switch')] })
    const joint = jointRunner(run)
    const answers = await Promise.allSettled([joint(call('a')), joint(call('b'))])
    for (const answer of answers) assert.ok((answer as PromiseRejectedResult).reason instanceof ToolMissing)
    assert.equal(ran.length, 1)
  })
})
