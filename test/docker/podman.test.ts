// ovsd with podman in Docker's place: the service answers Docker's requests on a socket of its own.
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { DockerClient } from '../../src/lib/docker/client.ts'
import { parseDockerHost } from '../../src/lib/docker/endpoint.ts'
import { testBridge } from '../support/bridge.ts'
import { ovsd } from '../support/ovsd.ts'
import { podman, type Podman } from '../support/podman.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'

const clientOf = (engine: Podman): DockerClient => new DockerClient(parseDockerHost(engine.endpoint))

describe('podman', function () {
  let engine: Podman
  before(async () => {
    engine = podman()
    await engine.start()
  })
  after(() => engine[Symbol.asyncDispose]())

  const run = (...args: string[]) => ovsd([...args, `--docker=${engine.endpoint}`])
  function ok(...args: string[]): string {
    const { status, stdout, stderr } = run(...args)
    assert.equal(status, 0, stderr + stdout)
    return stdout
  }
  const pid = (name: string) => Number(engine.podman('inspect', '--format={{.State.Pid}}', name))
  const applet = (name: string, ...words: string[]) => engine.podman('exec', name, '/bin/busybox', ...words)
  const stateOf = (name: string) =>
    (JSON.parse(ok('list', '--json')) as { attachments: { container: string; state: string }[] }).attachments.find(
      ({ container }) => container === name,
    )?.state

  it('has its containers attached, listed and detached', () => {
    using bridge = testBridge()
    using a = engine.container()
    using b = engine.container()
    const before = snapshot()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.0.0.1/24')
    ok('add-port', bridge.name, 'eth1', b.id.slice(0, 12), '--ipaddress=10.0.0.2/24')
    applet(a.name, 'ping', '-c', '3', '-W', '1', '10.0.0.2')
    assert.match(toolIn(`/proc/${pid(a.name)}/ns/net`, 'ip', 'addr', 'show', 'eth1'), /inet 10\.0\.0\.1\/24/)
    assert.equal(stateOf(a.name), 'ok')
    ok('del-port', bridge.name, 'eth1', a.name)
    ok('del-ports', bridge.name, b.name)
    assert.deepEqual(snapshot(), before)
  })

  it('restarts a container: its port is stale, and gc takes away what a removed one left', () => {
    using bridge = testBridge()
    using a = engine.container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.0.0.1/24')
    engine.podman('restart', '--time=0', a.name)
    assert.notEqual(stateOf(a.name), 'ok')
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.0.0.1/24')
    assert.equal(stateOf(a.name), 'ok')
    engine.podman('rm', '--force', '--time=0', a.name)
    ok('gc')
    assert.equal(tool('ovs-vsctl', 'list-ports', bridge.name), '')
  })

  it('tells a container by labels, image and network as Docker does', async () => {
    using a = engine.container('--label=ovs.ip_address=10.0.0.2/24', '--label=empty=')
    using host = engine.container('--network=host')
    using sharer = engine.container(`--network=container:${a.name}`)
    const client = clientOf(engine)
    const found = await client.inspect(a.name)
    assert.deepEqual(found, {
      id: a.id,
      name: a.name,
      pid: pid(a.name),
      running: true,
      generation: found.generation,
      networkMode: 'none',
      labels: { 'ovs.ip_address': '10.0.0.2/24', empty: '' },
      image: found.image,
    })
    assert.deepEqual(await client.imageLabels(found.image), {})
    assert.equal((await client.inspect(host.name)).networkMode, 'host')
    assert.equal((await client.inspect(sharer.name)).networkMode, `container:${a.id}`)
    const listed = (await client.list()).find(({ id }) => id === a.id) ?? assert.fail('not listed')
    const { created, ...rest } = listed
    const { id, name, running, labels, image } = found
    assert.deepEqual(rest, { id, name, running, labels, image })
    assert.ok(Math.abs(created - Date.now() / 1000) < 60, String(created))
  })

  it('tells labels of the image from those of the container', async () => {
    using plain = engine.container()
    const labelled = engine.podman('commit', '--quiet', '--change=LABEL ovs.bridge=br9', plain.name)
    using a = engine.containerOf(labelled, '--label=a=b')
    const { labels, image } = await clientOf(engine).inspect(a.id)
    assert.deepEqual(labels, { 'ovs.bridge': 'br9', a: 'b' })
    assert.deepEqual(await clientOf(engine).imageLabels(image), { 'ovs.bridge': 'br9' })
  })

  it('knows a paused container as living, and the beginning of two ids as ambiguous', async () => {
    using a = engine.container()
    engine.podman('pause', a.name)
    assert.equal((await clientOf(engine).list()).find(({ id }) => id === a.id)?.running, true)
    engine.podman('unpause', a.name)
    const made = Array.from({ length: 16 }, () => engine.container())
    // Of 17 ids, two begin with the same digit.
    const firsts = [a, ...made].map(({ id }) => id.charAt(0))
    const shared = firsts.find((digit, i) => firsts.indexOf(digit) !== i) ?? ''
    await assert.rejects(clientOf(engine).find(shared), /beginning of several container ids/)
    assert.equal(await clientOf(engine).find('nosuch'), undefined)
    for (const one of made) one[Symbol.dispose]()
  })

  it('says which engine it is', async () => {
    const { name, version, rootless } = await clientOf(engine).engine()
    assert.deepEqual([name, rootless], ['podman', false])
    assert.ok(engine.podman('--version').endsWith(version), version)
  })
})

describe('the service of podman', () => {
  it('ends when idle: the next command says so and how to start it, and works once it is back', async () => {
    await using engine = podman()
    await engine.start(2)
    using bridge = testBridge()
    using a = engine.container()
    const add = ['add-port', bridge.name, 'eth1', a.name, `--docker=${engine.endpoint}`]
    assert.equal(await engine.ended(), 0)
    assert.equal(existsSync(engine.socket), false)
    const { status, stderr } = ovsd(add)
    assert.equal(status, 1)
    assert.match(stderr, /does not answer at unix:.*ENOENT/)
    assert.match(stderr, /systemctl start podman\.socket/)
    await engine.start(2)
    assert.equal(ovsd(add).status, 0)
  })

  it('leaves its socket behind when it is killed, and starts again over it', async () => {
    await using engine = podman()
    await engine.start()
    await engine.kill()
    await assert.rejects(clientOf(engine).list(), /ECONNREFUSED/)
    await engine.start()
    assert.deepEqual(await clientOf(engine).list(), [])
  })
})
