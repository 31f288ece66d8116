import { strict as assert } from 'node:assert'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed, ToolMissing } from '../../../src/lib/errors.ts'
import type { Command } from '../../../src/lib/system/command.ts'
import type { Netns } from '../../../src/lib/system/netns.ts'
import { run, type Output } from '../../../src/lib/system/runner.ts'
import { withPath } from '../../support/search-path.ts'
import { until } from '../../support/until.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

/** A command whose tool is a shell script: the runner finds it under the name of a tool, in a folder first on PATH. */
const script = (text: string, more: Partial<Command> = {}): Command => ({ tool: 'ip', args: [text], ...more })

async function failure(running: Promise<Output>): Promise<CommandFailed> {
  try {
    await running
  } catch (error) {
    assert.ok(error instanceof CommandFailed, String(error))
    return error
  }
  assert.fail('the command did not fail')
}

describe('run', function () {
  this.timeout(20_000)
  let folder: TemporaryFolder
  let before: NodeJS.ProcessEnv

  beforeEach(() => {
    before = { ...process.env }
    folder = temporaryFolder()
    writeFileSync(join(folder.path, 'ip'), `#!/bin/sh\necho $$ >>${folder.path}/pids\neval "$1"\n`, { mode: 0o755 })
    process.env['PATH'] = folder.path
  })

  afterEach(() => {
    process.env = before
    endAll(join(folder.path, 'pids'))
    folder[Symbol.dispose]()
  })

  it('gives what a tool says on both streams', async () => {
    const output = await run(script('echo out; echo "err 眼" >&2'))
    assert.deepEqual(output, { stdout: 'out\n', stderr: 'err 眼\n', status: 0 })
  })

  it('tells each line while the tool runs, of both streams, however it comes', async () => {
    const heard: string[] = []
    const running = run(
      script('printf "one\\ntw"; sleep 0.3; printf "o\\n\\n"; printf "a\\rb"; sleep 0.3; echo bad >&2', {
        heard: (line) => heard.push(line),
      }),
    )
    await until(() => heard.length > 0, 'the first line')
    assert.deepEqual(heard, ['one'])
    const { stdout } = await running
    assert.equal(stdout, 'one\ntwo\n\na\rb')
    assert.deepEqual(heard.sort(), ['a', 'b', 'bad', 'one', 'two'])
  })

  it('passes arguments as they are, without a shell in between', async () => {
    writeFileSync(join(folder.path, 'ip'), '#!/bin/sh\nprintf "%s|" "$@"\n')
    const args = ['$HOME', '*', 'a b', '', "it's", '\\', '-n']
    assert.equal((await run({ tool: 'ip', args })).stdout, `${args.join('|')}|`)
  })

  it('starts tools in the root folder with an environment from scratch', async () => {
    process.env['OVS_RUNDIR'] = '/run/other'
    for (const name of ['LD_PRELOAD', 'LANG', 'NODE_OPTIONS', 'HOME', 'OVN_NB_DB', 'DOCKER_HOST'])
      process.env[name] = 'x'
    const { stdout } = await run(script('pwd; tr "\\0" "\\n" </proc/$$/environ'))
    const [cwd, ...variables] = stdout.trim().split('\n')
    assert.equal(cwd, '/')
    assert.deepEqual(variables.sort(), [
      'LC_ALL=C',
      'OVS_RUNDIR=/run/other',
      `PATH=${folder.path}:/usr/sbin:/usr/bin:/sbin:/bin`,
    ])
  })

  it('finds tools without any PATH, and never in the folder it happens to be in', async () => {
    const here = process.cwd()
    process.chdir(folder.path)
    try {
      for (const path of [undefined, '', '.', ':relative:'])
        assert.doesNotMatch((await withPath(path, () => run({ tool: 'sysctl', args: ['--version'] }))).stdout, /^$/)
      await withPath('.', () =>
        assert.rejects(run({ tool: 'no-tool' as 'ip', args: [] }), (error) => error instanceof ToolMissing),
      )
    } finally {
      process.chdir(here)
    }
  })

  it('says which package a missing tool is in', async () => {
    // Of all tools the least likely to be in the system's own folders.
    const missing: Command = { tool: 'no-tool' as 'arping', args: [] }
    await assert.rejects(run(missing), (error) => error instanceof ToolMissing && error.message.includes('no-tool'))
    const { next } = new ToolMissing('ip', 'iproute2')
    assert.equal(next, 'apt-get install iproute2')
  })

  it('reports a status with the words of the tool and the line to repeat it with', async () => {
    const error = await failure(run(script('echo "  no such device " >&2; echo other; exit 3')))
    assert.equal(error.said, 'no such device')
    assert.equal(error.unknown, false)
    assert.match(error.message, /^Failed with status 3: ip 'echo .*\n {2}no such device$/s)
  })

  it('reports what a failed tool printed when it complained nowhere', async () => {
    assert.equal((await failure(run(script('echo "it is broken"; exit 1')))).said, 'it is broken')
    assert.equal((await failure(run(script('exit 1')))).message, "Failed with status 1: ip 'exit 1'")
  })

  it('takes other statuses for an answer where the command says so', async () => {
    assert.equal((await run(script('exit 1', { okStatuses: [1] }))).status, 1)
    assert.equal((await failure(run(script('exit 2', { okStatuses: [1] })))).unknown, false)
  })

  it('ends a tool at its time limit: what it did is unknown then', async () => {
    const start = performance.now()
    const error = await failure(run(script('echo begun >&2; exec sleep 60', { timeoutMs: 200 })))
    assert.ok(performance.now() - start < 5_000)
    assert.equal(error.unknown, true)
    assert.match(error.message, /^Not finished in time: ip /)
    assert.equal(error.said, 'begun')
  })

  it('reports a tool that was killed by somebody else: what it did is unknown, too', async () => {
    const error = await failure(run(script('kill -9 $$')))
    assert.equal(error.unknown, true)
    assert.match(error.message, /^Ended by SIGKILL: ip /)
  })

  it('ends the tool when the signal comes, and starts none after it', async () => {
    const stop = new AbortController()
    const pidFile = join(folder.path, 'pid')
    const running = failure(run(script(`echo $$ >${pidFile}; exec sleep 60`), stop.signal))
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await sleep(5)
    stop.abort(new Error('enough'))
    assert.equal((await running).unknown, true)
    assert.equal(existsSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}`), false)
    await assert.rejects(run(script(`touch ${folder.path}/second`), stop.signal), /enough/)
    assert.equal(existsSync(join(folder.path, 'second')), false)
  })

  it('leaves nothing listening to a signal that outlives the tool', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    await run(script(':'), signal)
    await failure(run(script('exit 1'), signal))
    assert.equal(listeners, 0)
  })

  it('takes megabytes of output, and of input', async () => {
    const { stdout } = await run(script('yes 0123456789 | head -c 20000000'))
    assert.equal(stdout.length, 20_000_000)
    const input = 'link show\n'.repeat(300_000)
    assert.equal((await run(script('wc -c', { input }))).stdout.trim(), String(input.length))
  })

  it('does not mind a tool that stops reading its input', async () => {
    const input = 'x\n'.repeat(2_000_000)
    assert.equal((await run(script('exec 0<&-; echo done', { input }))).stdout, 'done\n')
    assert.equal((await failure(run(script('read line; exit 5', { input })))).unknown, false)
  })

  it('gives a tool without input none', async () => {
    assert.equal((await run(script('wc -c'))).stdout.trim(), '0')
  })

  it('starts a tool in a session of its own, out of reach of Ctrl-C', async () => {
    const { stdout } = await run(script('ps -o sid= -p $$; echo $$'))
    const [session, pid] = stdout.trim().split('\n')
    assert.equal(session?.trim(), pid)
  })

  it('enters a namespace through its descriptor, never by its path', async () => {
    writeFileSync(join(folder.path, 'nsenter'), '#!/bin/sh\nreadlink /proc/$$/fd/3; printf "%s|" "$@"; cat\n', {
      mode: 0o755,
    })
    const fd = openSync('/proc/self/ns/net', 'r')
    const netns: Netns = { fd, inode: 1, path: '/proc/4711/ns/net', [Symbol.dispose]: () => undefined }
    try {
      const input = `link add netns ${netns.path}\n`
      const inside = (await run({ tool: 'ip', args: ['-batch', netns.path], input, inside: netns })).stdout
      const said = '--net=/proc/self/fd/3|ip|-batch|/proc/self/fd/3|link add netns /proc/self/fd/3\n'
      assert.match(inside, /^net:\[\d+\]\n/)
      assert.equal(inside.slice(inside.indexOf('\n') + 1), said)
      const mentions = await run(script(`readlink /proc/$$/fd/3; cat; echo ${netns.path}`, { input, mentions: netns }))
      assert.match(mentions.stdout, /^net:\[\d+\]\nlink add netns \/proc\/self\/fd\/3\n\/proc\/self\/fd\/3\n$/)
    } finally {
      closeSync(fd)
    }
  })

  it('closes what it opened, also after failures', async () => {
    const count = async (): Promise<number> => {
      await sleep(20)
      return readdirSync('/proc/self/fd').length
    }
    await run(script(':'))
    const before = await count()
    for (let i = 0; i < 5; i++) {
      await run(script('echo out', { input: 'in' }))
      await failure(run(script('exit 1')))
      await assert.rejects(run({ tool: 'no-tool' as 'ip', args: [] }))
    }
    assert.equal(await count(), before)
  })
})

/** Ends whatever a failed test left running: each tool has a process group of its own. */
function endAll(pids: string): void {
  if (!existsSync(pids)) return
  for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) {
    try {
      process.kill(-Number(pid), 'SIGKILL')
    } catch {
      // It has ended, as it should.
    }
  }
}
