import { strict as assert } from 'node:assert'
import { DockerClient } from '../../../src/lib/docker/client.ts'
import { parseDockerHost } from '../../../src/lib/docker/endpoint.ts'
import { refuseRootless, type Engine } from '../../../src/lib/docker/engine.ts'
import { OvsdError } from '../../../src/lib/errors.ts'
import { thrownBy } from '../../support/bad-input.ts'
import { dockerReplay, whole } from '../../support/docker-replay.ts'

async function engineOf(version: unknown, info: unknown): Promise<Engine> {
  const json = (value: unknown) => whole(`HTTP/1.0 200 OK\r\n\r\n${JSON.stringify(value)}`)
  await using server = await dockerReplay({ '/version': json(version), '/info': json(info) })
  return await new DockerClient(parseDockerHost(`unix://${server.path}`)).engine()
}

// What decides in the answers of Docker 20.10.24 and podman 4.3.1; the rootless Docker is from its documentation.
const DOCKER = { Version: '20.10.24+dfsg1', Components: [{ Name: 'Engine' }, { Name: 'containerd' }, { Name: 'runc' }] }
const PODMAN = { Version: '4.3.1', Components: [{ Name: 'Podman Engine' }, { Name: 'Conmon' }] }
const SECCOMP = 'name=seccomp,profile=default'

describe('DockerClient.engine', () => {
  const cases: readonly (readonly [string, unknown, unknown, Engine['name'], boolean])[] = [
    ['Docker', DOCKER, { SecurityOptions: [SECCOMP] }, 'docker', false],
    ['a rootless Docker', DOCKER, { SecurityOptions: [SECCOMP, 'name=rootless', 'name=cgroupns'] }, 'docker', true],
    ['a Docker with user namespaces', DOCKER, { SecurityOptions: ['name=userns'] }, 'docker', false],
    ['podman', PODMAN, { SecurityOptions: [SECCOMP], Rootless: false }, 'podman', false],
    ['a rootless podman', PODMAN, { SecurityOptions: [SECCOMP], Rootless: true }, 'podman', true],
    ['podman that says it as Docker does', PODMAN, { SecurityOptions: [SECCOMP, 'name=rootless'] }, 'podman', true],
    ['another engine', { Version: '1', Components: [{ Name: 'X' }, null, {}] }, {}, 'other', false],
    ['an engine of few words', { Version: '1', Components: null }, { SecurityOptions: null }, 'other', false],
  ]
  for (const [title, version, info, name, rootless] of cases)
    it(`knows ${title}`, async () => {
      const found = await engineOf(version, info)
      assert.deepEqual(found, { name, version: (version as { Version: string }).Version, rootless })
    })

  const others: readonly (readonly [unknown, unknown])[] = [
    [null, {}],
    [{}, {}],
    [DOCKER, null],
    [DOCKER, 'ok'],
  ]
  for (const [version, info] of others)
    it(`does not believe ${JSON.stringify([version, info])}`, async () => {
      await assert.rejects(engineOf(version, info), { code: 'DockerRefused' })
    })
})

describe('refuseRootless', () => {
  const where = 'unix:///run/user/1000/podman/podman.sock'
  it('refuses a rootless engine, and says what can be done', () => {
    const error = thrownBy(() => refuseRootless({ name: 'podman', version: '4.3.1', rootless: true }, where))
    assert.ok(error instanceof OvsdError)
    assert.deepEqual([error.code, error.status], ['RootlessEngine', 1])
    assert.ok(error.message.startsWith(`The engine at ${where} (podman 4.3.1) is rootless.`), error.message)
    assert.ok(error.next?.includes(`--docker ${where}`))
  })
  it('lets every other pass', () => {
    refuseRootless({ name: 'podman', version: '4.3.1', rootless: false }, where)
  })
})
