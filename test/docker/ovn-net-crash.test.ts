// FAULTS group A for networks on OVN: killed at every call of a tool; and every tool fails in turn.
import { strict as assert } from 'node:assert'
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import { connectNetwork } from '../../src/lib/plan/connect-network.ts'
import { createNetwork } from '../../src/lib/plan/create-network.ts'
import type { Prepared } from '../../src/lib/plan/prepared.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { container, type TestContainer } from '../support/containers.ts'
import { eachKill } from '../support/each-kill.ts'
import { netCreate, portOf } from '../support/cloud.ts'
import { FAULTS, faultyRunner } from '../support/faulty-runner.ts'
import { dump } from '../support/northbound.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { underlay, type Underlay } from '../support/underlay.ts'
import { logicalHolds } from '../support/logical-invariants.ts'
import { askedToEnd, wrappedTools } from '../support/wrapped-tools.ts'

const shell = (line: string): string => tool('sh', '-c', line)

/** What ovsd has on the host and in the northbound database; not what OVN makes of it. */
const now = () => ({
  northbound: dump(),
  ports: tool('ovs-vsctl', 'list-ports', 'br-int'),
  records: shell(`ovs-vsctl get Bridge br-int external_ids | grep -o '"\\?ovsd_[^ ,}=]*' | sort || true`),
  links: shell('ip -oneline link show type veth | grep -o "[0-9a-f]\\{13\\}_l" || true'),
  store: shell('find /var/lib/ovsd -type f | sort'),
})

describe('networks on OVN, and faults', function () {
  this.timeout(300_000)
  let hosts: Underlay
  let a: TestContainer
  let none: ReturnType<typeof now>
  before(async () => {
    hosts = await underlay(0)
    ok('ovn', 'bootstrap', '--central=local', `--encap-ip=${hosts.near.address}`)
    a = container()
    ok(...netCreate())
    ok('net', 'rm', 'blue')
    none = now()
  })
  after(async () => {
    a[Symbol.dispose]()
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    await hosts[Symbol.asyncDispose]()
  })
  afterEach(() => {
    ovsd(['net', 'rm', 'blue', '--force'])
    assert.deepEqual(now(), none)
  })

  const create = netCreate()
  const connect = () => ['net', 'connect', 'blue', a.name]
  const disconnect = () => ['net', 'disconnect', 'blue', a.name]
  const remove = ['net', 'rm', 'blue']
  const pings = () => {
    const pid = tool('docker', 'inspect', '--format={{.State.Pid}}', a.name).trim()
    return tool('nsenter', `--net=/proc/${pid}/ns/net`, 'ip', '-4', '-oneline', 'address', 'show', 'eth1')
  }

  /** Kills a command at each call of a tool in turn; `check` gets what is to be true afterwards. */
  function atEveryCall(args: readonly string[], prepare: () => void, check: () => void): void {
    for (const { path, isReached } of eachKill({ atLeast: 2 })) {
      prepare()
      const { status, stderr } = ovsd(args, { PATH: path })
      const isKilled = isReached()
      assert.equal(status, isKilled ? 137 : 0, stderr)
      if (isKilled) check()
    }
  }
  const quiet = (...words: string[]): void => void ovsd(words)

  it('net create killed at each call: repeated it is whole, removed nothing is left', () => {
    const prepare = () => {
      quiet(...remove)
      assert.deepEqual(now(), none)
    }
    atEveryCall(create, prepare, () => {
      // It may have been done already.
      assert.ok([0, 1].includes(ovsd(create).status))
      assert.match(ok(...create, '--may-exist'), /was there already/)
      ok(...connect())
      ok(...disconnect())
    })
  })

  it('net connect killed at each call: repeated it is attached, disconnected nothing is left', () => {
    ok(...create)
    const empty = now()
    const prepare = () => {
      quiet(...disconnect())
      assert.deepEqual(now(), empty)
    }
    atEveryCall(connect(), prepare, () => {
      const again = ovsd(connect())
      assert.ok(again.status === 0 || again.stderr.includes('already attached'), again.stderr)
      assert.match(ok(...connect(), '--may-exist'), /10\.0\.0\./)
      assert.match(pings(), / 10\.0\.0\.\d+\/24 /)
      assert.equal(tool('ovn-nbctl', 'get', 'Logical_Switch_Port', portOf(a), 'up').trim(), 'true')
      logicalHolds()
    })
  })

  it('net disconnect killed at each call: repeated, or with gc, nothing is left', () => {
    ok(...create)
    const empty = now()
    const prepare = () => {
      quiet(...connect())
    }
    atEveryCall(disconnect(), prepare, () => {
      quiet(...disconnect())
      ok('gc')
      assert.deepEqual(now(), empty)
    })
    quiet(...disconnect())
  })

  it('net rm killed at each call: repeated, nothing is left', () => {
    const prepare = () => {
      quiet(...create)
      ok(...create, '--may-exist')
    }
    atEveryCall(remove, prepare, () => {
      quiet(...remove)
      assert.deepEqual(now(), none)
    })
  })

  for (const moment of ['before', 'after'] as const)
    it(`net create and net connect asked to end ${moment} each call: the host and the northbound database are as before`, () => {
      const asked = (args: readonly string[], undo: readonly string[]) => {
        const before = now()
        for (let nth = 1; ; nth++) {
          const [name, ended] = askedToEnd(nth, moment)
          using tools = wrappedTools(nth, moment, name)
          const { status, stderr } = ovsd(args, { PATH: tools.path })
          if (tools.calls() < nth) {
            assert.equal(status, 0, stderr)
            return
          }
          // After the last of them there is nothing left to be interrupted.
          if (status === 0) ok(...undo)
          else assert.equal(status, ended, stderr)
          assert.deepEqual(now(), before, `${name} ${moment} call ${String(nth)}: ${stderr}`)
        }
      }
      asked(create, remove)
      asked(connect(), disconnect())
    })

  /** Does what a recipe plans, with a runner that may fail. */
  async function through(recipe: (host: Host) => Promise<Prepared<object>>, runner: Runner): Promise<void> {
    using host = openHost()
    const prepared = await recipe({ ...host, run: runner })
    try {
      if (prepared.plan !== undefined) await runPlan(prepared.plan, new AbortController().signal, nobody)
    } finally {
      prepared[Symbol.dispose]?.()
    }
  }

  async function eachFails(
    fault: (typeof FAULTS)[number],
    recipe: (host: Host) => Promise<Prepared<object>>,
    undo: () => void,
  ) {
    const before = now()
    let hits = 0
    for (let nth = 0; ; nth++) {
      const { runner, reached } = faultyRunner(nth, fault)
      const done = await through(recipe, runner).then(
        () => true,
        () => false,
      )
      if (done) undo()
      assert.deepEqual(now(), before, `command ${String(nth)}`)
      if (!reached()) break
      hits++
    }
    assert.ok(hits >= 2, `only ${String(hits)} commands`)
  }

  for (const fault of FAULTS) {
    it(`net create, each command fails (${fault}) in turn: the northbound database and the host are as before`, async () => {
      const words = { name: 'blue', mode: 'l2', switch: 'ls-blue', subnet: ['10.0.0.0/24'], dhcp: 'ovn' }
      await eachFails(
        fault,
        (host) => createNetwork(host, words, parseNetworkSpec(words), { mayExist: false }),
        () => {
          ok(...remove)
        },
      )
    })

    it(`net connect, each command fails (${fault}) in turn: the northbound database and the host are as before`, async () => {
      ok(...create)
      const words = { network: 'blue', container: a.name }
      await eachFails(
        fault,
        (host) => connectNetwork(host, words),
        () => {
          ok(...disconnect())
        },
      )
    })
  }
})
