import { strict as assert } from 'node:assert'
import { defaultDockerHost, parseDockerHost } from '../../../src/lib/docker/endpoint.ts'
import { refuses } from '../../support/bad-input.ts'

describe('parseDockerHost', () => {
  refuses((text) => parseDockerHost(text), 'DOCKER_HOST', [
    '',
    '/run/docker.sock',
    'unix:/run/docker.sock',
    'unix://run/docker.sock',
    'tcp://',
    'tcp://host',
    'tcp://host:0',
    'tcp://host:port',
    'tcp://host:2375/path',
    'tcp://user@host:2375',
    'ssh://host',
    'http://host:2375',
    'npipe:////./pipe/docker_engine',
  ])
  const cases = {
    'unix:///run/docker.sock': { path: '/run/docker.sock' },
    'tcp://127.0.0.1:2375': { host: '127.0.0.1', port: 2375 },
    'tcp://[::1]:2375/': { host: '::1', port: 2375 },
    'tcp://docker.example:65535': { host: 'docker.example', port: 65_535 },
  }
  for (const [text, connect] of Object.entries(cases))
    it(`takes ${text}`, () => {
      assert.deepEqual(parseDockerHost(text), { text, connect })
    })
})

describe('defaultDockerHost', () => {
  it('is what docker(1) would use', () => {
    assert.equal(defaultDockerHost({}).text, 'unix:///var/run/docker.sock')
    assert.equal(defaultDockerHost({ DOCKER_HOST: 'tcp://127.0.0.1:2375' }).text, 'tcp://127.0.0.1:2375')
  })
  refuses((text) => defaultDockerHost({ DOCKER_HOST: text }), 'DOCKER_HOST', ['ssh://host'])
})
