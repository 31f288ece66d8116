// net create --confirm-within: the network is taken back unless somebody who still reaches the host says that it stays.
import { strict as assert } from 'node:assert'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { openHost } from '../../src/lib/host.ts'
import { pendingKey } from '../../src/lib/network/pending.ts'
import type { CreatedNetwork } from '../../src/lib/plan/create-network.ts'
import { overdueNetworks } from '../../src/lib/reconcile/take-back-networks.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { lan, type Lan } from '../support/lan.ts'
import { eachKill } from '../support/each-kill.ts'
import { pings } from '../support/outside.ts'
import { bridgesSeen } from '../support/ovs-rows.ts'
import { json, ok, ovsd, PROGRAM } from '../support/ovsd.ts'
import { pingingIn } from '../support/pinging.ts'
import { processesWith } from '../support/processes.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { createFlat, hostNow, settle } from '../support/uplink.ts'
import { wrappedTools } from '../support/wrapped-tools.ts'

const signal = new AbortController().signal
const isThere = (name = 'blue'): boolean => ovsd(['net', 'inspect', name]).status === 0
const watchdogs = (): readonly number[] => processesWith('__take-back')
const line = ({ nic }: Lan, seconds: number): string[] => [
  ...['net', 'create', 'blue', '--bridge=bflat', `--uplink=${nic}`, '--force', `--confirm-within=${seconds}s`],
]
const make = (net: Lan, seconds: number) => json(...line(net, seconds)) as CreatedNetwork

/** What `ovsd watch` does about networks whose watchdog is gone; gives the names of those that it took back. */
async function upkeep(): Promise<readonly string[]> {
  using host = openHost()
  const done: string[] = []
  for (const due of await overdueNetworks(host, signal)) {
    const plan = await due.plan(signal)
    if (plan === undefined) continue
    await runPlan(plan, signal, nobody)
    done.push(due.about)
  }
  return done
}

/** Changes what is recorded of a network that waits. */
function forge(change: (pending: Record<string, unknown>) => Record<string, unknown>): void {
  const text = bridgesSeen().find(({ name }) => name === 'bflat')?.ids[pendingKey('blue')] ?? '{}'
  const pending = JSON.stringify(change(JSON.parse(text) as Record<string, unknown>))
  tool('ovs-vsctl', 'set', 'Bridge', 'bflat', `external_ids:${pendingKey('blue')}=${JSON.stringify(pending)}`)
}

describe('net create --confirm-within', function () {
  this.timeout(180_000)

  afterEach(() => {
    for (const pid of watchdogs()) process.kill(pid, 'SIGKILL')
    if (isThere()) ok('net', 'rm', 'blue', '--force')
  })

  it('nobody confirms: everything is as before when the time is over, and who asks each 20 ms loses nothing', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    const started = performance.now()
    await using asking = await pingingIn(net.path, '203.0.113.1')
    const { pending } = make(net, 4)
    assert.deepEqual([pending?.watchdog, watchdogs().length], [watchdogs()[0], 1])
    assert.ok(Math.abs(Date.parse(pending?.until ?? '') - Date.now() - 4000) < 3000)
    await until(() => !isThere(), 'the network to go', 15)
    const took = performance.now() - started
    await until(() => watchdogs().length === 0, 'the watchdog to end')
    assert.ok(took > 3900 && took < 9000, `taken back after ${took} ms`)
    const { sent, lost } = await asking.stop()
    assert.ok(sent > 100 && lost === 0, `${lost} of ${sent} lost`)
    assert.deepEqual(hostNow(), before)
    assert.match(ovsd(['net', 'confirm', 'blue']).stderr, /There is no network blue/)
  })

  it('confirmed in time: it stays, its watchdog ends, and there is nothing to confirm any more', async () => {
    using net = lan()
    make(net, 4)
    assert.deepEqual(json('net', 'confirm', 'blue'), { network: 'blue', status: 'confirmed' })
    await until(() => watchdogs().length === 0, 'the watchdog to end', 4)
    await pause(4000)
    assert.ok(isThere())
    assert.deepEqual(json('net', 'confirm', 'blue'), { network: 'blue', status: 'unchanged' })
    assert.deepEqual(await upkeep(), [])
  })

  it('says what to type, and until when; without the flag, and with --dry-run, nothing waits', () => {
    using net = lan()
    assert.match(
      ok(...line(net, 60)),
      /; taken back in (60|5\d) s, unless you type: ovsd net confirm blue(; after a reboot .* systemctl enable --now ovsd-watch)?\n$/,
    )
    ok('net', 'rm', 'blue')
    const without = line(net, 60).slice(0, -1)
    assert.equal((json(...without, '--may-exist') as CreatedNetwork).pending, null)
    ok('net', 'rm', 'blue')
    ok(...line(net, 60), '--dry-run')
    assert.ok(!isThere())
  })

  it('the session that it was typed in goes, with all its processes: taken back all the same', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    const shell = execa('sh', ['-c', `${[...PROGRAM, ...line(net, 3)].join(' ')}; sleep 61.7`], {
      ...{ detached: true, reject: false, stdio: 'ignore' },
    })
    await until(() => processesWith('61.7').some((pid) => pid !== shell.pid), 'the command to end')
    assert.ok(isThere())
    process.kill(-(shell.pid ?? 0), 'SIGHUP')
    for (const pid of watchdogs()) process.kill(pid, 'SIGHUP')
    await shell
    await until(() => !isThere(), 'the network to go', 15)
    assert.deepEqual(hostNow(), before)
  })

  it('ovsd is killed before each call of a tool: after the time, everything is as before', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    for (const { path, isReached, what } of eachKill({ atLeast: 10, moment: 'before' })) {
      const { status } = ovsd(line(net, 2), { PATH: path })
      assert.equal(status, isReached() ? 137 : 0)
      assert.ok(pings(net.path, '203.0.113.1'))
      // It ends when it has done it.
      await until(() => watchdogs().length === 0, 'the watchdog to do it', 20)
      // Killed before there was a watchdog: what waits without one is taken back by ovsd watch.
      await pause(300)
      if (isThere()) {
        await pause(2000)
        assert.deepEqual(await upkeep(), ['network blue'])
      }
      assert.deepEqual(hostNow(), before, what())
    }
  })

  it('its watchdog is killed, and its copy is in a folder of its own: ovsd watch forgets that one, too', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ovsd-`)
    try {
      const args = ['--bridge=bflat', '--mode=l2', `--state-dir=${folder}`, '--confirm-within=600s']
      const { id = '' } = json('net', 'create', 'blue', ...args) as { readonly id?: string }
      const copies = () => readdirSync(folder, { recursive: true }).filter((name) => String(name).includes(id))
      assert.match(id, /^[0-9a-f]{64}$/)
      assert.equal(copies().length, 1)
      for (const pid of watchdogs()) process.kill(pid, 'SIGKILL')
      forge((pending) => ({ ...pending, until: { boot: 'another', seconds: 1 } }))
      assert.deepEqual(await upkeep(), ['network blue'])
      assert.deepEqual([isThere(), copies()], [false, []])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('its watchdog is killed: that is shown, and ovsd watch takes the network back when the time is over', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    make(net, 4)
    for (const pid of watchdogs()) process.kill(pid, 'SIGKILL')
    assert.match(ok('net', 'inspect', 'blue'), /taken back in \d s by ovsd watch, if that runs: its watchdog is gone/)
    assert.deepEqual(await upkeep(), [])
    await pause(4500)
    assert.deepEqual(await upkeep(), ['network blue'])
    assert.deepEqual(hostNow(), before)
  })

  it('after a reboot it is taken back at once, however long it had', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    make(net, 600)
    for (const pid of watchdogs()) process.kill(pid, 'SIGKILL')
    forge((pending) => ({ ...pending, until: { boot: 'another', seconds: 1e9 } }))
    assert.deepEqual(await upkeep(), ['network blue'])
    assert.deepEqual(hostNow(), before)
  })

  it('another network of the same name is none of its business', async () => {
    using net = lan()
    make(net, 3)
    const [old] = watchdogs()
    ok('net', 'rm', 'blue')
    ok('net', 'create', 'blue', '--bridge=bflat', '--mode=l2', '--confirm-within=600s')
    await until(() => !watchdogs().includes(old ?? 0), 'the first watchdog to end')
    await pause(3500)
    assert.ok(isThere() && watchdogs().length === 1)
    ok('net', 'rm', 'blue')
    await until(() => watchdogs().length === 0, 'the second watchdog to end')
  })

  it('repeated, it waits no longer than it did; another watchdog takes the place of one that is gone', () => {
    using net = lan()
    const first = make(net, 600)
    for (const pid of watchdogs()) process.kill(pid, 'SIGKILL')
    const again = json(...line(net, 5), '--may-exist') as CreatedNetwork
    assert.deepEqual([again.status, again.pending?.until], ['unchanged', first.pending?.until])
    assert.deepEqual([again.pending?.watchdog], watchdogs())
  })

  it('a watchdog that does not start: nothing is made', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    const words = { name: 'blue', bridge: 'bflat', uplink: net.nic }
    for (const watchdog of [['/bin/false'], ['/bin/echo', 'ready?'], ['/nowhere']])
      await assert.rejects(createFlat(words, { force: true, confirm: { seconds: 60, watchdog } }), {
        code: 'WatchdogFailed',
      })
    assert.deepEqual(hostNow(), before)
  })

  it('what fails later is undone, and its watchdog ends', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    using tools = wrappedTools(13, 'self', 'KILL')
    const { status, stderr } = ovsd(line(net, 60), { PATH: tools.path })
    assert.deepEqual([status, tools.calls() > 13], [1, true], stderr)
    assert.match(stderr, /Everything done so far was undone/)
    await until(() => watchdogs().length === 0, 'the watchdog to end')
    assert.deepEqual(hostNow(), before)
  })
})
