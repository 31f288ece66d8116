// FAULTS group A on the real program: killed, interrupted, or with a tool killed, at every call of a tool.
import { strict as assert } from 'node:assert'
import { portName } from '../../src/lib/attach/attachment.ts'
import { listed } from '../support/attachments.ts'
import { testBridge } from '../support/bridge.ts'
import { eachCall, eachKill, type HitRun } from '../support/each-kill.ts'
import { networkedNamespace } from '../support/namespace.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { toolIn } from '../support/tool.ts'
import { askedToEnd, wrappedTools } from '../support/wrapped-tools.ts'

const interrupted = (moment: 'before' | 'after') => eachCall((nth) => [moment, askedToEnd(nth, moment)[0]])

/** Runs `args`; `check` looks at what each run but the last one left. Gives how many these are. */
function atEveryCall(
  runs: Iterable<HitRun>,
  args: (bridge: string, namespace: { name: string; path: string }) => string[],
  check: (run: {
    nth: number
    status: number
    stderr: string
    bridge: string
    namespace: { name: string; path: string }
    before: ReturnType<typeof snapshot>
  }) => void,
  prepare: (bridge: string, namespace: { name: string; path: string }) => void = () => undefined,
): number {
  let hits = 0
  for (const { path, nth, isReached } of runs) {
    using bridge = testBridge()
    using namespace = networkedNamespace()
    prepare(bridge.name, namespace)
    const before = snapshot(namespace.path)
    const { status, stderr } = ovsd(args(bridge.name, namespace), { PATH: path })
    if (!isReached()) {
      assert.equal(status, 0, stderr)
      return hits
    }
    check({ nth, status, stderr, bridge: bridge.name, namespace, before })
    hits++
  }
  throw new Error('no run was the last one')
}

const addPort = (bridge: string, { name, path }: { name: string; path: string }): string[] => [
  ...['add-port', bridge, 'eth1', name, `--netns=${path}`],
  ...['--ipaddress=10.77.0.2/24', '--ipaddress=fd77::2/64', '--gateway=10.77.0.1', '--vlan=7'],
]

const isWhole = (bridge: string, { name, path }: { name: string; path: string }): void => {
  const attachments = listed(`--bridge=${bridge}`)
  assert.deepEqual(
    attachments.map(({ container, state, addresses }) => ({ container, state, addresses })),
    [{ container: name, state: 'ok', addresses: ['10.77.0.2/24', 'fd77::2/64'] }],
  )
  assert.match(toolIn(path, 'ip', 'route', 'show', 'default'), /^default via 10\.77\.0\.1 dev eth1 *\n$/)
}

describe('crash windows', function () {
  this.timeout(180_000)

  it('a tool that outlived a killed ovsd creates the interface while the next one is about to: undone, and said', () => {
    using bridge = testBridge()
    using namespace = networkedNamespace()
    const before = snapshot(namespace.path)
    const port = portName(namespace.name, 'eth1')
    const late = `ip link add ${port} type veth peer name eth1 netns ${namespace.name}`
    for (let nth = 1; ; nth++) {
      using tools = wrappedTools(nth, 'meanwhile', 'KILL', late)
      const { status, stderr } = ovsd(addPort(bridge.name, namespace), { PATH: tools.path })
      if (status !== 0) {
        assert.match(stderr, /a killed run had begun has just created eth1/)
        break
      }
      assert.ok(tools.calls() >= nth, 'no call creates a link')
      ok('del-port', bridge.name, 'eth1', namespace.name)
    }
    assert.deepEqual(snapshot(namespace.path), before)
    ok(...addPort(bridge.name, namespace))
  })

  it('add-port killed with SIGKILL at each call of a tool: the same command completes it', () => {
    atEveryCall(eachKill({ atLeast: 5 }), addPort, ({ status, bridge, namespace }) => {
      assert.equal(status, 137)
      // Killed at the last call it was complete already, because the tool finishes alone.
      ok(...addPort(bridge, namespace), '--may-exist')
      isWhole(bridge, namespace)
    })
  })

  for (const moment of ['before', 'after'] as const)
    it(`add-port interrupted ${moment} each call: everything is as before, with the status of the signal`, () => {
      const hits = atEveryCall(interrupted(moment), addPort, (run) => {
        assert.equal(run.status, askedToEnd(run.nth, moment)[1], run.stderr)
        assert.deepEqual(snapshot(run.namespace.path), run.before, run.stderr)
      })
      assert.ok(hits >= 5, `only ${String(hits)} calls`)
    })

  it('add-port with a tool killed at each call: undone, the command is named, or it was done already', () => {
    const hits = atEveryCall(
      eachCall(() => ['self', 'KILL']),
      addPort,
      ({ status, stderr, bridge, namespace, before }) => {
        if (status === 0) {
          // ovs-vsctl had done its work, and the database says so.
          isWhole(bridge, namespace)
          return
        }
        assert.equal(status, 1, stderr)
        assert.match(stderr, /Ended by SIGKILL: (ip|ovs-vsctl|nsenter) /)
        assert.deepEqual(snapshot(namespace.path), before)
      },
    )
    assert.ok(hits >= 5, `only ${String(hits)} calls`)
  })

  const attached = (bridge: string, namespace: { name: string; path: string }): void => {
    ok(...addPort(bridge, namespace))
  }

  it('del-port killed with SIGKILL at each call: the same command, or gc, finishes it', () => {
    const delPort = (bridge: string, { name }: { name: string }): string[] => ['del-port', bridge, 'eth1', name]
    atEveryCall(
      eachKill({ atLeast: 2 }),
      delPort,
      ({ status, bridge, namespace }) => {
        assert.equal(status, 137)
        ovsd(delPort(bridge, namespace))
        ok('gc')
        assert.deepEqual(listed(`--bridge=${bridge}`), [])
        assert.doesNotMatch(toolIn(namespace.path, 'ip', 'link'), /eth1/)
      },
      attached,
    )
  })

  it('del-port interrupted before each call: done, or what is left is named, and gc finishes it', () => {
    const delPort = (bridge: string, { name }: { name: string }): string[] => ['del-port', bridge, 'eth1', name]
    for (const [signal, wanted] of [
      ['INT', 130],
      ['TERM', 143],
    ] as const) {
      const hits = atEveryCall(
        eachCall(() => ['before', signal]),
        delPort,
        ({ status, stderr, bridge, namespace }) => {
          assert.ok([0, 3, wanted].includes(status), stderr)
          if (status === 3) assert.match(stderr, /left on the host: (port|link) /)
          if (ovsd(delPort(bridge, namespace)).status !== 0) ok('gc')
          assert.deepEqual(listed(`--bridge=${bridge}`), [])
          assert.doesNotMatch(toolIn(namespace.path, 'ip', 'link'), /eth1/)
        },
        attached,
      )
      assert.ok(hits >= 2)
    }
  })

  it('set-vlan killed with SIGKILL before and after its call: the VLAN is the old or the new one', () => {
    const setVlan = (bridge: string, { name }: { name: string }): string[] => ['set-vlan', bridge, 'eth1', name, '9']
    for (const moment of ['before', 'after'] as const)
      atEveryCall(
        eachCall(() => [moment, 'KILL']),
        setVlan,
        ({ status, bridge, namespace }) => {
          assert.equal(status, 137)
          ok(...setVlan(bridge, namespace))
          assert.equal(listed(`--bridge=${bridge}`)[0]?.state, 'ok')
        },
        attached,
      )
  })

  it('set-vlan interrupted before and after its call: the VLAN is as before', () => {
    const setVlan = (bridge: string, { name }: { name: string }): string[] => ['set-vlan', bridge, 'eth1', name, '9']
    for (const moment of ['before', 'after'] as const) {
      const hits = atEveryCall(
        eachCall(() => [moment, 'TERM']),
        setVlan,
        ({ status, stderr, namespace, before }) => {
          assert.equal(status, 143, stderr)
          assert.deepEqual(snapshot(namespace.path), before)
        },
        attached,
      )
      assert.equal(hits, 1)
    }
  })
})
