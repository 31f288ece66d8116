// Networks whose addresses come from a DHCP server, with real containers, and the program run as users run it.
import { strict as assert } from 'node:assert'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { readPersistRecords } from '../../src/lib/attach/persist.ts'
import { readLease } from '../../src/lib/dhcp/marks.ts'
import { linkExists } from '../../src/lib/net/links.ts'
import { listed } from '../support/attachments.ts'
import { eachKill } from '../support/each-kill.ts'
import { container, inside, netnsOf, pidOf } from '../support/containers.ts'
import { dhcpServer, SERVER, udhcpd } from '../support/dhcp-server.ts'
import { clientProcesses, supervisorsOf } from '../support/dhcp-site.ts'
import { hostView, type HostView, type LogEnds } from '../support/host-view.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { bridgesSeen, portOf } from '../support/ovs-rows.ts'
import { json, ok, ovsd, PROGRAM } from '../support/ovsd.ts'
import { tool, toolIn } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { watch } from '../support/watch.ts'

interface Connected {
  readonly addresses: readonly string[]
  readonly gateways: readonly string[]
  readonly port: string
  readonly status: string
}

const shape = (view: HostView & LogEnds) => ({ ...view, ends: undefined })
const connect = (...args: string[]) => json('net', 'connect', 'lan', ...args) as Connected
const answers = (name: string): boolean => {
  try {
    toolIn(netnsOf(name), 'busybox', 'ping', '-c', '2', '-W', '1', SERVER)
    return true
  } catch {
    return false
  }
}
const leaseOf = (id: string) => readLease(portOf(id)?.ids ?? {})
const records = () => bridgesSeen().flatMap(({ ids }) => readPersistRecords(ids))

describe('net with addresses by DHCP', function () {
  this.timeout(90_000)
  let before: ReturnType<typeof shape>

  beforeEach(() => {
    before = shape(hostView())
    ok('net', 'create', 'lan', '--bridge=bn0', '--mode=l2', '--ipam=external')
  })

  afterEach(async () => {
    ok('net', 'rm', 'lan', '--force')
    await until(() => clientProcesses().length === 0, 'all clients to end', 5)
    assert.deepEqual(shape(hostView()), before)
  })

  it('an image that has nothing in it gets an address and a route, and reaches the server', async () => {
    await using server = await udhcpd('bn0')
    const folder = mkdtempSync(join(tmpdir(), 'ovsd-image-'))
    try {
      tool('cp', '/bin/busybox', join(folder, 'sleep'))
      execaSync('sh', ['-c', 'tar -C "$1" -c . | docker import - nothing-in-it', 'sh', folder])
    } finally {
      rmSync(folder, { recursive: true })
    }
    const id = tool('docker', 'run', '--detach', '--network=none', '--name=bare', 'nothing-in-it', '/sleep', '9999')
    try {
      const { addresses, gateways } = connect('bare')
      assert.match(addresses.join(), /^10\.78\.0\.\d+\/24$/)
      assert.deepEqual(gateways, [SERVER])
      assert.ok(answers('bare'))
      assert.deepEqual(insideSeen(netnsOf('bare')).get('eth1')?.addresses, addresses)
      assert.deepEqual([...server.leases().values()], [addresses[0]?.replace('/24', '')])
      assert.match(ok('net', 'inspect', 'lan'), /bare +[0-9a-f]{12} +eth1 +10\.78\.0\.\d+\/24 .* ok/)
      // Nothing of it is the container's business: neither its processes nor its files.
      assert.equal(tool('docker', 'diff', 'bare'), '')
      assert.equal(tool('docker', 'top', 'bare', '-o', 'pid').trim().split('\n').length, 2)
      ok('net', 'disconnect', 'lan', 'bare')
      await until(() => server.leases().size === 0, 'the lease to be given back', 5)
    } finally {
      tool('docker', 'rm', '--force', id.trim())
      tool('docker', 'rmi', 'nothing-in-it')
    }
  })

  it('what is configured inside is left alone: names, and a default route that is there', async () => {
    await using server = await udhcpd('bn0', 'opt dns 203.0.113.1', 'opt domain evil.example')
    using web = container()
    const names = inside(web.name, 'cat', '/etc/resolv.conf')
    connect(web.name)
    assert.equal(inside(web.name, 'cat', '/etc/resolv.conf'), names)
    assert.ok(server.leases().size === 1 && answers(web.name))
  })

  it('a container that is killed takes its client along, with nobody to look after it; the next start gets the same', async () => {
    await using server = await dhcpServer('bn0')
    using web = container()
    const { addresses, port } = connect(web.name)
    tool('docker', 'kill', web.name)
    const took = await until(() => clientProcesses().length === 0 && !linkExists(port), 'everything to go', 6)
    assert.ok(took <= 3000, `${took} ms`)
    assert.match(listed('--bridge=bn0')[0]?.reason ?? '', /not running/)
    tool('docker', 'start', web.name)
    const again = connect(web.name)
    assert.deepEqual([again.status, again.addresses], ['attached', addresses])
    assert.deepEqual(server.heard('RELEASE'), [])
    const ids = new Set(server.heard('DISCOVER').map(({ id, mac, name }) => `${id} ${mac} ${name}`))
    assert.equal(ids.size, 1)
    tool('docker', 'stop', '--time=0', web.name)
    await until(() => clientProcesses().length === 0, 'its client to go', 3)
    ok('gc')
    assert.equal(portOf(web.id), undefined)
  })

  it('no server: NoLease, status 1, and nothing is left, neither port nor record', () => {
    using web = container()
    const earlier = shape(hostView('bn0'))
    const { status, stdout, stderr } = ovsd(['net', 'connect', 'lan', web.name, '--json'])
    const { error } = JSON.parse(stdout) as { error: { code: string } }
    assert.deepEqual([status, error.code], [1, 'NoLease'], stderr)
    assert.deepEqual([portOf(web.id), records(), clientProcesses()], [undefined, [], []])
    assert.equal(insideSeen(netnsOf(web.name)).get('eth1'), undefined)
    assert.deepEqual(shape(hostView('bn0')), earlier)
  })

  it('--dry-run names the program that it would start, and starts nothing', () => {
    using web = container()
    assert.match(
      ok('net', 'connect', 'lan', web.name, '--dry-run'),
      new RegExp(
        `^busybox setsid busybox sh /run/ovsd/dhcp/supervise [0-9a-f]{13}_l /proc/${pidOf(web.name)}/ns/net `,
        'm',
      ),
    )
    assert.deepEqual([portOf(web.id), clientProcesses()], [undefined, []])
  })

  it('without busybox: said before anything is changed', () => {
    using web = container()
    const folder = mkdtempSync(join(tmpdir(), 'ovsd-tools-'))
    try {
      // The search path always ends with the system's folders, so this host's own is put out of the way.
      tool('mount', '--bind', '/dev/null', '/bin/busybox')
      const { status, stderr } = ovsd(['net', 'connect', 'lan', web.name], {
        PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      })
      assert.equal(status, 1)
      assert.match(stderr, /The program busybox is not installed[\s\S]*apt-get install busybox/)
      assert.equal(portOf(web.id), undefined)
    } finally {
      tool('umount', '/bin/busybox')
      rmSync(folder, { recursive: true })
    }
  })

  it('with the powers of the service, and no more, a lease is got, renewed and given back', async () => {
    const unit = readFileSync(new URL('../../packaging/systemd/ovsd-watch.service', import.meta.url), 'utf8')
    const powers = (/^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1] ?? '')
      .split(' ')
      .map((name) => name.slice(4).toLowerCase())
    await using server = await dhcpServer('bn0')
    using web = container()
    const limits = ['--no-new-privs', `--bounding-set=-all,${powers.map((name) => `+${name}`).join()}`]
    const as = (...args: string[]): string => execaSync('setpriv', [...limits, ...PROGRAM, 'net', ...args]).stdout
    as('connect', 'lan', web.name)
    const took = await until(() => server.heard('REQUEST').some(({ client }) => client !== '0.0.0.0'), 'a renewal', 25)
    assert.ok(took < 18_000, `only at the end of the lease: ${took} ms`)
    as('disconnect', 'lan', web.name)
    assert.equal(server.heard('RELEASE').length, 1)
  })

  describe('watch', () => {
    const ARGS = ['--bridge=bn0', '--policy=none', '--resync=5']

    it('attaches a container again that was restarted, with the address that it had; its own end ends no client', async () => {
      await using server = await dhcpServer('bn0')
      using web = container()
      const { addresses } = connect(web.name)
      await using watcher = await watch(ARGS)
      await watcher.after(() => tool('docker', 'restart', '--time=0', web.name), { event: 'port.attached' }, 20)
      await until(() => leaseOf(web.id) !== undefined && answers(web.name), 'the address again', 10)
      assert.deepEqual(insideSeen(netnsOf(web.name)).get('eth1')?.addresses, addresses)
      assert.deepEqual(server.heard('RELEASE'), [])
      await watcher.stop()
      assert.equal(supervisorsOf(portOf(web.id)?.port ?? '').length, 1)
      assert.equal(listed('--bridge=bn0')[0]?.state, 'ok')
    })

    it('starts a client again that somebody has killed, and a renewal is no change to it', async () => {
      await using server = await dhcpServer('bn0')
      using web = container()
      const { port } = connect(web.name)
      process.kill(supervisorsOf(port)[0] ?? 0, 'SIGKILL')
      await until(() => supervisorsOf(port).length === 0, 'it to be gone', 2)
      assert.equal(listed('--bridge=bn0')[0]?.reason, 'its DHCP client is gone')
      await using watcher = await watch(ARGS)
      await until(() => supervisorsOf(port).length === 1 && listed('--bridge=bn0')[0]?.state === 'ok', 'another', 15)
      await watcher.sees({ event: 'port.repaired', what: ['Start the DHCP client of eth1 again'] })
      const from = watcher.lines.length
      const seen = server.heard('REQUEST').length
      await until(() => server.heard('REQUEST').length > seen, 'a renewal', 20)
      assert.deepEqual(
        watcher.lines.slice(from).filter(({ level }) => level !== 'debug'),
        [],
      )
      assert.ok(answers(web.name))
    })

    it('a label with the name of the network is enough', async () => {
      await using server = await dhcpServer('bn0')
      await using watcher = await watch(ARGS)
      using web = container('--label=ovs.network=lan')
      await watcher.sees({ event: 'port.attached' }, { seconds: 20 })
      await until(() => answers(web.name), 'the server to be reached', 10)
      assert.ok(server.heard('REQUEST').length > 0)
      assert.equal(leaseOf(web.id)?.address.text, '10.78.0.20/24')
    })
  })

  it('killed before each call of a tool: the same command completes it, or it was undone', async function () {
    this.timeout(600_000)
    await using server = await dhcpServer('bn0')
    for (const { path, isReached, what } of eachKill({ atLeast: 8, moment: 'before' })) {
      using web = container()
      const { status, stderr } = ovsd(['net', 'connect', 'lan', web.name], { PATH: path })
      isReached()
      if (status === 1) {
        assert.match(stderr, /Everything done so far was undone/)
        assert.deepEqual([portOf(web.id), records()], [undefined, []], stderr)
        await until(() => clientProcesses().length === 0, 'the client to end', 3)
      }
      const { addresses } = connect(web.name, '--may-exist')
      assert.match(addresses.join(), /^10\.78\.0\.\d+\/24$/, what())
      assert.ok(answers(web.name), what())
      const processes = clientProcesses().map(({ words }) => words.join(' '))
      assert.equal(processes.length, 2, `${what()}: ${processes.join('; ')}`)
      assert.equal(supervisorsOf(portOf(web.id)?.port ?? '').length, 1, `${what()}: ${processes.join('; ')}`)
      ok('net', 'disconnect', 'lan', web.name)
      assert.deepEqual(clientProcesses(), [], what())
    }
    assert.ok(server.heard('RELEASE').length > 0)
  })
})
