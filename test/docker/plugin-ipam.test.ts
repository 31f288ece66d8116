// `docker network create --ipam-driver ovsd`: addresses that ovsd gives to Docker, with a real engine.
import { strict as assert } from 'node:assert'
import { execa } from 'execa'
import { refused } from '../support/docker-cli.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { toolIn, tool } from '../support/tool.ts'
import { netnsOf } from '../support/containers.ts'
import { callDriver } from '../support/plugin-call.ts'
import { snapshot } from '../support/snapshot.ts'
import { reaches } from '../support/traffic.ts'
import { plugin, type Watcher } from '../support/watch.ts'

describe('ovsd as an address driver of Docker', function () {
  this.timeout(120_000)
  let driver: Watcher
  let clean: ReturnType<typeof snapshot>
  before(async () => {
    driver = await plugin()
    clean = snapshot()
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
  })
  const logs = holdsThroughout(() => driver)
  afterEach(() => {
    const all = (what: string, ...words: string[]) =>
      tool('docker', what, 'ls', '--quiet', ...words)
        .split('\n')
        .filter(Boolean)
    const containers = all('container', '--all')
    if (containers.length > 0) tool('docker', 'rm', '--force', ...containers)
    const networks = all('network', '--filter=driver=ovsd')
    if (networks.length > 0) tool('docker', 'network', 'rm', ...networks)
    assert.deepEqual(snapshot(), clean)
  })

  const create = (name: string, ...options: string[]): void =>
    void tool('docker', 'network', 'create', '--driver=ovsd', '--ipam-driver=ovsd', ...options, name)
  const SLEEP = ['busybox', '/bin/busybox', 'sleep', '100000']
  const run = (network: string, ...options: string[]): string =>
    tool('docker', 'run', '--detach', `--network=${network}`, ...options, ...SLEEP).trim()
  const addressesOf = (id: string): readonly string[] =>
    (
      JSON.parse(toolIn(netnsOf(id), 'ip', '-json', 'address', 'show', 'dev', 'eth0')) as {
        addr_info: { local: string; prefixlen: number; scope: string }[]
      }[]
    )
      .flatMap(({ addr_info: all }) => all)
      .filter(({ scope }) => scope === 'global')
      .map(({ local, prefixlen }) => `${local}/${String(prefixlen)}`)
  const gatewayOf = (network: string): string =>
    tool(
      'docker',
      'network',
      'inspect',
      '--format={{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}',
      network,
    ).trim()

  it('gives addresses of the range, those that are asked for, and none that is kept', async () => {
    logs.except(/call\.failed|Handler for POST/)
    create('blue', '--subnet=10.9.0.0/24', '--ip-range=10.9.0.128/25', '--aux-address=printer=10.9.0.129')
    const [a, b, c] = [run('blue'), run('blue', '--ip=10.9.0.7'), run('blue')]
    assert.deepEqual([a, b, c].map(addressesOf), [['10.9.0.128/24'], ['10.9.0.7/24'], ['10.9.0.130/24']])
    assert.match(toolIn(netnsOf(a), 'ip', 'route', 'show', 'default'), /^default via 10\.9\.0\.1 dev eth0/)
    assert.ok(reaches(a, '10.9.0.7'))
    // One that was given back is not soon somebody else's.
    tool('docker', 'rm', '--force', c)
    assert.deepEqual(addressesOf(run('blue')), ['10.9.0.131/24'])
    const again = await refused('run', '--network=blue', '--ip=10.9.0.7', ...SLEEP)
    assert.match(again, /10\.9\.0\.7 belongs to .* on ovsbr0/)
    assert.match(await refused('run', '--network=blue', '--ip=10.9.0.129', ...SLEEP), /10\.9\.0\.129 is kept for/)
  })

  it('two tenants have the same subnet, the same addresses, and nothing to do with each other', () => {
    for (const [tenant, vlan] of [
      ['acme', '7'],
      ['umbrella', '8'],
    ] as const)
      create(tenant, '--subnet=10.9.0.0/24', `--opt=tenant_id=${tenant}`, `--opt=vlan=${vlan}`, '--opt=mode=l2')
    const all = ['acme', 'acme', 'umbrella', 'umbrella'].map((name) => run(name))
    assert.deepEqual(all.map(addressesOf), [['10.9.0.2/24'], ['10.9.0.3/24'], ['10.9.0.2/24'], ['10.9.0.3/24']])
    assert.ok(reaches(all[0] ?? '', '10.9.0.3'))
    tool('docker', 'rm', '--force', all[3] ?? '')
    assert.ok(!reaches(all[2] ?? '', '10.9.0.3'))
  })

  it('a network takes its own pool, and none that Docker asked for and never heard of', async () => {
    const lost = async (): Promise<void> => {
      const asked = { AddressSpace: 'ovsd', Pool: '10.9.0.0/24', SubPool: '', Options: {}, V6: false }
      assert.equal((await callDriver('RequestPool', asked, undefined, 'IpamDriver')).status, 200)
    }
    await lost()
    await lost()
    create('blue', '--subnet=10.9.0.0/24', '--aux-address=printer=10.9.0.9')
    await lost()
    const records = tool('ovs-vsctl', 'get', 'Bridge', 'ovsbr0', 'external_ids')
    assert.equal(records.match(/10\.9\.0\.0\/24,10\.9\.0\.0\/24,[0-9a-f]{8}/g)?.length, 1, records)
    assert.deepEqual(addressesOf(run('blue')), ['10.9.0.2/24'])
  })

  it('both IP versions, and subnets that nobody named', () => {
    create('six', '--ipv6', '--subnet=10.9.0.0/24', '--subnet=fd09::/64', '--gateway=fd09::9')
    assert.deepEqual(addressesOf(run('six')), ['10.9.0.2/24', 'fd09::1/64'])
    create('any')
    create('other')
    assert.deepEqual(['any', 'other'].map(gatewayOf), ['10.224.0.0/24 10.224.0.1', '10.224.1.0/24 10.224.1.1'])
    assert.deepEqual(addressesOf(run('any')), ['10.224.0.2/24'])
  })

  it('a driver that was killed knows what is in use, and which network a pool is of', async () => {
    create('acme', '--subnet=10.9.0.0/24', '--opt=vlan=7', '--opt=mode=l2')
    create('umbrella', '--subnet=10.9.0.0/24', '--opt=vlan=8', '--opt=mode=l2')
    for (const name of ['acme', 'acme', 'umbrella']) run(name)
    await driver.stop('SIGKILL')
    driver = await plugin()
    assert.deepEqual(
      ['acme', 'umbrella'].map((name) => addressesOf(run(name))),
      [['10.9.0.4/24'], ['10.9.0.3/24']],
    )
  })

  it('twenty at once get twenty addresses, and says when there are no more', async () => {
    logs.except(/call\.failed|Handler for POST/)
    create('small', '--subnet=10.9.0.0/27', '--opt=mode=l2')
    const words = ['run', '--detach', '--network=small', ...SLEEP]
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await execa('docker', words)).stdout))
    assert.equal(new Set(ids.flatMap(addressesOf)).size, 20)
    for (let i = 20; i < 29; i++) run('small')
    assert.match(await refused(...words), /No address is left: all of 10\.9\.0\.0\/27 are in use/)
    tool('docker', 'rm', '--force', ids[3] ?? '')
    run('small')
  })

  it('ipam=static: only addresses that are asked for; from Docker itself, which always gives one, it is refused', async () => {
    logs.except(/call\.failed|Handler for POST/)
    const own = ['network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', '--opt=ipam=static', 'blue']
    assert.match(
      await refused(...own),
      /--opt ipam: Docker itself gives every container an address; only those that are asked for.*--ipam-driver ovsd/s,
    )
    assert.deepEqual(snapshot(), clean)
    create('blue', '--subnet=10.9.0.0/24', '--opt=ipam=static')
    const a = run('blue', '--ip=10.9.0.7')
    assert.deepEqual(addressesOf(a), ['10.9.0.7/24'])
    const words = await refused('run', '--network=blue', ...SLEEP)
    assert.match(words, /--ip: the network blue gives no addresses by itself \(ipam=static\), so one has to be named/)
    tool('docker', 'restart', '--time=0', a)
    assert.deepEqual(addressesOf(a), ['10.9.0.7/24'])
    assert.ok(reaches(a, '10.9.0.1'))
  })

  it('what cannot be is refused in the words that were typed', async () => {
    logs.except(/call\.failed|Handler for POST/)
    const bad = (...options: string[]) =>
      refused('network', 'create', '--driver=ovsd', '--ipam-driver=ovsd', ...options, 'bad')
    assert.match(await bad('--subnet=10.9.0.0/24', '--ipam-opt=colour=red'), /--ipam-opt: there is no option "colour"/)
    assert.match(await bad('--subnet=10.9.0.0/24', '--gateway=10.9.0.255'), /10\.9\.0\.255/)
    const pool = async (name: string, body: object) => callDriver(name, body, undefined, 'IpamDriver')
    assert.deepEqual((await pool('RequestAddress', { PoolID: 'x', Address: '' })).status, 400)
    assert.deepEqual((await pool('ReleaseAddress', { PoolID: '', Address: '' })).status, 400)
    assert.deepEqual((await pool('ReleasePool', { PoolID: '10.0.0.0/24,10.0.0.0/24,0123abcd' })).status, 200)
  })
})
