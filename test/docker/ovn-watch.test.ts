// Containers that labels put into networks on OVN, over two hosts, each with its own engine and its own `ovsd watch`.
import { strict as assert } from 'node:assert'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { netCreate, portOf, TwoHosts } from '../support/cloud.ts'
import { errorOf, ovsd, PROGRAM } from '../support/ovsd.ts'
import { echoes } from '../support/place.ts'
import { temporaryFolder } from '../support/socket-server.ts'

/** What the daemon had to say; on a machine with much to do a database may well be silent for a moment. */
const said = (lines: readonly { level: string; event: string; msg: string }[]) =>
  lines
    .filter(({ level, event }) => (level === 'warn' || level === 'error') && event !== 'central.away')
    .map(({ msg }) => msg)

describe('networks on OVN over two hosts, with watch on both', function () {
  this.timeout(180_000)
  let hosts: TwoHosts
  before(async () => {
    hosts = await TwoHosts.start()
  })
  after(() => hosts.end())
  afterEach(() => hosts.clear())

  it('30 at once on each get 60 addresses, all different; started again they have the same, and reach each other', async () => {
    await hosts.both(...netCreate())
    const { near, far } = hosts
    const sites = [near, far]
    const watchers = [await hosts.follow(near), await hosts.follow(far)]
    const labels = { 'ovs.network': 'blue' }
    const ids = [await hosts.create(near, 30, labels), await hosts.create(far, 30, labels)]
    const each = async (command: string, count: number) => {
      const line = (i: number) => `echo ${(ids[i] ?? []).slice(0, count).join(' ')} | xargs -n1 -P8 docker ${command}`
      await Promise.all(sites.map((site, i) => site.run('sh', '-c', line(i))))
    }
    const all = async () => (await Promise.all(sites.map((site, i) => hosts.addresses(site, ids[i] ?? [])))).flat()
    const attached = async (times: number, from: readonly number[]) => {
      for (const [i, one] of watchers.entries())
        await one.sees({ event: 'port.attached' }, { times, from: from[i] ?? 0, seconds: 90 })
    }
    await each('start', 30)
    await attached(30, [0, 0])
    const given = await all()
    assert.equal(new Set(given).size, 60, given.join(' '))
    assert.ok(given.every((text) => /^10\.0\.0\.\d+$/.test(text) && text !== '10.0.0.1'))
    // What the northbound database says is what they have.
    const rows = await hosts.nbctl('--bare', '--no-headings', '--columns=addresses', 'list', 'Logical_Switch_Port')
    const known = rows.split('\n').flatMap((text) => text.split(' ')[1] ?? [])
    assert.deepEqual([...known].sort(), [...given].sort())
    const from = watchers.map(({ lines }) => lines.length)
    await each('restart --time=0', 5)
    await attached(5, from)
    assert.deepEqual(await all(), given)
    assert.ok(await echoes(await hosts.placeOf(near, ids[0]?.[0] ?? ''), given[59] ?? ''))
    assert.ok(await echoes(await hosts.placeOf(far, ids[1]?.[29] ?? ''), given[0] ?? ''))
    // On a busy machine central answers later than a daemon waits: nobody gets an address of another one for that (above).
    const unusual = (text: string): boolean => !text.includes('no answer within 2 s')
    for (const { lines } of watchers) assert.deepEqual(said(lines).filter(unusual), [])
  })

  it('a container that net connect attached keeps its address through docker restart, and its logical port is of the new life', async () => {
    await hosts.both(...netCreate())
    const { near, far } = hosts
    const watcher = await hosts.follow(near)
    const a = await hosts.run(near)
    const b = await hosts.run(far)
    await near.ok('net', 'connect', 'blue', a.name, '--ip=10.0.0.77')
    await far.ok('net', 'connect', 'blue', b.name)
    const first = await hosts.generationOf(portOf(a))
    const from = watcher.lines.length
    await near.run('docker', 'restart', '--time=0', a.id)
    await watcher.sees({ event: 'port.attached', container: a.name }, { from })
    assert.deepEqual(await hosts.addresses(near, [a.id]), ['10.0.0.77'])
    const second = await hosts.generationOf(portOf(a))
    assert.notEqual(second, first)
    assert.equal(second, await hosts.startedAt(a))
    assert.ok(await echoes(b, '10.0.0.77'))
    assert.equal(await hosts.nbctl('get', 'Logical_Switch_Port', portOf(a), 'up'), 'true')
  })

  it('equal addresses in two networks of one host are no conflict: for labels, for net connect, for ovsd list', async () => {
    await hosts.both(...netCreate())
    await hosts.both(...netCreate('red'))
    const { near } = hosts
    const watcher = await hosts.follow(near)
    const run = async (network: string, address: string) => {
      const guest = await hosts.run(near, { 'ovs.network': network, 'ovs.ip_address': address })
      await watcher.sees({ event: 'port.attached', container: guest.name })
      return guest
    }
    const a = await run('blue', '10.0.0.9')
    const b = await run('red', '10.0.0.9')
    // Kept for one that does not run, and yet free in the other network.
    const c = await run('blue', '10.0.0.10')
    await near.run('docker', 'stop', '--time=0', c.id)
    await watcher.sees({ event: 'port.detached', container: c.name })
    assert.ok((await hosts.logicalPorts()).includes(portOf(c)))
    const d = await hosts.run(near)
    await near.ok('net', 'connect', 'red', d.name, '--ip=10.0.0.10')
    const taken = await hosts.run(near, { 'ovs.network': 'blue', 'ovs.ip_address': '10.0.0.10' })
    const [refused] = await watcher.sees({ event: 'port.refused', container: taken.name })
    assert.equal(refused?.['code'], 'AddressInUse')
    const { attachments } = JSON.parse(await near.ok('list', '--json')) as {
      attachments: { container: string; state: string; addresses: string[] }[]
    }
    assert.deepEqual(
      attachments.map(({ container, state, addresses: [one] }) => [container, state, one]).sort(),
      [
        [a.name, 'ok', '10.0.0.9/24'],
        [b.name, 'ok', '10.0.0.9/24'],
        [d.name, 'ok', '10.0.0.10/24'],
      ].sort(),
    )
    // The one that stopped is removed: its address is free.
    await near.run('docker', 'rm', c.id)
    await watcher.sees({ event: 'port.attached', container: taken.name })
    assert.ok(await echoes(taken, '10.0.0.9'))
    assert.ok(await echoes(d, '10.0.0.9'))
  })

  /** Runs ovsd on the near host; when it first changes the northbound database, something else is done on the far one before. */
  function overtaken(args: readonly string[], ...meanwhile: string[]): ReturnType<typeof ovsd> {
    using folder = temporaryFolder()
    const enter = ['nsenter', `--target=${String(hosts.far.host.pid)}`, '--mount', '--net', '--uts', '--pid', '--root']
    const other = `PATH=/usr/sbin:/usr/bin:/sbin:/bin ${[...enter, '--', ...PROGRAM, ...meanwhile].join(' ')}`
    const once = `mkdir ${folder.path}/once 2>/dev/null && { ${other} >${folder.path}/said 2>&1; echo $? >${folder.path}/status; }`
    const script = join(folder.path, 'ovsdb-client')
    writeFileSync(script, `#!/bin/sh\n${once}\nexec /usr/bin/ovsdb-client "$@"\n`)
    chmodSync(script, 0o755)
    const ended = ovsd([...args, '--json'], { PATH: `${folder.path}:${process.env['PATH'] ?? ''}` })
    assert.ok(existsSync(`${folder.path}/status`), ended.stderr)
    assert.equal(
      readFileSync(`${folder.path}/status`, 'latin1').trim(),
      '0',
      readFileSync(`${folder.path}/said`, 'latin1'),
    )
    return ended
  }

  it('another host is faster to make the network, and to take the address: the command begins again by itself', async () => {
    const { near, far } = hosts
    const created = overtaken(netCreate(), ...netCreate())
    assert.equal(created.status, 0, created.stderr)
    assert.equal(await hosts.nbctl('--bare', '--columns=name', 'list', 'Logical_Switch'), 'ls-blue')
    const [a, b, c, d] = [await hosts.run(near), await hosts.run(far), await hosts.run(near), await hosts.run(far)]
    const connected = overtaken(['net', 'connect', 'blue', a.name], 'net', 'connect', 'blue', b.name)
    assert.equal(connected.status, 0, connected.stderr)
    assert.deepEqual((JSON.parse(connected.stdout) as { addresses: string[] }).addresses, ['10.0.0.3/24'])
    assert.deepEqual(await hosts.addresses(far, [b.id]), ['10.0.0.2'])
    assert.ok(await echoes(a, '10.0.0.2'))
    // One that was asked for is nothing to choose again.
    const asked = overtaken(
      ['net', 'connect', 'blue', c.name, '--ip=10.0.0.50'],
      'net',
      'connect',
      'blue',
      d.name,
      '--ip=10.0.0.50',
    )
    assert.equal(asked.status, 1)
    assert.equal(errorOf(asked).code, 'AddressInUse')
    assert.deepEqual(await hosts.logicalPorts(), [portOf(a), portOf(b), portOf(d)].sort())
  })
})
