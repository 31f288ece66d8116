// A registry of images and plugins on this host (docker-registry of Debian), which engines ask without TLS because it is at 127.0.0.1.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { comesTrue } from './ovn.ts'

const ADDRESS = '127.0.0.1:5000'
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'

export interface Registry extends AsyncDisposable {
  /** What names of what it has begin with. */
  readonly name: string
  /** Gives `repository:newer` the tag `tag`, too, as whoever releases does it. */
  release(repository: string, newer: string, tag: string): Promise<void>
}

/** Starts one that has nothing; at the end it is gone with all it has. */
export async function registry(): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-registry-'))
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder } },
    http: { addr: ADDRESS },
  }
  const file = join(folder, 'config.yml')
  const log = join(folder, 'log')
  writeFileSync(file, JSON.stringify(config))
  const child = spawn('docker-registry', ['serve', file], {
    // Who pushes asks first whether something is there, and it writes that down as an error when it is not.
    stdio: ['ignore', 'ignore', openSync(log, 'w')],
  })
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://${ADDRESS}/v2/${path}`, init)
  const answers = async (): Promise<boolean> => {
    try {
      return (await ask('')).ok
    } catch {
      return false
    }
  }
  await comesTrue(answers, 'the registry to answer').catch((error: unknown) => {
    throw new Error(readFileSync(log, 'utf8'), { cause: error })
  })
  return {
    name: 'localhost:5000',
    async release(repository, newer, tag) {
      const answer = await ask(`${repository}/manifests/${newer}`, { headers: { accept: MANIFEST } })
      assert.equal(answer.status, 200)
      const put = { method: 'PUT', headers: { 'content-type': MANIFEST }, body: await answer.text() }
      assert.equal((await ask(`${repository}/manifests/${tag}`, put)).status, 201)
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      await ended
      process.off('exit', killed)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
