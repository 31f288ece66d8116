// FAULTS group B, at exact moments: what happens to the container, or what others do, while add-port runs.
import { strict as assert } from 'node:assert'
import { listed } from '../support/attachments.ts'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { wrappedTools } from '../support/wrapped-tools.ts'

/** Runs an add-port for each of its calls of a tool, with something happening before that call; gives how many there were. */
function atEveryCall(
  meanwhile: (name: string) => string,
  check: (name: string, bridge: string, status: number, stderr: string) => void,
): number {
  for (let nth = 1; ; nth++) {
    using bridge = testBridge()
    using one = container()
    using tools = wrappedTools(nth, 'meanwhile', 'KILL', meanwhile(one.name))
    const { status, stderr } = ovsd(['add-port', bridge.name, 'eth1', one.name, '--ipaddress=10.6.0.2/24'], {
      PATH: tools.path,
    })
    if (tools.calls() < nth) return nth - 1
    check(one.name, bridge.name, status, stderr)
    // Whatever happened, the same command makes it whole once the container runs, and nothing is left behind.
    tool('docker', 'start', one.name)
    ok('add-port', bridge.name, 'eth1', one.name, '--ipaddress=10.6.0.2/24', '--may-exist')
    assert.deepEqual(
      listed(`--bridge=${bridge.name}`).map(({ state }) => state),
      ['ok'],
    )
    ok('del-port', bridge.name, 'eth1', one.name)
    assert.doesNotMatch(tool('ip', 'link'), /_l@/)
  }
}

describe('while add-port runs', function () {
  this.timeout(120_000)

  it('the container is restarted, at every call of a tool: never reported as done for a life that is over', () => {
    const hits = atEveryCall(
      (name) => `docker restart --time=0 ${name}`,
      (_, bridge, status, stderr) => {
        assert.equal(status, 1, stderr)
        assert.deepEqual(listed(`--bridge=${bridge}`), [], stderr)
      },
    )
    assert.ok(hits >= 4)
  })

  it('the container ends, at every call of a tool: nothing is left', () => {
    const hits = atEveryCall(
      (name) => `docker kill ${name}`,
      (_, bridge, status, stderr) => {
        assert.equal(status, 1, stderr)
        assert.deepEqual(listed(`--bridge=${bridge}`), [], stderr)
      },
    )
    assert.ok(hits >= 4)
  })

  it('the container is paused, at every call of a tool: it is attached', () => {
    const hits = atEveryCall(
      (name) => `docker pause ${name}`,
      (name, _, status, stderr) => {
        tool('docker', 'unpause', name)
        assert.equal(status, 0, stderr)
      },
    )
    assert.ok(hits >= 4)
  })

  it('a container whose image holds no tool at all is attached like any other', () => {
    using bridge = testBridge()
    tool('sh', '-c', 'd=$(mktemp -d) && cp /bin/busybox $d/sleep && tar -C $d -c . | docker import - bare && rm -r $d')
    tool('docker', 'run', '--detach', '--name=bare', '--network=none', 'bare', '/sleep', '1000')
    try {
      ok(
        'add-port',
        bridge.name,
        'eth1',
        'bare',
        '--ipaddress=10.6.0.2/24',
        '--ipaddress=fd06::2/64',
        '--gateway=10.6.0.1',
      )
      assert.equal(listed('--container=bare')[0]?.state, 'ok')
      ok('del-port', bridge.name, 'eth1', 'bare')
    } finally {
      tool('docker', 'rm', '--force', 'bare')
      tool('docker', 'rmi', 'bare')
    }
  })
})
