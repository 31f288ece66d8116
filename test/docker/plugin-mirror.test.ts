// Mirrors that networks of Docker ask for: they follow their containers, without a look at all networks.
import { strict as assert } from 'node:assert'
import { netnsOf } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { hostLink } from '../support/host-link.ts'
import { ECHO, mirrorRows, mirrorsSeen } from '../support/mirrors.ts'
import { comesTrue } from '../support/ovn.ts'
import { ok } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { sniffer } from '../support/sniffer.ts'
import { tool } from '../support/tool.ts'
import { answers, reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin } from '../support/watch.ts'

const state = (): string => `${mirrorsSeen()[0]?.state ?? 'none'} ${mirrorsSeen()[0]?.reason ?? ''}`.trim()

function run(name: string, network: string): Disposable {
  const args = ['--detach', `--name=${name}`, `--network=${network}`, 'busybox', '/bin/busybox', 'sleep', '100000']
  tool('docker', 'run', ...args)
  return { [Symbol.dispose]: () => void tool('docker', 'rm', '--force', name) }
}

/** Who is copied to mon while web asks db. */
async function copied(): Promise<readonly string[]> {
  const capture = await sniffer('eth0', ECHO, netnsOf('mon'))
  answers('web', '10.9.0.3')
  const macs = (await capture.stop()).map((line) => /^\S+ ([0-9a-f:]+) >/.exec(line)?.[1] ?? line)
  const names = new Map(['web', 'db'].map((name) => [insideSeen(netnsOf(name)).get('eth0')?.mac ?? '', name]))
  return [...new Set(macs.map((mac) => names.get(mac) ?? mac))].sort()
}

describe('mirrors of networks of Docker', function () {
  this.timeout(90_000)
  // A mirror is there before the container that it is for.
  holdsThroughout(() => undefined, /mirror \S+ does not specify output; ignoring/)

  for (const mirrored of ['all', 'web'])
    it(`of ${mirrored}: are made when containers are there, and follow those that are started again`, async () => {
      const before = snapshot()
      {
        await using driver = await plugin()
        const words = ['--opt=mode=l2', `--opt=mirror.ports=${mirrored}`, '--opt=mirror.dest=mon']
        tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', ...words, 'blue')
        {
          using _web = run('web', 'blue')
          using _db = run('db', 'blue')
          assert.match(state(), /^waiting waits for mon/)
          using _mon = run('mon', 'blue')
          await until(() => state() === 'ok', 'the mirror', 8)
          assert.deepEqual(await copied(), ['db', 'web'])
          for (const one of ['mon', 'web']) {
            const from = driver.lines.length
            tool('docker', 'restart', '--time=0', one)
            const since = performance.now()
            await until(() => state() === 'ok', `the mirror to follow ${one}`, 8)
            console.log(`      ${one} was started again: ${String(Math.round(performance.now() - since))} ms`)
            assert.deepEqual(await copied(), ['db', 'web'], one)
            assert.deepEqual(driver.all('upkeep.failed', from), [])
          }
        }
        tool('docker', 'network', 'rm', 'blue')
      }
      assert.deepEqual(snapshot(), before)
    })
})

describe('mirrors of networks on OVN', function () {
  this.timeout(120_000)
  let link: Disposable
  before(() => {
    link = hostLink()
    ok('ovn', 'bootstrap', '--central=local', '--encap-ip=192.0.2.7')
  })
  after(() => {
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    link[Symbol.dispose]()
  })
  holdsThroughout(() => undefined, /mirror \S+ does not specify output; ignoring/)
  const SUBNETS = { blue: '10.9.0.0/24', red: '10.8.0.0/24' }
  const areUp = async (...pairs: readonly (readonly [string, string])[]): Promise<void> => {
    for (const [name, ip] of pairs) await comesTrue(() => Promise.resolve(reaches(name, ip)), `${name} reaches ${ip}`)
  }

  for (const mirrored of ['all', 'web'])
    it(`of ${mirrored}: copy what goes through this network, and nothing of another one on the same bridge`, async () => {
      {
        await using driver = await plugin()
        const create = (name: 'blue' | 'red', ...words: string[]): void => {
          const options = [`--subnet=${SUBNETS[name]}`, `--opt=ovn.switch=ls-${name}`, ...words]
          tool('docker', 'network', 'create', '--driver=ovsd', ...options, name)
        }
        create('blue', `--opt=mirror.ports=${mirrored}`, '--opt=mirror.dest=mon')
        create('red')
        {
          using _web = run('web', 'blue')
          using _db = run('db', 'blue')
          using _red = run('red1', 'red')
          using _other = run('red2', 'red')
          tool('docker', 'network', 'connect', 'red', 'web')
          using _mon = run('mon', 'blue')
          await until(() => state() === 'ok', 'the mirror', 8)
          await areUp(['web', '10.9.0.3'], ['red1', '10.8.0.3'], ['web', '10.8.0.2'])
          assert.deepEqual(await copied(), ['db', 'web'])
          const capture = await sniffer('eth0', ECHO, netnsOf('mon'))
          answers('red1', '10.8.0.3')
          answers('web', '10.8.0.2')
          assert.deepEqual(await capture.stop(), [])
          for (const one of ['mon', 'web']) {
            const from = driver.lines.length
            tool('docker', 'restart', '--time=0', one)
            await until(() => state() === 'ok', `the mirror to follow ${one}`, 8)
            await areUp(['web', '10.9.0.3'])
            assert.deepEqual(await copied(), ['db', 'web'], one)
            assert.deepEqual(driver.all('upkeep.failed', from), [])
          }
        }
        for (const name of ['blue', 'red']) tool('docker', 'network', 'rm', name)
      }
      assert.equal(mirrorRows(), '')
    })

  it('are made by net create and mirror create, too; other hosts hear nothing of them', async () => {
    const create = (name: 'blue' | 'red', ...words: string[]): string =>
      ok('net', 'create', name, `--switch=ls-${name}`, `--subnet=${SUBNETS[name]}`, ...words)
    const mirroring = ['--mirror-ports=all', '--mirror-dest=mon:mon0']
    const connect = (network: string, name: string): string => {
      const { addresses } = JSON.parse(ok('net', 'connect', network, name, '--json')) as { addresses: string[] }
      return addresses[0]?.replace(/\/.*/, '') ?? ''
    }
    create('blue', ...mirroring)
    create('red')
    assert.match(tool('ovn-nbctl', '--columns=external_ids', 'list', 'Logical_Switch'), /ls-blue|ovsd_net/)
    assert.doesNotMatch(tool('ovn-nbctl', '--columns=external_ids', 'list', 'Logical_Switch'), /mon0/)
    {
      using _web = run('web', 'none')
      using _db = run('db', 'none')
      using _red = run('red1', 'none')
      using _other = run('red2', 'none')
      using _mon = run('mon', 'none')
      const [, db, , red] = [
        connect('blue', 'web'),
        connect('blue', 'db'),
        connect('red', 'red1'),
        connect('red', 'red2'),
      ]
      await areUp(['web', db], ['red1', red])
      ok('add-port', 'br-int', 'mon0', 'mon')
      assert.match(state(), /^waiting it is made by ovsd net connect/)
      create('blue', ...mirroring, '--may-exist')
      assert.equal(state(), 'ok')
      const copies = async (): Promise<readonly boolean[]> => {
        const seen: boolean[] = []
        for (const [from, to] of [
          ['web', db],
          ['red1', red],
        ] as const) {
          const capture = await sniffer('mon0', ECHO, netnsOf('mon'))
          assert.ok(answers(from, to))
          seen.push((await capture.stop()).length > 0)
        }
        return seen
      }
      assert.deepEqual(await copies(), [true, false])
      ok('net', 'rm', 'blue', '--force')
      assert.equal(mirrorRows(), '')
      ok('mirror', 'create', 'm1', '--source=network:red', '--dest=mon:mon0')
      create('blue')
      for (const name of ['web', 'db']) connect('blue', name)
      await areUp(['web', db])
      assert.deepEqual(await copies(), [false, true])
      ok('mirror', 'rm', 'm1')
      ok('del-port', 'br-int', 'mon0', 'mon')
      for (const name of ['blue', 'red']) ok('net', 'rm', name, '--force')
    }
    assert.equal(mirrorRows(), '')
  })
})
