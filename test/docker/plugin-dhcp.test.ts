// Networks of Docker whose addresses come from a DHCP server, with a real engine and a real server.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { listed } from '../support/attachments.ts'
import { container, netnsOf, pidOf } from '../support/containers.ts'
import { SERVER, udhcpd } from '../support/dhcp-server.ts'
import { clientProcesses, supervisorsOf } from '../support/dhcp-site.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

/** A call that takes longer has waited for something that is none of its business, in milliseconds. */
const HELD_UP_MS = 3000

describe('ovsd as a network driver of Docker, with addresses by DHCP', function () {
  this.timeout(60_000)
  let driver: Watcher
  before(async () => {
    driver = await plugin()
  })
  after(() => driver[Symbol.asyncDispose]())
  const logs = holdsThroughout(() => driver)

  const addressIn = (name: string): string => insideSeen(netnsOf(name)).get('eth0')?.addresses.join() ?? ''
  const gets = (name: string): Promise<number> => until(() => addressIn(name).startsWith('10.78.0.'), 'an address', 20)

  it('containers get addresses of the server, in every life; clients that are gone come back; nothing is left', async () => {
    logs.except(/call\.failed|Handler for POST/)
    const before = snapshot()
    const words = ['network', 'create', '--driver=ovsd', '--opt=ipam=external', '--opt=bridge=bn0']
    const { stderr } = await execa('docker', [...words, '--subnet=10.78.0.0/24', 'lan'], { reject: false })
    assert.match(stderr, /Docker would give others[\s\S]*--ipam-driver null/)
    tool('docker', ...words, '--ipam-driver=null', 'lan')
    {
      await using server = await udhcpd('bn0')
      using a = container('--network=lan')
      await gets(a.name)
      assert.ok(reaches(a.name, SERVER))
      assert.deepEqual([...server.leases().values()], [addressIn(a.name).replace('/24', '')])
      await until(() => listed()[0]?.addresses[0] === addressIn(a.name), 'its address in the list')
      // Whatever is gone when the driver starts comes back; later it looks once a minute.
      const port = listed()[0]?.port ?? ''
      const [supervisor = 0] = supervisorsOf(port)
      process.kill(supervisor, 'SIGKILL')
      await driver.stop('SIGKILL')
      driver = await plugin()
      await until(() => supervisorsOf(port).some((pid) => pid !== supervisor), 'another client', 20)
      tool('docker', 'restart', '--time=0', a.name)
      assert.ok(pidOf(a.name) > 0)
      await gets(a.name)
      assert.ok(reaches(a.name, SERVER))
    }
    await until(() => clientProcesses().length === 0, 'all clients to end', 10)
    tool('docker', 'network', 'rm', 'lan')
    assert.deepEqual(snapshot(), before)
  })

  it('a container that is started again while its client is missed when the driver starts holds up nobody', async () => {
    logs.except(/Unable to connect to plugin|call\.failed/)
    tool(
      'docker',
      'network',
      'create',
      '--driver=ovsd',
      '--opt=ipam=external',
      '--opt=bridge=bn0',
      '--ipam-driver=null',
      'lan',
    )
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue')
    {
      await using _server = await udhcpd('bn0')
      using a = container('--network=lan')
      await gets(a.name)
      await driver.stop('SIGKILL')
      // One of them may take another along.
      tool('sh', '-c', 'kill -KILL "$@" || :', 'sh', ...clientProcesses().map(({ pid }) => String(pid)))
      // dockerd has that container to itself until the driver has answered, and says nothing about it meanwhile.
      const restart = execa('docker', ['restart', '--time=0', a.name])
      await pause(2000)
      driver = await plugin()
      await execa('docker', ['run', '--rm', '--network=blue', 'busybox', '/bin/busybox', 'true'])
      await restart
      const slow = driver.lines.filter(({ ms }) => Number(ms ?? 0) > HELD_UP_MS)
      assert.deepEqual(
        slow.map(({ msg }) => msg),
        [],
      )
      await gets(a.name)
    }
    await until(() => clientProcesses().length === 0, 'all clients to end', 10)
    tool('docker', 'network', 'rm', 'lan', 'blue')
  })
})
