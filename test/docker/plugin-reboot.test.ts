// What becomes of networks of Docker, and of the containers in them, when the host is booted again.
import { strict as assert } from 'node:assert'
import { readdirSync } from 'node:fs'
import { answers, asks } from '../support/asking.ts'
import { listed } from '../support/attachments.ts'
import { netnsOf } from '../support/containers.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { startEngine } from '../support/engine.ts'
import { ovsd } from '../support/ovsd.ts'
import { pairs } from '../support/pairs.ts'
import { reboot } from '../support/reboot.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const HERE = `/proc/${String(process.pid)}/ns/net`
const create = (name: string, ...options: string[]): void =>
  void tool('docker', 'network', 'create', '--driver=ovsd', ...options, name)
const run = (name: string, ...options: string[]): void =>
  void tool('docker', 'run', '--detach', `--name=${name}`, ...options, 'busybox', '/bin/busybox', 'sleep', '100000')
const RESTART = '--restart=always'
const asked = (name: string, format: string): string => tool('docker', 'inspect', `--format=${format}`, name).trim()
const isRunning = (name: string): boolean => asked(name, '{{.State.Running}}') === 'true'
const addressIn = (name: string, network: string): string =>
  asked(name, `{{.NetworkSettings.Networks.${network}.IPAddress}}`)
const ours = (): readonly string[] => readdirSync('/sys/class/net').filter((name) => /_[lcg]$/.test(name))

describe('a reboot', function () {
  this.timeout(240_000)
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  before(async () => {
    untouched = snapshot()
    driver = await plugin()
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
    assert.deepEqual(pairs(), [])
    assert.deepEqual(snapshot(), untouched)
  })
  // Rows without links are what a reboot leaves.
  holdsThroughout(() => driver, /could not open network device [0-9a-f]{13}_l \(No such device\)/)

  it('containers with restart=always are in their networks again, with addresses, VLANs and published ports', async () => {
    create('blue', '--subnet=10.9.0.0/24', '--ipv6', '--subnet=fd09::/64')
    create('red', '--ipam-driver=ovsd', '--subnet=10.8.0.0/24', '--opt=vlan=7', '--opt=mode=l2', '--opt=bridge=br-x')
    run('web', RESTART, '--network=blue', '--publish=8080:80')
    run('db', RESTART, '--network=blue', '--ip=10.9.0.20')
    run('both', RESTART, '--network=blue')
    tool('docker', 'network', 'connect', 'red', 'both')
    run('other', RESTART, '--network=red')
    run('off', '--network=blue')
    const restless = ['web', 'db', 'both', 'other']
    driverHolds()

    await driver.stop('SIGKILL')
    await reboot()
    assert.deepEqual(ours(), [])
    driver = await plugin()
    startEngine()
    await until(() => restless.every(isRunning), 'the containers to be started again', 60)
    assert.equal(isRunning('off'), false)
    driverHolds({ seconds: 30 })
    assert.equal(addressIn('db', 'blue'), '10.9.0.20')
    for (const [from, to] of [
      ['both', '10.9.0.20'],
      ['db', '10.9.0.1'],
      ['db', 'fd09::1'],
      ['other', addressIn('both', 'red')],
    ] as const)
      assert.ok(reaches(from, to), `${from} reaches ${to}`)
    {
      await using _served = await answers(netnsOf('web'), 'web', 80)
      assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080).split(' ')[0], 'web')
    }
    // Nothing is left of the endpoints from before: what is there are those that Docker has made since.
    assert.deepEqual(
      listed().map(({ state }) => state),
      ['ok', 'ok', 'ok', 'ok', 'ok'],
    )
    assert.equal(ovsd(['state', 'check']).status, 0)
    assert.deepEqual(
      driver.lines.filter(({ level }) => level === 'error' || level === 'warn').map(({ msg }) => msg),
      [],
    )
    // A container that is started by hand is in its network, too.
    tool('docker', 'start', 'off')
    assert.ok(reaches('off', '10.9.0.20'))
    tool('docker', 'rm', '--force', ...restless, 'off')
    tool('docker', 'network', 'rm', 'blue', 'red')
  })
})
