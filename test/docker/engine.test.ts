// What the engines do that ovsd follows, and that the daemons of a private host can be killed and started again.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { DockerClient } from '../../src/lib/docker/client.ts'
import { parseDockerHost } from '../../src/lib/docker/endpoint.ts'
import { followEvents } from '../../src/lib/docker/events.ts'
import { refuseRootless } from '../../src/lib/docker/engine.ts'
import { testBridge } from '../support/bridge.ts'
import { container, pidOf } from '../support/containers.ts'
import { killEngine, restartOvs, startEngine } from '../support/engine.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { podman } from '../support/podman.ts'
import { tool } from '../support/tool.ts'

const never = new AbortController().signal
const DOCKER = 'unix:///run/docker.sock'

/** Follows the events of an engine; `next` gives the actions of one container until there are `count`. */
async function follower(endpoint: string) {
  const events = await followEvents(parseDockerHost(endpoint), never)
  const iterator = events[Symbol.asyncIterator]()
  return {
    async next(id: string, count: number): Promise<string[]> {
      const actions: string[] = []
      while (actions.length < count) {
        const { value } = await iterator.next()
        if (value?.id === id) actions.push(value.action)
      }
      return actions
    },
    [Symbol.dispose]: () => events[Symbol.dispose](),
  }
}

/** More than what a socket passes at once, and with what could be taken for the end of an event. */
const MANY_LABELS = Array.from({ length: 20 }, (_, i) => `--label=l${i}=}{"\\${'x'.repeat(10_000)}`)

describe('events of Docker', () => {
  it('tell of a container’s life, from the moment of the subscription', async () => {
    using follow = await follower(DOCKER)
    const a = container('--label=id=x', '--label=Action=die')
    tool('docker', 'rename', a.name, `${a.name}-b`)
    tool('docker', 'restart', '--time=0', a.id)
    tool('docker', 'stop', '--time=0', a.id)
    a[Symbol.dispose]()
    const expected = ['start', 'rename', 'die', 'start', 'die', 'destroy']
    assert.deepEqual(await follow.next(a.id, expected.length), expected)
  })

  it('come from containers with 200 kB of labels too', async () => {
    using follow = await follower(DOCKER)
    using a = container(...MANY_LABELS)
    assert.deepEqual(await follow.next(a.id, 1), ['start'])
    assert.equal(Object.keys((await new DockerClient(parseDockerHost(DOCKER)).inspect(a.id)).labels).length, 20)
  })

  for (const signal of ['SIGKILL', 'SIGTERM'] as const)
    it(`end when dockerd gets ${signal}, and can be followed again`, async () => {
      using follow = await follower(DOCKER)
      const waiting = assert.rejects(follow.next('none', 1), { code: 'DockerUnreachable' })
      await killEngine(signal)
      await waiting
      await assert.rejects(follower(DOCKER), { code: 'DockerUnreachable' })
      startEngine()
      using again = await follower(DOCKER)
      using a = container()
      assert.deepEqual(await again.next(a.id, 1), ['start'])
    })
})

describe('events of podman', () => {
  it('tell of a container’s life in the same words', async () => {
    await using engine = podman()
    await engine.start()
    using follow = await follower(engine.endpoint)
    // Not with many labels: podman 4.3 loses, repeats and mixes up events that are longer than 50 kB.
    const a = engine.container('--label=id=x', '--label=Action=die')
    engine.podman('rename', a.name, `${a.name}-b`)
    engine.podman('restart', '--time=0', a.id)
    engine.podman('stop', '--time=0', a.id)
    a[Symbol.dispose]()
    const expected = ['start', 'rename', 'die', 'start', 'die', 'destroy']
    assert.deepEqual(await follow.next(a.id, expected.length), expected)
  })

  it('keep the service from ending for idleness while they are followed', async () => {
    await using engine = podman()
    await engine.start(1)
    let ended = false
    void engine.ended().then(() => (ended = true))
    {
      using follow = await follower(engine.endpoint)
      await pause(2500)
      assert.equal(ended, false)
      using a = engine.container()
      assert.deepEqual(await follow.next(a.id, 1), ['start'])
    }
    assert.equal(await engine.ended(), 0)
    await assert.rejects(follower(engine.endpoint), { code: 'DockerUnreachable' })
  })
})

describe('an engine', () => {
  it('says that it is Docker', async () => {
    const { name, version, rootless } = await new DockerClient(parseDockerHost(DOCKER)).engine()
    assert.deepEqual([name, rootless], ['docker', false])
    assert.equal(tool('docker', 'version', '--format={{.Server.Version}}').trim(), version)
  })

  it('tells labels of the image from those of the container', async () => {
    using plain = container()
    const labelled = tool('docker', 'commit', '--change=LABEL ovs.bridge=br9', plain.name).trim()
    const id = tool('docker', 'run', '--detach', '--network=none', '--label=a=b', labelled).trim()
    const client = new DockerClient(parseDockerHost(DOCKER))
    const { labels, image } = await client.inspect(id)
    assert.deepEqual(labels, { 'ovs.bridge': 'br9', a: 'b' })
    assert.deepEqual((await client.list()).find((one) => one.id === id)?.labels, labels)
    assert.deepEqual(await client.imageLabels(image), { 'ovs.bridge': 'br9' })
    tool('docker', 'rm', '--force', id)
    tool('docker', 'rmi', labelled)
    await assert.rejects(client.imageLabels(image), { code: 'DockerRefused' })
  })

  it('that is rootless is known as such; its containers can be attached by hand', async () => {
    await using engine = podman({ user: 12_345 })
    await engine.start()
    const found = await new DockerClient(parseDockerHost(engine.endpoint)).engine()
    assert.deepEqual([found.name, found.rootless], ['podman', true])
    assert.throws(() => refuseRootless(found, engine.endpoint), { code: 'RootlessEngine' })
    using bridge = testBridge()
    using a = engine.container()
    const add = ['add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.0.0.1/24', `--docker=${engine.endpoint}`]
    const { status, stderr } = ovsd(add)
    assert.equal(status, 0, stderr)
    assert.match(engine.podman('exec', a.name, '/bin/busybox', 'ip', 'address', 'show', 'eth1'), /10\.0\.0\.1\/24/)
  })
})

describe('the daemons of a private host', () => {
  it('dockerd: containers outlive it with live-restore, and are ended by the next one without', async () => {
    // Else dockerd gives it ten seconds to end.
    using a = container('--stop-signal=KILL')
    const pid = pidOf(a.name)
    await killEngine()
    startEngine({ liveRestore: true })
    assert.equal(pidOf(a.name), pid)
    await killEngine()
    startEngine()
    assert.equal(pidOf(a.name), pid, 'it was started as before')
    await killEngine()
    startEngine({ liveRestore: false })
    assert.equal(pidOf(a.name), 0)
  })

  it('Open vSwitch: ports work again after both were killed; an emptied database has none', async () => {
    using bridge = testBridge()
    using a = container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.0.0.1/24')
    await restartOvs()
    assert.match(ok('list'), / ok$/m)
    await restartOvs({ emptied: true })
    assert.equal(tool('ovs-vsctl', 'list-br'), '')
    tool('ovs-vsctl', 'add-br', bridge.name, '--', 'set', 'Bridge', bridge.name, 'datapath_type=netdev')
    ok('gc')
  })
})
