// Defects that tests found once, and that shall not come back.
import { strict as assert } from 'node:assert'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { differences } from '../../src/lib/attach/inside.ts'
import { marksFor, readMarks, specOf } from '../../src/lib/attach/marks.ts'
import { DockerClient } from '../../src/lib/docker/client.ts'
import { parseDockerHost } from '../../src/lib/docker/endpoint.ts'
import { CommandFailed, OvsdError } from '../../src/lib/errors.ts'
import { parseHostCidr, parseNetwork } from '../../src/lib/net/cidr.ts'
import { interfacesIn, defaultRoutes, restoreLine } from '../../src/lib/net/ip-json.ts'
import { parseGateways, parseRoute } from '../../src/lib/net/route.ts'
import { describeVlan } from '../../src/lib/net/vlan.ts'
import { DatabaseUnreachable, OvsdbClient } from '../../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { takeLock } from '../../src/lib/system/lock.ts'
import { run } from '../../src/lib/system/runner.ts'
import { plainText } from '../../src/lib/ui/plain-text.ts'
import { table } from '../../src/lib/ui/table.ts'
import { tree } from '../../src/lib/ui/tree.ts'
import { refused } from '../support/bad-input.ts'
import { dockerReplay, whole } from '../support/docker-replay.ts'
import { attachment, NETNS } from '../support/samples.ts'
import { scriptedRunner } from '../support/scripted-runner.ts'
import { socketServer, temporaryFolder } from '../support/socket-server.ts'

/** Runs a shell script as the tool `ip`, with a time limit, and ends what is left of it. Gives the time it took. */
async function timeLimited(text: string, timeoutMs: number): Promise<number> {
  using folder = temporaryFolder()
  const before = process.env['PATH']
  const pids = join(folder.path, 'pids')
  writeFileSync(join(folder.path, 'ip'), `#!/bin/sh\necho $$ >>${pids}\n${text}\n`, { mode: 0o755 })
  process.env['PATH'] = folder.path
  const start = performance.now()
  try {
    const running = run({ tool: 'ip', args: [], timeoutMs }).catch((error: unknown) => error)
    const ended = await Promise.race([running, sleep(8_000, 'still running', { ref: false })])
    assert.ok(ended instanceof CommandFailed && ended.unknown, String(ended))
    return performance.now() - start
  } finally {
    process.env['PATH'] = before
    if (existsSync(pids))
      for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) {
        try {
          process.kill(-Number(pid), 'SIGKILL')
        } catch {
          // It has ended.
        }
      }
  }
}

describe('mended once', function () {
  this.timeout(15_000)

  it('a tool that ignores SIGTERM is killed', async () => {
    await timeLimited('trap "" TERM; while :; do sleep 0.1; done', 200)
  })

  it('a tool whose own child keeps the pipe open ends at its time limit', async () => {
    assert.ok((await timeLimited('sleep 100', 200)) < 7_000)
  })

  it('a signal that comes while the lock is tried ends the wait', async () => {
    const held = await takeLock(new AbortController().signal)
    try {
      const stop = new AbortController()
      const waiting = takeLock(stop.signal).catch((error: unknown) => error)
      stop.abort(new Error('enough'))
      assert.notEqual(await Promise.race([waiting, sleep(500, 'still waiting', { ref: false })]), 'still waiting')
    } finally {
      held.release()
    }
  })

  it('garbage from the database server is an error of the question', async () => {
    await using server = await socketServer((socket) => socket.once('data', () => socket.write('{garbage}')))
    using db = new OvsdbClient(parseEndpoint(`unix:${server.path}`))
    await assert.rejects(db.select([]), DatabaseUnreachable)
  })

  it('the end of an old connection does not touch a question on the new one', async () => {
    await using server = await socketServer((socket, number) => {
      if (number > 0) socket.once('data', () => socket.write('{"id":1,"result":[{"rows":[]}],"error":null}'))
    })
    using db = new OvsdbClient(parseEndpoint(`unix:${server.path}`))
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const first = assert.rejects(db.select([]), /no answer within 10 s/)
      while (server.connections.length === 0) await new Promise(setImmediate)
      mock.timers.tick(10_000)
      mock.timers.tick(100)
      await first
      assert.deepEqual(await db.select([]), [[]])
    } finally {
      mock.timers.reset()
    }
  })

  it('a TCP port above 65535 is bad input', () => {
    refused((text) => parseEndpoint(text), 'tcp:127.0.0.1:65536', '--db')
    refused((text) => parseDockerHost(text), 'tcp://127.0.0.1:65536', 'DOCKER_HOST')
  })

  it('a declared link-local address is found', async () => {
    const { run: answer } = scriptedRunner({ 'ip -json address show': ['ip/address-show'] })
    const state = (await interfacesIn(answer, NETNS)).get('eth1') ?? assert.fail()
    const wanted = attachment({ addresses: [parseHostCidr('fe80::42:aff:fe00:2/64')] })
    assert.deepEqual(differences(specOf(wanted), state), [])
  })

  it('a default route over several next hops is put back', async () => {
    const { run: answer } = scriptedRunner({ 'ip -4 -json route show default': ['ip/route-default-4-multipath'] })
    const [line = ''] = (await defaultRoutes(answer, NETNS, 4)).map((route) => restoreLine(route, 4))
    assert.equal(line.includes('undefined'), false, line)
    assert.match(line, /nexthop via 10\.0\.0\.7 dev eth1 .*nexthop via 10\.0\.0\.8 dev eth1 weight 2/)
  })

  it('a name with a line end stays on its line', () => {
    const name = 'a\nbr0  evil  ok'
    assert.equal(table(['NAME'], [[name]], (text) => text).split('\n').length, 2)
    assert.equal(tree([{ text: 'br0', below: [{ text: name, below: [] }] }], (guide) => guide).split('\n').length, 2)
  })

  it('the Arabic letter mark is taken out, too', () => {
    assert.equal(plainText('a\u061Cb').includes('\u061C'), false)
  })

  it('the good value for a bad prefix of --route is a network', () => {
    refused((text) => parseNetwork(text, '--route'), '10.1.0.0/33', '--route')
  })

  it('a broadcast address is no way to somewhere', () => {
    const addresses = [parseHostCidr('10.0.0.9/24')]
    refused((text) => parseGateways([text], addresses), '10.0.0.255', '--gateway')
    refused((text) => parseRoute(text, addresses), '10.1.0.0/16,10.0.0.255', '--route')
  })

  it('an IPv6 route needs an IPv6 address', () => {
    const parse = (text: string) => parseRoute(text, [parseHostCidr('10.0.0.9/24')])
    refused(parse, 'fd01::/48', '--route', () => undefined)
  })

  it('a trunk of all VLANs is described without a space at the end', () => {
    assert.equal(describeVlan({ kind: 'trunk', trunks: [] }).trim(), describeVlan({ kind: 'trunk', trunks: [] }))
  })

  it('JSON of another shape from the engine is DockerRefused', async () => {
    const answer = whole('HTTP/1.0 200 OK\r\n\r\n{}')
    await using server = await dockerReplay({ '/containers/web/json': answer, '/containers/json?all=1': answer })
    const docker = new DockerClient(parseDockerHost(`unix://${server.path}`))
    const isRefused = (error: unknown) => error instanceof OvsdError && error.code === 'DockerRefused'
    await assert.rejects(docker.list(), isRefused)
    await assert.rejects(docker.find('web'), isRefused)
  })

  it('recorded settings without an MTU are damaged', () => {
    const { spec } = readMarks({
      ...marksFor(attachment()),
      ovsd_spec: '{"addresses":[],"gateways":[],"routes":[],"mac":""}',
    })
    assert.equal(spec, undefined)
  })
})
