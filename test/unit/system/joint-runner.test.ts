import { strict as assert } from 'node:assert'
import { setImmediate as turn } from 'node:timers/promises'
import { shellLine, type Command } from '../../../src/lib/system/command.ts'
import { jointRunner } from '../../../src/lib/system/joint/joint-runner.ts'
import type { Output, Runner } from '../../../src/lib/system/runner.ts'

const SILENT: Output = { stdout: '', stderr: '', status: 0 }

const del = (link: string): Command => ({
  tool: 'ip',
  args: ['-batch', '-'],
  input: `link del dev ${link}\n`,
  joint: 'batch',
})

interface Started {
  readonly links: readonly string[]
  readonly command: Command
  readonly signal: AbortSignal | undefined
  readonly end: (error?: Error) => void
}

/** A Runner whose commands end when the test says so. */
function heldRunner(): { readonly run: Runner; readonly started: Started[] } {
  const started: Started[] = []
  const run: Runner = (command, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Output>()
    const links = [...(command.input ?? '').matchAll(/dev (\S+)/g)].map(([, link = '']) => link)
    const end = (error?: Error): void => {
      if (error === undefined) resolve(SILENT)
      else reject(error)
    }
    started.push({ links, command, signal, end })
    return promise
  }
  return { run, started }
}

/** How a promise stands, without waiting for it. */
function watched(running: Promise<Output>): { readonly state: string } {
  const seen = { state: 'waits' }
  running.then(
    () => (seen.state = 'done'),
    (error: unknown) => (seen.state = (error as Error).message),
  )
  return seen
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await turn()
}

/** A signal that counts who listens to it. */
function countedSignal(): { readonly stop: AbortController; readonly listeners: () => number } {
  const stop = new AbortController()
  const { signal } = stop
  let count = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--
    remove(...args)
  }
  return { stop, listeners: () => count }
}

describe('jointRunner', () => {
  it('passes on at once, and as it is, what does not say that it may be joined', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    const { signal } = new AbortController()
    const command: Command = { tool: 'ip', args: ['-batch', '-'], input: 'link del dev a\n' }
    const running = joint(command, signal)
    assert.equal(started[0]?.command, command)
    assert.equal(started[0].signal, signal)
    const output = { stdout: 'said', stderr: '', status: 0 }
    assert.deepEqual(await jointRunner(() => Promise.resolve(output))(command), output)
    started[0].end(new Error('its own'))
    await assert.rejects(running, /its own/)
  })

  it('runs one that nobody keeps company exactly as it is, and gives all that it says', async () => {
    const output = { stdout: 'out', stderr: 'err', status: 0 }
    const ran: Command[] = []
    const joint = jointRunner((command) => {
      ran.push(command)
      return Promise.resolve(output)
    })
    const command = del('a')
    assert.equal(await joint(command), output)
    assert.equal(ran[0], command)
  })

  it('joins what comes in one turn of the event loop, then what came while that ran', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    const first = [joint(del('a')), joint(del('b')), Promise.resolve().then(() => joint(del('c')))].map(watched)
    await turns()
    const second = [watched(joint(del('d')))]
    await turns()
    second.push(watched(joint(del('e'))))
    await turns()
    assert.deepEqual(
      started.map(({ links }) => links),
      [['a', 'b', 'c']],
    )
    started[0]?.end()
    await turns()
    assert.deepEqual(started[1]?.links, ['d', 'e'])
    assert.deepEqual(
      [...first, ...second].map(({ state }) => state),
      ['done', 'done', 'done', 'waits', 'waits'],
    )
    started[1].end()
    await turns()
    assert.deepEqual(
      second.map(({ state }) => state),
      ['done', 'done'],
    )
  })

  it('takes the next one after a pause', async () => {
    const ran: string[] = []
    const joint = jointRunner((command) => {
      ran.push(shellLine(command))
      return Promise.resolve(SILENT)
    })
    await joint(del('a'))
    await turns()
    await joint(del('b'))
    assert.equal(ran.length, 2)
  })

  it('keeps lines of different kinds and options apart, and runs them side by side', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    const call = (...args: string[]): Command => ({ tool: 'ovs-vsctl', args, joint: 'transaction' })
    const force: Command = { ...del('f'), args: ['-force', '-batch', '-'] }
    const commands = [del('a'), call('--timeout=8', 'x'), del('b'), force, force, call('--timeout=2', 'y')]
    for (const command of [...commands, call('--timeout=8', 'z')]) watched(joint(command))
    await turns()
    assert.deepEqual(
      started.map(({ command: { tool, args }, links }) => [tool, ...args, ...links].join(' ')),
      ['ip -batch - a b', 'ovs-vsctl --timeout=9 -- x -- z', 'ip -force -batch - f f', 'ovs-vsctl --timeout=2 y'],
    )
  })

  it('bounds how many go together, and how long their arguments are', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    for (let i = 0; i < 300; i++) watched(joint(del(`l${i}`)))
    await turns()
    started[0]?.end()
    await turns()
    assert.deepEqual(
      started.map(({ links }) => links.length),
      [256, 44],
    )
    assert.equal(started[1]?.links[0], 'l256')

    const sizes: number[] = []
    const long = jointRunner(({ args }) => {
      sizes.push(args.join(' ').length)
      return Promise.resolve(SILENT)
    })
    const call = (size: number): Command => ({
      tool: 'ovs-vsctl',
      args: ['set', 'x'.repeat(size)],
      joint: 'transaction',
    })
    await Promise.all([90_000, 200_000, 190_000, 100_000, 10, 510_000, 10].map((size) => long(call(size))))
    assert.deepEqual(
      sizes.map((size) => Math.round(size / 1_000)),
      [480, 100, 510, 0],
    )
  })

  it('gives a group more time than its slowest member has', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    watched(joint({ ...del('a'), timeoutMs: 20_000 }))
    for (let i = 0; i < 99; i++) watched(joint(del('b')))
    await turns()
    assert.equal(started[0]?.command.timeoutMs, 25_000)
  })
})

describe('a caller that stops', () => {
  it('before it has asked is rejected, and nothing runs', async () => {
    const { run, started } = heldRunner()
    await assert.rejects(jointRunner(run)(del('a'), AbortSignal.abort(new Error('enough'))), /enough/)
    await turns()
    assert.equal(started.length, 0)
  })

  it('while its command waits is rejected at once, and its command is not run', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    const { stop, listeners } = countedSignal()
    watched(joint(del('a')))
    await turns()
    const [left, stays] = [watched(joint(del('b'), stop.signal)), watched(joint(del('c')))]
    stop.abort(new Error('enough'))
    await turns()
    assert.equal(left.state, 'enough')
    assert.equal(listeners(), 0)
    started[0]?.end()
    await turns()
    assert.deepEqual(started[1]?.links, ['c'])
    assert.equal(stays.state, 'waits')
  })

  it('alone in its line leaves a line that still works', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    const stop = new AbortController()
    const left = watched(joint(del('a'), stop.signal))
    stop.abort(new Error('enough'))
    await turns()
    assert.deepEqual([left.state, started.length], ['enough', 0])
    watched(joint(del('b')))
    await turns()
    assert.deepEqual(started[0]?.links, ['b'])
  })

  it('while its group runs hears of it when the group has ended; the others get what they came for', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    const { stop, listeners } = countedSignal()
    const [left, stays] = [watched(joint(del('a'), stop.signal)), watched(joint(del('b')))]
    await turns()
    stop.abort(new Error('enough'))
    await turns()
    assert.deepEqual([left.state, stays.state, started[0]?.signal?.aborted], ['waits', 'waits', false])
    started[0]?.end()
    await turns()
    assert.deepEqual([left.state, stays.state], ['enough', 'done'])
    assert.equal(listeners(), 0)
  })

  it('as the last one of its group stops the process', async () => {
    const { run, started } = heldRunner()
    const joint = jointRunner(run)
    const stops = [countedSignal(), countedSignal()]
    const [a, b] = stops.map(({ stop: { signal } }, i) => watched(joint(del(`l${i}`), signal)))
    await turns()
    stops[1]?.stop.abort(new Error('enough'))
    assert.equal(started[0]?.signal?.aborted, false)
    stops[0]?.stop.abort(new Error('me too'))
    assert.equal(started[0].signal.aborted, true)
    started[0].end(new Error('stopped'))
    await turns()
    assert.deepEqual([a?.state, b?.state], ['me too', 'enough'])
    for (const { listeners } of stops) assert.equal(listeners(), 0)
  })

  it('leaves nobody listening to a signal that outlives its commands', async () => {
    const { stop, listeners } = countedSignal()
    const outcomes = [undefined, new Error('broken'), undefined]
    const joint = jointRunner(() => {
      const error = outcomes.shift()
      return error === undefined ? Promise.resolve(SILENT) : Promise.reject(error)
    })
    await Promise.all([joint(del('a'), stop.signal), joint(del('b'), stop.signal)])
    await Promise.allSettled([joint(del('a'), stop.signal), joint(del('b'), stop.signal)])
    await joint(del('a'), stop.signal)
    assert.equal(listeners(), 0)
  })
})
