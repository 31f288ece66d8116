// From nothing to a working OVN with the central of the distribution, and back.
import { strict as assert } from 'node:assert'
import { openHost, type Host } from '../../src/lib/host.ts'
import { bootstrap } from '../../src/lib/plan/ovn/bootstrap.ts'
import { leaveCloud } from '../../src/lib/plan/ovn/leave.ts'
import { teardown } from '../../src/lib/plan/ovn/teardown.ts'
import type { Prepared } from '../../src/lib/plan/prepared.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { FAULTS, faultyRunner } from '../support/faulty-runner.ts'
import { errorOf, ok, ovsd } from '../support/ovsd.ts'
import { chassisNames, comesTrue } from '../support/ovn.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { underlay, type Underlay } from '../support/underlay.ts'

const LOCAL = ['ovn', 'bootstrap', '--central=local']

async function through(recipe: (host: Host) => Promise<Prepared<object>>, runner?: Runner): Promise<void> {
  using host = openHost()
  const { plan } = await recipe(runner === undefined ? host : { ...host, run: runner })
  if (plan !== undefined) await runPlan(plan, new AbortController().signal, nobody)
}

const settings = () => tool('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch')
const now = () => ({
  host: snapshot(),
  settings: settings(),
  daemons: tool('sh', '-c', 'pgrep -c "ovn-|ovsdb-server" || true'),
  files: tool('ls', '/var/lib/ovn'),
})
const listening = () => tool('ss', '-Hltn', 'src :6641 or src :6642').trim()

describe('ovn bootstrap --central local', function () {
  this.timeout(300_000)
  let hosts: Underlay
  before(async () => {
    hosts = await underlay(1)
  })
  after(() => hosts[Symbol.asyncDispose]())

  it('from nothing, a second time without a change, and back to nothing', () => {
    const before = now()
    const said = ok(...LOCAL)
    assert.match(
      said,
      /^This host is chassis ovsd-lab-\S+ of unix:\/run\/ovn\/ovnsb_db\.sock, geneve at 198\.51\.100\.1$/m,
    )
    assert.equal(listening(), '')
    assert.match(ok('ovn', 'status'), /All is well/)
    const there = now()
    assert.match(ok(...LOCAL), /^Nothing to do: /)
    assert.match(ok('ovn', 'bootstrap'), /^Nothing to do: /)
    assert.deepEqual(now(), there)
    assert.equal(errorOf(ovsd(['ovn', 'teardown', '--json'])).code, 'CentralInUse')
    ok('ovn', 'leave')
    assert.match(ok('ovn', 'teardown', '--delete-data'), /^Central removed, and its databases$/m)
    assert.match(ok('ovn', 'teardown'), /^Nothing to do/)
    assert.deepEqual(now(), before)
  })

  it('databases stay without --delete-data, and are used again', () => {
    const before = now()
    ok(...LOCAL)
    tool('ovn-nbctl', 'ls-add', 'kept')
    ok('ovn', 'leave')
    assert.match(ok('ovn', 'teardown'), /its databases stay/)
    ok(...LOCAL)
    assert.match(tool('ovn-nbctl', 'ls-list'), /\(kept\)/)
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(now(), before)
  })

  it('listens where it is told, for a second host; without certificates only with --insecure', async () => {
    assert.equal(ovsd([...LOCAL, '--listen=198.51.100.1']).status, 2)
    ok(...LOCAL, '--listen=198.51.100.1', '--insecure')
    assert.deepEqual(
      listening()
        .split('\n')
        .map((line) => line.split(/\s+/)[3])
        .sort(),
      ['198.51.100.1:6641', '198.51.100.1:6642'],
    )
    assert.match(ok(...LOCAL, '--listen=198.51.100.1', '--insecure'), /^Nothing to do/)
    const [far] = hosts.far
    assert.ok(far)
    await far.ok('ovn', 'join', 'tcp:198.51.100.1', '--insecure')
    assert.equal((await chassisNames(hosts.near)).length, 2)
    await far.ok('ovn', 'leave')
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
  })

  it('databases that were there before are never deleted, whoever starts them; half of a central is left alone', () => {
    tool('/usr/share/ovn/scripts/ovn-ctl', 'start_northd')
    tool('ovn-nbctl', 'ls-add', 'precious')
    tool('ovn-appctl', '-t', 'ovn-northd', 'exit')
    const half = now()
    assert.equal(errorOf(ovsd([...LOCAL, '--json'])).code, 'CentralSilent')
    assert.deepEqual(now(), half)
    tool('/usr/share/ovn/scripts/ovn-ctl', 'stop_northd')
    ok(...LOCAL)
    ok('ovn', 'leave')
    assert.match(ok('ovn', 'teardown', '--delete-data'), /^Nothing to do: ovsd has made no central here/)
    assert.match(tool('ovn-nbctl', 'ls-list'), /precious/)
    tool('/usr/share/ovn/scripts/ovn-ctl', 'stop_northd')
    tool('sh', '-c', 'rm -f /var/lib/ovn/*')
  })

  it('databases that hosts still belong to are not deleted, not even while they cannot be asked', async () => {
    const before = now()
    ok(...LOCAL, '--listen=198.51.100.1', '--insecure')
    const [far] = hosts.far
    assert.ok(far)
    await far.ok('ovn', 'join', 'tcp:198.51.100.1', '--insecure')
    ok('ovn', 'leave')
    tool('ovn-appctl', '-t', 'ovn-northd', 'exit')
    assert.match(
      errorOf(ovsd(['ovn', 'teardown', '--delete-data', '--json'])).message,
      /Hosts still belong to it: ovsd-lab/,
    )
    tool('/usr/share/ovn/scripts/ovn-ctl', 'stop_northd')
    assert.match(errorOf(ovsd(['ovn', 'teardown', '--delete-data', '--json'])).message, /nobody knows which hosts/)
    tool('/usr/share/ovn/scripts/ovn-ctl', 'start_northd')
    await far.ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(now(), before)
  })

  it('the lines that --dry-run prints do in a shell what it does', async () => {
    const before = now()
    tool('bash', '-e', '-c', ok(...LOCAL, '--dry-run'))
    await comesTrue(() => Promise.resolve(ovsd(['ovn', 'status']).status === 0), 'all is well')
    ok(...LOCAL)
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(now(), before)
  })

  it('does not listen at an address that the host does not have', () => {
    const before = now()
    const refused = ovsd([...LOCAL, '--listen=203.0.113.9', '--insecure', '--json'])
    assert.deepEqual([refused.status, errorOf(refused).code], [2, 'BadInput'])
    assert.match(errorOf(refused).message, /--listen: this host has no address 203\.0\.113\.9/)
    assert.deepEqual(now(), before)
  })

  it('files that are lost are not replaced by empty ones, unless that is asked for', async () => {
    const before = now()
    ok(...LOCAL)
    tool('/usr/share/ovn/scripts/ovn-ctl', 'stop_northd')
    tool('sh', '-c', 'rm -f /var/lib/ovn/*')
    assert.equal(errorOf(ovsd([...LOCAL, '--json'])).code, 'CentralDataLost')
    ok(...LOCAL, '--restore')
    // It may take ovn-controller a moment to find its way about an empty database.
    await comesTrue(() => Promise.resolve(ovsd(['ovn', 'status']).status === 0), 'all is well')
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(now(), before)
  })

  it('where a central of somebody else was made to listen, it does not after teardown; never twice at one port', () => {
    tool('/usr/share/ovn/scripts/ovn-ctl', 'start_northd')
    tool('ovn-nbctl', 'set-connection', 'ptcp:6641:127.0.0.1')
    ok(...LOCAL, '--listen=198.51.100.1', '--insecure')
    const files = ['--private-key=/etc/hostname', '--certificate=/etc/hostname', '--ca-cert=/etc/hostname']
    const twice = ovsd([...LOCAL, '--listen=198.51.100.1', ...files, '--json'])
    assert.equal(errorOf(twice).code, 'ListenTaken')
    ok('ovn', 'leave')
    assert.match(ok('ovn', 'teardown'), /listens no more where ovsd had it listen/)
    assert.equal(tool('ovn-nbctl', 'get-connection').trim(), 'ptcp:6641:127.0.0.1')
    assert.equal(tool('ovn-sbctl', 'get-connection').trim(), '')
    tool('/usr/share/ovn/scripts/ovn-ctl', 'stop_northd')
    tool('sh', '-c', 'rm -f /var/lib/ovn/*')
  })

  it('a central that somebody else started is used and left alone', () => {
    tool('/usr/share/ovn/scripts/ovn-ctl', 'start_northd')
    const before = now()
    ok('ovn', 'bootstrap')
    assert.match(ok('ovn', 'teardown'), /^Nothing to do/)
    ok('ovn', 'leave')
    const after = now()
    assert.deepEqual(after, before)
    tool('/usr/share/ovn/scripts/ovn-ctl', 'stop_northd')
    tool('sh', '-c', 'rm -f /var/lib/ovn/*')
  })

  for (const fault of FAULTS)
    it(`each command fails (${fault}) in turn: all is as before`, async () => {
      const before = now()
      let hits = 0
      for (let nth = 0; ; nth++) {
        const { runner, reached } = faultyRunner(nth, fault)
        const words = { central: 'local', listen: '198.51.100.1', insecure: true }
        const done = await through((host) => bootstrap(host, words), runner).then(
          () => true,
          () => false,
        )
        if (done) {
          await through((host) => leaveCloud(host, false))
          await through((host) => teardown(host, { deleteData: true, force: false }))
        }
        assert.deepEqual(now(), before, `command ${nth}`)
        if (!reached()) break
        hits++
      }
      assert.ok(hits >= 7, `only ${hits} commands`)
    })
})
