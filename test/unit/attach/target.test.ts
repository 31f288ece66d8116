import { strict as assert } from 'node:assert'
import { statSync } from 'node:fs'
import { namespaceAlive, openTarget, type Whereabouts } from '../../../src/lib/attach/target.ts'
import { OvsdError } from '../../../src/lib/errors.ts'
import { capturedBytes } from '../../support/captured.ts'
import { dockerReplay, recorded, whole, type Answer } from '../../support/docker-replay.ts'
import { hostWith } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

/** A process that cannot be: one more than the largest number that Linux gives. */
const NOBODY = 4_194_305

async function refusal(answer: Answer, where: Whereabouts = { kind: 'docker' }): Promise<OvsdError> {
  await using engine = await dockerReplay({ '/containers/web/json': answer })
  try {
    await openTarget(hostWith(scriptedRunner().run, { docker: engine.path }), 'web', where)
  } catch (error) {
    assert.ok(error instanceof OvsdError, String(error))
    return error
  }
  assert.fail('it was opened')
}

/** The recording of a running container, with the process changed. */
const withPid = (pid: number): Answer =>
  whole(
    capturedBytes('docker/inspect-running.http')
      .toString()
      .replace(/"Pid":\d+/, `"Pid":${pid}`),
  )

describe('openTarget', () => {
  const cases: readonly (readonly [string, Answer, RegExp])[] = [
    ['ContainerMissing', recorded('inspect-missing'), /^Failed to get the PID of the container/],
    ['AmbiguousContainer', recorded('inspect-ambiguous'), /several container ids/],
    ['ContainerNotRunning', recorded('inspect-created'), /^Failed to get the PID of the container: web is not running/],
    ['HostNetwork', recorded('inspect-host'), /uses the network of the host/],
    ['SharedNetwork', recorded('inspect-sharer'), /shares the network of container [0-9a-f]{12}\./],
    ['NamespaceMissing', withPid(NOBODY), /cannot be opened/],
    ['HostNetwork', withPid(process.pid), /uses the network of the host/],
    ['DockerRefused', whole('HTTP/1.0 500 Oops\r\n\r\n{"message":"disk full"}'), /disk full/],
  ]
  for (const [code, answer, words] of cases)
    it(`${code}: ${words.source}`, async () => {
      const error = await refusal(answer)
      assert.deepEqual([error.code, error.status], [code, 1])
      assert.match(error.message, words)
    })

  it('asks no engine about a namespace that is given', async () => {
    const unasked: Answer = () => assert.fail('the engine was asked')
    assert.equal((await refusal(unasked, { kind: 'path', path: '/run/netns/none' })).code, 'NamespaceMissing')
    assert.equal((await refusal(unasked, { kind: 'pid', pid: NOBODY })).code, 'NamespaceMissing')
    assert.equal((await refusal(unasked, { kind: 'pid', pid: process.pid })).code, 'HostNetwork')
  })
})

describe('namespaceAlive', () => {
  it('knows a namespace by its inode', () => {
    const path = '/proc/self/ns/net'
    assert.equal(namespaceAlive(path, String(statSync(path).ino)), true)
    assert.equal(namespaceAlive(path, '4026531839'), false)
    assert.equal(namespaceAlive('/run/netns/none', '4026531839'), false)
  })
})
