import { strict as assert } from 'node:assert'
import { readlinkSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { inContainer, inNetworkOf, runContainer } from '../../lab/containers.ts'
import { outputOf } from '../../lab/host.ts'
import { groupsOf, mountState, networkState, processesIn } from '../../lab/machine.ts'
import { startHost, type PrivateHost } from '../../lab/private-host.ts'

const pidNamespace = (host: PrivateHost) => readlinkSync(`/proc/${host.pid}/ns/pid`)

describe('a private host', function () {
  this.timeout(30_000)
  let host: PrivateHost

  before(async () => (host = await startHost()))
  after(() => host.stop())

  it('has the loopback interface and no way out', async () => {
    assert.match(await outputOf(host, ['ip', '-oneline', 'link']), /^1: lo: <LOOPBACK,UP.*$/)
    assert.equal(await outputOf(host, ['ls', '/sys/class/net']), 'lo')
    // No packet is sent: there is no route for one.
    const { status, stderr } = await host.exec(['ip', 'route', 'get', '192.0.2.1'])
    assert.equal(status, 2)
    assert.match(stderr, /Network is unreachable/)
  })

  it('has folders of its own for what services keep', async () => {
    await outputOf(host, ['mkdir', '/etc/ovsd', '/var/lib/ovsd', '/run/ovsd', '/var/log/ovsd'])
    const names = ['/etc/ovsd', '/var/lib/ovsd', '/run/ovsd', '/var/log/ovsd'].map((name) => ['test', '-e', name])
    await using other = await startHost({ services: 'db' })
    for (const name of names) assert.equal((await other.exec(name)).status, 1, name.join(' '))
  })

  it('answers with the status, the output and the input of a command', async () => {
    const result = await host.exec(['sh', '-c', 'cat; echo "$word" >&2; exit 7'], { input: 'in', env: { word: 'env' } })
    assert.deepEqual(result, { status: 7, stdout: 'in', stderr: 'env\n' })
    assert.equal((await host.exec(['sh', '-c', 'kill -9 $$'])).status, 137)
  })

  it('ends a command at its time limit, with everything that it started', async () => {
    await assert.rejects(host.exec(['sh', '-c', 'sleep 4321 & sleep 4321'], { timeout: 300 }), /no end after 300 ms/)
    assert.equal((await host.exec(['pgrep', '--full', '--exact', 'sleep 4321'])).status, 1)
  })

  it('has an Open vSwitch that forwards between containers, and an engine that runs them', async () => {
    await outputOf(host, ['ovs-vsctl', 'add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev'])
    const [first, second] = await Promise.all([
      runContainer(host, { name: 'first', labels: { purpose: 'test' } }),
      runContainer(host, { name: 'second' }),
    ])
    await outputOf(host, ['ovs-docker', 'add-port', 'br0', 'eth1', 'first', '--ipaddress=10.10.0.2/24'])
    await outputOf(host, ['ovs-docker', 'add-port', 'br0', 'eth1', 'second', '--ipaddress=10.10.0.3/24'])
    await outputOf(host, inContainer(first, ['ping', '-c', '1', '-w', '5', '10.10.0.3']))
    await outputOf(host, inNetworkOf(second, ['ip', 'link', 'show', 'eth1']))
    assert.equal(await outputOf(host, ['docker', 'ps', '--quiet', '--no-trunc', '--filter', 'label=purpose']), first.id)
  })
})

describe('the end of a private host', function () {
  this.timeout(30_000)

  it('leaves no process, link, mount or control group', async () => {
    const before = [await networkState(), mountState()]
    const host = await startHost()
    await runContainer(host)
    const namespace = pidNamespace(host)
    assert.notDeepEqual(groupsOf(host.id), [])
    await host.stop()
    await host.stop()
    assert.deepEqual(processesIn(namespace), [])
    assert.deepEqual(groupsOf(host.id), [])
    assert.deepEqual([await networkState(), mountState()], before)
  })

  it('comes with the end of the process that started it, even a killed one', async () => {
    const script = fileURLToPath(new URL('../../lab/run.ts', import.meta.url))
    const report = 'docker run --detach --network none busybox >/dev/null; echo "$OVSD_LAB"; exec sleep 4321'
    const child = spawn(process.execPath, [script, '--', 'sh', '-c', report], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const id = line.toString().trim()
    assert.notDeepEqual(groupsOf(id), [])
    child.kill('SIGKILL')
    await once(child, 'exit')
    for (let tries = 0; tries < 100 && groupsOf(id).length > 0; tries++) await pause(50)
    assert.deepEqual(groupsOf(id), [])
  })
})
