import { strict as assert } from 'node:assert'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { OvsdError } from '../../../src/lib/errors.ts'
import { DRIVING, MAKING_CENTRAL, takeInstance, WATCHING } from '../../../src/lib/system/instance.ts'

const HOLDER = fileURLToPath(new URL('../../support/instance-holder.ts', import.meta.url))

/** Another process that is the one that watches. */
class Other implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [HOLDER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end(() => this.child.kill('SIGKILL'))
  }

  /** Has it end, and waits for that. */
  async end(how: () => void): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    how()
    await once(this.child, 'exit')
  }
}

async function other(): Promise<Other> {
  const started = new Other()
  await once(started.child.stdout, 'data')
  return started
}

/** Asserts that this process may not watch because the process `pid` does. */
async function refusedFor(pid: number | undefined): Promise<void> {
  await assert.rejects(takeInstance(WATCHING), (error) => {
    assert.ok(error instanceof OvsdError, String(error))
    assert.deepEqual([error.code, error.status], ['AlreadyRunning', 1])
    assert.match(error.message, new RegExp(`as process ${pid}\\.$`))
    assert.match(error.next ?? '', new RegExp(`kill ${pid}$`))
    return true
  })
}

describe('the one instance', function () {
  this.timeout(20_000)

  it('is one process at a time; a second one is told which', async () => {
    await using first = await other()
    await refusedFor(first.child.pid)
    await first.end(() => first.child.stdin.end())
    ;(await takeInstance(WATCHING)).release()
  })

  it('is freed by the kernel when the process is killed', async () => {
    await using first = await other()
    await first.end(() => first.child.kill('SIGKILL'))
    ;(await takeInstance(WATCHING)).release()
  })

  it('is named even when it is stopped, and can say nothing itself', async () => {
    await using first = await other()
    first.child.kill('SIGSTOP')
    // Connections that it cannot turn away now bear the same name as its socket.
    const waiting = Array.from({ length: 5 }, () => connect({ path: '\0ovsd.watch' }))
    try {
      await Promise.all(waiting.map((socket) => once(socket, 'connect')))
      await refusedFor(first.child.pid)
    } finally {
      for (const socket of waiting) socket.destroy()
    }
  })

  it('is one within one process, too', async () => {
    const first = await takeInstance(WATCHING)
    try {
      await refusedFor(process.pid)
    } finally {
      first.release()
    }
    ;(await takeInstance(WATCHING)).release()
  })

  it('of one role leaves the other one free: labels and Docker may be served by two processes', async () => {
    const watching = await takeInstance(WATCHING)
    try {
      const driving = await takeInstance(DRIVING)
      try {
        await assert.rejects(takeInstance(DRIVING), (error) => {
          assert.ok(error instanceof OvsdError)
          assert.equal(
            error.message,
            `ovsd plugin or daemon, or the managed plugin, already runs on this host, as process ${String(process.pid)}.`,
          )
          assert.match(error.next ?? '', /, or docker plugin ls; end it: kill/)
          return true
        })
      } finally {
        driving.release()
      }
    } finally {
      watching.release()
    }
  })

  it('that passes is waited for, and not ended', async () => {
    const first = await takeInstance(MAKING_CENTRAL)
    try {
      await assert.rejects(takeInstance(MAKING_CENTRAL), (error) => {
        assert.ok(error instanceof OvsdError)
        assert.match(error.next ?? '', /; repeat this when it has ended$/)
        return true
      })
    } finally {
      first.release()
    }
  })

  it('turns away who connects, and stays', async () => {
    await using first = await other()
    for (let i = 0; i < 100; i++) {
      const socket = connect({ path: '\0ovsd.watch' })
      socket.on('error', () => undefined)
      socket.resume()
      await once(socket, 'close')
    }
    await refusedFor(first.child.pid)
  })
})
