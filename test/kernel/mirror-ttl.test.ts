// Mirrors that end by themselves, whoever is still there to see to it; and runs of mirror create that end half-way.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { execaSync } from 'execa'
import { openHost } from '../../src/lib/host.ts'
import { keepMirrors, missingOfMirrors } from '../../src/lib/plan/keep-mirrors.ts'
import { testBridge } from '../support/bridge.ts'
import { eachKill } from '../support/each-kill.ts'
import { attached, carryOut, echo, gets, mirrorRows, mirrorsSeen } from '../support/mirrors.ts'
import { json, ok, ovsd, PROGRAM } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { terminal } from '../support/terminal.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { wayOut } from '../support/way-out.ts'
import { wrappedTools } from '../support/wrapped-tools.ts'

function site() {
  const bridge = testBridge()
  const web = attached(bridge.name, 'eth1', '--ipaddress=10.66.0.1/24')
  const db = attached(bridge.name, 'eth1', '--ipaddress=10.66.0.2/24')
  const ids = attached(bridge.name, 'mon0')
  echo(web, '10.66.0.2')
  return {
    ...{ web, db, ids, bridge: bridge.name },
    line: (name: string) => ['mirror', 'create', name, `--source=${web.name}`, `--dest=${ids.name}`],
    copies: () => gets(ids.path, 'mon0', { web, db }, () => echo(web, '10.66.0.2')),
    [Symbol.dispose]() {
      for (const one of [bridge, web, db, ids]) one[Symbol.dispose]()
      execaSync('pkill', ['-f', 'ovsd-mirror-expiry'], { reject: false })
    },
  }
}

/** Process ids of those that wait for the end of a mirror. */
const waiting = (): readonly string[] =>
  execaSync('pgrep', ['-f', 'ovsd-mirror-expiry'], { reject: false }).stdout.split('\n').filter(Boolean)

/** Ends those that wait, and nobody is there who removes anything. */
function endWaiting(): void {
  for (const pid of waiting()) process.kill(-Number(pid), 'SIGKILL')
}

describe('mirror create --ttl', () => {
  it('goes by itself after that time, and copies no more; nothing is left running', async () => {
    using at = site()
    const before = snapshot()
    const { expires } = json(...at.line('m1'), '--ttl=3s') as { expires: string }
    const left = new Date(expires).getTime() - Date.now()
    assert.ok(left > 1000 && left <= 3000, expires)
    assert.deepEqual(await at.copies(), ['db>web', 'web>db'])
    assert.match(ok('mirror', 'ls'), new RegExp(`^m1 .* ${expires} +ok$`, 'm'))
    const took = await until(() => mirrorRows() === '', 'its end', 10)
    assert.ok(took < 4000, String(took))
    assert.deepEqual(await at.copies(), [])
    await until(() => waiting().length === 0, 'the end of the process')
    assert.deepEqual(snapshot(), before)
  })

  it('also when the terminal is closed; who waits is small, and has nothing of it', async () => {
    using at = site()
    {
      using shell = terminal()
      shell.type([...PROGRAM, ...at.line('m1'), '--ttl=6s'].join(' '), 'Enter')
      await shell.sees(/it ends at/)
      const [pid = ''] = waiting()
      assert.equal(tool('ps', '-o', 'sid=,tty=', '-p', pid).trim().replace(/ +/, ' '), `${pid} ?`)
      const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
      assert.ok(kibibytes < 4096, String(kibibytes))
    }
    assert.notEqual(mirrorRows(), '')
    await until(() => mirrorRows() === '', 'its end', 15)
  })

  it('when the process is killed: expired, until the next command, gc or watch comes by', async () => {
    using at = site()
    using host = openHost()
    const before = snapshot()
    const removers: Readonly<Record<string, () => unknown>> = {
      gc: () => ok('gc'),
      'mirror create': () => {
        ok(...at.line('m2'))
        assert.deepEqual(
          mirrorsSeen().map(({ mirror, state }) => [mirror, state]),
          [['m2', 'ok']],
        )
        ok('mirror', 'rm', 'm2')
      },
      'mirror create of the same name': () => {
        assert.equal((json(...at.line('m1')) as { status: string }).status, 'created')
        assert.equal(mirrorsSeen()[0]?.expires, null)
        ok('mirror', 'rm', 'm1')
      },
      'mirror rm': () => ok('mirror', 'rm', 'm1'),
      'mirror expire': () => assert.match(ok('mirror', 'expire'), /^m1 removed$/m),
      watch: async () => {
        assert.deepEqual(await missingOfMirrors(host), ['the time of mirror m1 is over'])
        await carryOut(await keepMirrors(host))
      },
    }
    for (const [name, remove] of Object.entries(removers)) {
      ok(...at.line('m1'), '--ttl=1s')
      endWaiting()
      await pause(1100)
      assert.equal(mirrorsSeen()[0]?.state, 'expired', name)
      await remove()
      assert.equal(mirrorRows(), '', name)
      assert.deepEqual(snapshot(), before, name)
    }
  })

  it('a tunnel goes with it, and one of the same name is made anew', async () => {
    using at = site()
    using out = wayOut()
    const before = snapshot()
    const line = ['mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=gre:${out.there}`]
    ok(...line, '--ttl=1s')
    endWaiting()
    await pause(1100)
    ok(...line)
    assert.equal(mirrorsSeen()[0]?.state, 'ok')
    ok('mirror', 'rm', 'm1')
    ok(...line, '--ttl=1s')
    await until(() => mirrorRows() === '', 'its end', 10)
    assert.deepEqual(snapshot(), before)
  })

  it('one that was made in an earlier run of the host is over, however the clock is set', () => {
    using at = site()
    ok(...at.line('m1'), '--ttl=1d')
    tool('ovs-vsctl', 'set', 'Mirror', 'm1', 'external_ids:ovsd_expires="1999-01-01T00:00:00.000Z"')
    assert.equal(mirrorsSeen()[0]?.state, 'ok')
    tool('ovs-vsctl', 'set', 'Mirror', 'm1', 'external_ids:ovsd_boot="another"')
    assert.equal(mirrorsSeen()[0]?.state, 'expired')
    ok('gc')
    assert.equal(mirrorRows(), '')
  })

  it('a database that is away at that moment is asked again', async function () {
    this.timeout(60_000)
    using at = site()
    ok(...at.line('m1'), '--ttl=2s', '--db=unix:/run/openvswitch/db.sock')
    tool('mv', '/run/openvswitch/db.sock', '/run/openvswitch/db.away')
    await pause(4000)
    tool('mv', '/run/openvswitch/db.away', '/run/openvswitch/db.sock')
    assert.notEqual(mirrorRows(), '')
    await until(() => mirrorRows() === '', 'its end', 20)
  })
})

describe('mirror: crash windows', function () {
  this.timeout(120_000)

  it('mirror create killed with SIGKILL at each call of a tool: the same command completes it, rm removes it', () => {
    using at = site()
    using out = wayOut()
    for (const dest of [at.ids.name, `gre:${out.there}`]) {
      const line = ['mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=${dest}`]
      const before = snapshot()
      for (const { path, isReached } of eachKill({ atLeast: 1 })) {
        const { status, stderr } = ovsd(line, { PATH: path })
        assert.equal(status, isReached() ? 137 : 0, stderr)
        ok(...line, '--may-exist')
        assert.equal(mirrorsSeen()[0]?.state, 'ok')
        ok('mirror', 'rm', 'm1')
        assert.deepEqual(snapshot(), before)
      }
    }
  })

  it('mirror rm killed with SIGKILL at each call of a tool: nothing, or all of it, is done', () => {
    using at = site()
    using out = wayOut()
    for (const dest of [at.ids.name, `gre:${out.there}`]) {
      const before = snapshot()
      for (const { path, isReached } of eachKill({ atLeast: 1 })) {
        ok('mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=${dest}`)
        const { status } = ovsd(['mirror', 'rm', 'm1'], { PATH: path })
        assert.equal(status, isReached() ? 137 : 0)
        if (mirrorRows() !== '') ok('mirror', 'rm', 'm1')
        assert.deepEqual(snapshot(), before)
      }
    }
  })

  it('mirror create interrupted before and after each call: everything is as before', () => {
    using at = site()
    const before = snapshot()
    for (const moment of ['before', 'after'] as const)
      for (let nth = 1; ; nth++) {
        using tools = wrappedTools(nth, moment, 'TERM')
        const { status, stderr } = ovsd([...at.line('m1'), '--ttl=1h'], { PATH: tools.path })
        if (tools.calls() < nth) {
          assert.equal(status, 0, stderr)
          ok('mirror', 'rm', 'm1')
          endWaiting()
          break
        }
        assert.equal(status, 143, stderr)
        assert.deepEqual([snapshot(), waiting()], [before, []])
      }
  })
})
