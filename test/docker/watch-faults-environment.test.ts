// FAULTS group H, for watch: tools that are missing, a log that nobody takes, little privilege, an odd locale.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { testBridge } from '../support/bridge.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelled } from '../support/labelled.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { ovsd, PROGRAM } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { watch } from '../support/watch.ts'

/** Takes a tool away from everybody in this private host, until the end of the `using` block. */
function without(name: string): Disposable {
  const path = tool('sh', '-c', `readlink -f "$(command -v ${name})"`).trim()
  // What cannot be executed is not there, for whoever looks along PATH.
  tool('mount', '--bind', '/dev/null', path)
  return {
    [Symbol.dispose]() {
      tool('umount', path)
    },
  }
}

const DEV = fileURLToPath(new URL('../../bin/dev.ts', import.meta.url))

/** A watch in which something throws, this many milliseconds after it has begun to hear of that. */
const broken = (ms: number, bridge: string) => {
  const fail = `setTimeout(() => { throw new Error('made to fail') }, ${String(ms)})`
  const late = `data:text/javascript,process.on('newListener', (name) => { if (name === 'uncaughtException') ${fail} })`
  const words = [`--import=${late}`, DEV, 'watch', `--bridge=${bridge}`, '--log-format=json']
  const limits = { timeout: 40_000, killSignal: 'SIGKILL' } as const
  return execa(process.execPath, words, { reject: false, env: { CI: 'true' }, ...limits })
}

describe('the surroundings of watch', function () {
  this.timeout(60_000)

  for (const missing of ['ip', 'ovs-vsctl', 'nsenter'])
    it(`without ${missing} it does not start, and says which package has it`, () => {
      using bridge = testBridge()
      using _a = labelled('10.3.0.2/24')
      const before = hostView(bridge.name)
      {
        using _hidden = without(missing)
        const { status, stderr } = ovsd(['watch', `--bridge=${bridge.name}`])
        assert.equal(status, 1)
        assert.match(stderr, new RegExp(`${missing} is not installed[^]*apt-get install`))
      }
      assert.deepEqual(ownPortsSeen(), [])
      assert.deepEqual({ ...hostView(bridge.name), ends: before.ends }, before)
    })

  it('a tool that goes while it runs is one line for each container, and is found again', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using all = new DisposableStack()
    const hidden = all.use(without('nsenter'))
    using a = labelled('10.3.0.2/24')
    const { msg } = await watcher.sees({ event: 'port.failed', container: a.name })
    assert.match(msg, /Cannot be started: nsenter/)
    await pause(2000)
    assert.equal(watcher.all({ event: 'port.failed', level: 'error' }).length, 1)
    hidden[Symbol.dispose]()
    all.move()
    await watcher.sees({ event: 'port.attached', container: a.name }, { seconds: 10 })
    await holds({ containers: [a], bridge: bridge.name, watcher, expected: ['port.failed'], seconds: 3 })
  })

  for (const [what, file] of [
    ['a disk that is full', '/dev/full'],
    ['nobody who reads it', undefined],
  ] as const)
    it(`a log for ${what}: the work is done all the same`, async () => {
      using bridge = testBridge()
      const fd = file === undefined ? undefined : openSync(file, 'w')
      const [program = '', ...before] = PROGRAM
      const child = spawn(program, [...before, 'watch', `--bridge=${bridge.name}`], {
        stdio: ['ignore', 'ignore', fd ?? 'pipe'],
        env: { ...process.env, CI: 'true' },
      })
      child.stderr?.destroy()
      if (fd !== undefined) closeSync(fd)
      try {
        for (const address of ['10.3.0.2/24', '10.3.0.3/24']) {
          using a = labelled(address)
          await until(() => portOf(a.id) !== undefined)
          tool('docker', 'kill', a.name)
          await until(() => portOf(a.id) === undefined)
        }
        assert.deepEqual([child.exitCode, child.signalCode], [null, null])
      } finally {
        child.kill('SIGTERM')
        if (child.exitCode === null) await once(child, 'exit')
      }
      assert.equal(child.exitCode, 0)
    })

  it('a defect of its own ends it, with a line and status 1: what was done stays', async () => {
    using bridge = testBridge()
    using a = labelled('10.3.0.2/24')
    const { stderr, exitCode } = await broken(4000, bridge.name)
    assert.equal(exitCode, 1)
    assert.match(stderr, /"level":"error","event":"watch.broken".*made to fail/)
    assert.match(stderr, /"event":"port.attached"/)
    assert.notEqual(portOf(a.id), undefined)
  })

  it('a defect while it starts ends it, too', async () => {
    using bridge = testBridge()
    using a = labelled('10.3.0.2/24')
    const { stderr, exitCode } = await broken(0, bridge.name)
    assert.equal(exitCode, 1)
    assert.match(stderr, /"level":"error","event":"watch.broken".*made to fail/)
    assert.equal(portOf(a.id), undefined)
  })

  it('in an odd locale and time zone it does the same', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const env = { LC_ALL: 'tr_TR.UTF-8', LANG: 'xx', LANGUAGE: 'de', TZ: 'Asia/Kathmandu', COLUMNS: '20' }
    await using watcher = await watch([`--bridge=${bridge.name}`], env)
    using a = labelled({ addresses: ['10.3.0.2/24', 'fd00:3::2/64'], mtu: 1400 })
    const { time } = await watcher.sees({ event: 'port.attached', container: a.name })
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    await holds({ containers: [a], bridge: bridge.name, before, watcher, seconds: 3 })
  })

  it('without the privilege to change networks it does not start', () => {
    const [program = '', ...before] = PROGRAM
    const words = ['--bounding-set=-net_admin', '--inh-caps=-net_admin', program, ...before, 'watch', '--bridge=bk']
    const child = tool('sh', '-c', 'setpriv "$@" 2>&1; echo "status $?"', 'sh', ...words)
    assert.match(child, /CAP_NET_ADMIN|root/)
    assert.match(child, /status 1$/m)
    assert.deepEqual(ownPortsSeen(), [])
  })
})

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 10_000
  while (!isSo()) {
    assert.ok(performance.now() < end, 'nothing happened within 10 s')
    await pause(50)
  }
}
