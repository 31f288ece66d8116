// The steps of mirrors, as every step has it: apply, then done; undo after apply; undo without apply. And each command of
// them failing in turn.
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { execaSync } from 'execa'
import { openHost, type Host } from '../../src/lib/host.ts'
import { lookAtMirrors } from '../../src/lib/network/mirror/around.ts'
import { parseMirror } from '../../src/lib/network/mirror/words.ts'
import { createMirror } from '../../src/lib/plan/create-mirror.ts'
import { keepMirrors } from '../../src/lib/plan/keep-mirrors.ts'
import { removeMirror, withTunnel } from '../../src/lib/plan/remove-mirror.ts'
import { stepsOf, type ReversibleStep } from '../../src/lib/plan/step.ts'
import { expiryStart } from '../../src/lib/plan/steps/expiry-start.ts'
import { mirrorRemove } from '../../src/lib/plan/steps/mirror-remove.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { testBridge } from '../support/bridge.ts'
import { eachFault } from '../support/faulty-runner.ts'
import { attach, attached, mirrorRows, mirrorsSeen } from '../support/mirrors.ts'
import { ok } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { wayOut } from '../support/way-out.ts'

const signal = new AbortController().signal

/** A bridge with a source, one that gets copies, and a way to another host. */
function site() {
  const bridge = testBridge()
  const web = attached(bridge.name, 'eth1', '--ipaddress=10.66.0.1/24')
  const ids = attached(bridge.name, 'mon0')
  const out = wayOut()
  return {
    ...{ bridge: bridge.name, web, ids, out },
    words: (dest: string, more: { readonly ttl?: string } = {}) =>
      parseMirror({ name: 'm1', source: [web.name], dest, ...more }),
    [Symbol.dispose]() {
      for (const one of [bridge, web, ids, out]) one[Symbol.dispose]()
    },
  }
}

type Site = ReturnType<typeof site>
type Make = (host: Host, at: Site) => Promise<ReversibleStep>

const options = { mayExist: false, force: false, expire: ['true'] }

const put =
  (dest: (at: Site) => string): Make =>
  async (host, at) => {
    const { plan } = await createMirror(host, at.words(dest(at)), options)
    const [step] = plan === undefined ? [] : stepsOf(plan)
    return (step as ReversibleStep | undefined) ?? assert.fail('no step')
  }

const toPort = put(({ ids }) => ids.name)
const toTunnel = put(({ out }) => `gre:${out.there}`)

/** A mirror whose source has a new port. */
const renewed: Make = async (host, at) => {
  await (await toPort(host, at)).apply(signal)
  ok('del-port', at.bridge, 'eth1', at.web.name)
  attach(at.bridge, 'eth1', at.web, '--ipaddress=10.66.0.1/24')
  const [[step] = []] = await keepMirrors(host)
  return step ?? assert.fail('nothing to put right')
}

/** A tunnel that somebody took away. */
const renewedTunnel: Make = async (host, at) => {
  await (await toTunnel(host, at)).apply(signal)
  tool('ovs-vsctl', 'del-port', at.bridge, /\S+_m/.exec(tool('ovs-vsctl', 'list-ports', at.bridge))?.[0] ?? '')
  const [[step] = []] = await keepMirrors(host)
  return step ?? assert.fail('nothing to put right')
}

describe('steps of mirrors', () => {
  for (const [what, id, make] of [
    ['to a port', 'mirror.put', toPort],
    ['to a tunnel', 'mirror.put', toTunnel],
    ['with other ports', 'mirror.put', renewed],
    ['with its tunnel again', 'mirror.put', renewedTunnel],
  ] as const)
    describe(`${id} ${what}`, () => {
      it('is done after apply, and not before', async () => {
        using at = site()
        using host = openHost()
        const step = await make(host, at)
        assert.equal(step.id, id)
        assert.equal(await step.isDone(signal), false)
        await step.apply(signal)
        assert.equal(await step.isDone(signal), true)
        assert.equal(mirrorsSeen()[0]?.state, 'ok')
      })
      it('leaves nothing after undo', async () => {
        using at = site()
        using host = openHost()
        const step = await make(host, at)
        const [earlier, rows] = [snapshot(), mirrorRows()]
        await step.apply(signal)
        assert.notEqual(mirrorRows(), rows)
        await step.undo(signal)
        assert.deepEqual([snapshot(), mirrorRows()], [earlier, rows])
      })
      it('can be undone without having been applied', async () => {
        using at = site()
        using host = openHost()
        const step = await make(host, at)
        const [earlier, rows] = [snapshot(), mirrorRows()]
        await step.undo(signal)
        assert.deepEqual([snapshot(), mirrorRows()], [earlier, rows])
      })
    })

  describe('mirror.remove', () => {
    for (const [what, make] of [
      ['of a port', toPort],
      ['of a tunnel', toTunnel],
    ] as const)
      it(`${what}: is done after apply, and not before; there is nothing to undo`, async () => {
        using at = site()
        using host = openHost()
        const earlier = snapshot()
        await (await make(host, at)).apply(signal)
        const { table } = await lookAtMirrors(host)
        const step = await mirrorRemove(host, withTunnel(table.rows), 'Remove it')
        assert.equal(await step.isDone(signal), false)
        await step.apply(signal)
        assert.equal(await step.isDone(signal), true)
        // A second time, when there is nothing any more.
        await step.apply(signal)
        await step.undo(signal)
        assert.deepEqual(snapshot(), earlier)
      })
  })

  describe('expiry.start', () => {
    const started = async () => {
      const noted: string[] = []
      using host = openHost()
      const runner: Runner = async (command, stop) => {
        const output = await run(command, stop)
        noted.push(output.stdout.trim())
        return output
      }
      const step = expiryStart({ ...host, run: runner }, 60, ['true'])
      assert.equal(await step.isDone(signal), false)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      return { step, pid: noted[0] ?? assert.fail('no process') }
    }
    it('waits in a session of its own, and ends with undo', async () => {
      const { step, pid } = await started()
      assert.equal(tool('ps', '-o', 'sid=', '-p', pid).trim(), pid)
      assert.equal(step.leaves, `process ${pid}, which ends by itself`)
      await step.undo(signal)
      for (let tries = 0; existsSync(`/proc/${pid}`) && tries < 100; tries++) tool('sleep', '0.02')
      assert.ok(!existsSync(`/proc/${pid}`))
      assert.equal(await step.isDone(signal), false)
    })
    it('can be undone without having been applied', async () => {
      using host = openHost()
      await expiryStart(host, 60, ['true']).undo(signal)
    })
  })

  it('each command of mirror create fails in turn, before, after or killed: everything is as before', async () => {
    using at = site()
    const earlier = snapshot()
    for (const dest of [at.ids.name, `gre:${at.out.there}`])
      for (const { runner, reached, what } of eachFault()) {
        using host = openHost()
        using changing = openHost({ runner })
        const { plan } = await createMirror(changing, at.words(dest, { ttl: '2s' }), options)
        if (plan === undefined) assert.fail('no plan')
        const failed = await runPlan(plan, signal, nobody).then(
          () => false,
          () => true,
        )
        if (reached() && failed) assert.deepEqual([snapshot(), mirrorRows()], [earlier, ''], what)
        const { plan: removal } = mirrorRows() === '' ? { plan: undefined } : await removeMirror(host, 'm1')
        if (removal !== undefined) await runPlan(removal, signal, nobody)
      }
    assert.deepEqual(snapshot(), earlier)
    // Of a process that was started although setsid(1) failed nothing is known; it ends by itself.
    await until(() => execaSync('pgrep', ['-f', 'ovsd-mirror-expiry'], { reject: false }).exitCode === 1, 'its end')
  })
})
