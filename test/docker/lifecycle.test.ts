// FAULTS group B: what containers do while and after they are attached.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { listed } from '../support/attachments.ts'
import { testBridge } from '../support/bridge.ts'
import { container, netnsOf, pidOf } from '../support/containers.ts'
import { json, ok, ovsd, start } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'

const add = (bridge: string, iface: string, name: string, ...options: string[]): string[] => [
  'add-port',
  bridge,
  iface,
  name,
  ...options,
]

/** Expects a refusal with status 1 and these words, and that nothing at all changed. */
function refused(args: readonly string[], words: RegExp): void {
  const before = snapshot()
  const { status, stderr, stdout } = ovsd(args)
  assert.equal(status, 1, stdout + stderr)
  assert.match(stderr, words)
  assert.deepEqual(snapshot(), before)
}

describe('containers that cannot be attached', () => {
  it('stopped', () => {
    using bridge = testBridge()
    using a = container()
    tool('docker', 'stop', '--time=0', a.name)
    refused(add(bridge.name, 'eth1', a.name), /Failed to get the PID of the container: .* is not running/)
  })
  it('unknown, and a bridge that is missing is not created for it', () => {
    refused(add('bk-none', 'eth1', 'nosuch'), /there is no container nosuch/)
  })
  it('on the network of the host', () => {
    using bridge = testBridge()
    using a = container('--network=host')
    refused(add(bridge.name, 'eth1', a.name), /uses the network of the host/)
  })
  it('sharing the network of another, which is named', () => {
    using bridge = testBridge()
    using owner = container()
    using a = container(`--network=container:${owner.name}`)
    refused(add(bridge.name, 'eth1', a.name), new RegExp(`shares the network of container ${owner.id.slice(0, 12)}`))
  })
  it('by a prefix of two ids', () => {
    using bridge = testBridge()
    const made = Array.from({ length: 17 }, () => container())
    try {
      // Of 17 ids, two begin with the same digit.
      const firsts = made.map(({ id }) => id.charAt(0))
      const shared = firsts.find((digit, i) => firsts.indexOf(digit) !== i) ?? ''
      refused(add(bridge.name, 'eth1', shared), /beginning of several container ids/)
    } finally {
      for (const one of made) one[Symbol.dispose]()
    }
  })
  it('with an interface of that name that is not ours', () => {
    using bridge = testBridge()
    using a = container()
    toolIn(netnsOf(a.name), 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'far1')
    refused(add(bridge.name, 'eth1', a.name), /already has an interface eth1, and it is not ovsd's/)
  })
})

describe('containers that change', () => {
  it('restarted: list says stale, a repeated add-port replaces it, traffic flows', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    ok(...add(bridge.name, 'eth1', a.name, '--ipaddress=10.2.0.2/24'))
    ok(...add(bridge.name, 'eth1', b.name, '--ipaddress=10.2.0.3/24'))
    tool('docker', 'restart', '--time=0', a.name)
    assert.equal(listed(`--container=${a.name}`)[0]?.state, 'stale')
    const { replaced } = json(...add(bridge.name, 'eth1', a.name, '--ipaddress=10.2.0.2/24')) as { replaced: string[] }
    assert.equal(replaced.length, 1)
    assert.equal(listed(`--container=${a.name}`)[0]?.state, 'ok')
    assert.ok(reaches(a.name, '10.2.0.3'))
  })

  it('stopped or removed: del-port, del-ports and gc still remove the port', () => {
    using bridge = testBridge()
    using a = container()
    ok(...add(bridge.name, 'eth1', a.name))
    tool('docker', 'stop', '--time=0', a.name)
    ok('del-port', bridge.name, 'eth1', a.name)
    tool('docker', 'start', a.name)
    ok(...add(bridge.name, 'eth1', a.name))
    ok(...add(bridge.name, 'eth2', a.name))
    tool('docker', 'rm', '--force', a.name)
    ok('del-port', bridge.name, 'eth1', a.id.slice(0, 12))
    const { removed } = json('gc') as { removed: { interface: string; reason: string }[] }
    assert.deepEqual(
      removed.map(({ interface: iface, reason }) => [iface, reason]),
      [['eth2', 'its link is gone']],
    )
    assert.deepEqual(listed(`--bridge=${bridge.name}`), [])
    assert.equal(ovsd(['del-ports', bridge.name, a.name]).status, 0)
    tool('docker', 'create', `--name=${a.name}-x`, 'busybox', '/bin/true')
    tool('docker', 'rm', `${a.name}-x`)
  })

  it('paused: is attached, and works when it goes on', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    tool('docker', 'pause', a.name)
    ok(...add(bridge.name, 'eth1', a.name, '--ipaddress=10.2.0.2/24'))
    tool('docker', 'unpause', a.name)
    ok(...add(bridge.name, 'eth1', b.name, '--ipaddress=10.2.0.3/24'))
    assert.ok(reaches(a.name, '10.2.0.3'))
  })

  it('renamed: ports follow the id', () => {
    using bridge = testBridge()
    using a = container()
    ok(...add(bridge.name, 'eth1', a.name))
    tool('docker', 'rename', a.name, `${a.name}-new`)
    assert.equal(listed(`--bridge=${bridge.name}`)[0]?.container, `${a.name}-new`)
    refused(add(bridge.name, 'eth1', `${a.name}-new`), /already attached/)
    // Another container under the old name has nothing attached.
    using namesake = { name: a.name, [Symbol.dispose]: () => void tool('docker', 'rm', '--force', a.name) }
    tool(
      'docker',
      'run',
      '--detach',
      `--name=${namesake.name}`,
      '--network=none',
      'busybox',
      '/bin/busybox',
      'sleep',
      '1000',
    )
    refused(['del-port', bridge.name, 'eth1', namesake.name], /Failed to find any attached port/)
    ok(...add(bridge.name, 'eth1', namesake.name))
    ok('del-port', bridge.name, 'eth1', namesake.name)
    assert.deepEqual(
      listed(`--bridge=${bridge.name}`).map(({ containerId }) => containerId),
      [a.id],
    )
    ok('del-port', bridge.name, 'eth1', `${a.name}-new`)
  })

  it('removed and made again under the same name: the old port is replaced', () => {
    using bridge = testBridge()
    using first = container()
    ok(...add(bridge.name, 'eth1', first.name, '--ipaddress=10.2.0.2/24'))
    tool('docker', 'rm', '--force', first.name)
    tool(
      'docker',
      'run',
      '--detach',
      `--name=${first.name}`,
      '--network=none',
      'busybox',
      '/bin/busybox',
      'sleep',
      '1000',
    )
    try {
      ok(...add(bridge.name, 'eth1', first.name, '--ipaddress=10.2.0.2/24'))
      assert.deepEqual(
        listed(`--bridge=${bridge.name}`).map(({ state }) => state),
        ['ok'],
      )
    } finally {
      tool('docker', 'rm', '--force', first.name)
    }
  })

  it('an owner restarted while a sharer keeps its old namespace: the address is not there twice', () => {
    using bridge = testBridge()
    using owner = container()
    using sharer = container(`--network=container:${owner.name}`)
    using other = container()
    ok(...add(bridge.name, 'eth1', owner.name, '--ipaddress=10.2.0.2/24'))
    ok(...add(bridge.name, 'eth1', other.name, '--ipaddress=10.2.0.3/24'))
    const old = netnsOf(sharer.name)
    tool('docker', 'restart', '--time=0', owner.name)
    ok(...add(bridge.name, 'eth1', owner.name, '--ipaddress=10.2.0.2/24'))
    assert.doesNotMatch(toolIn(old, 'ip', 'address'), /10\.2\.0\.2/)
    assert.ok(reaches(other.name, '10.2.0.2'))
    assert.equal(listed(`--bridge=${bridge.name}`, '--state=ok').length, 2)
  })
})

describe('several at once', () => {
  it('for one interface: exactly one wins, and it is whole', async () => {
    using bridge = testBridge()
    using a = container()
    const runs = Array.from({ length: 4 }, (_, i) =>
      start(add(bridge.name, 'eth1', a.name, `--ipaddress=10.2.0.${String(10 + i)}/24`)),
    )
    const ends = await Promise.all(runs.map(({ ended }) => ended))
    assert.deepEqual(ends.map(({ status }) => status).sort(), [0, 1, 1, 1], ends.map(({ stderr }) => stderr).join(''))
    const [attachment, ...more] = listed(`--bridge=${bridge.name}`)
    assert.equal(more.length, 0)
    assert.equal(attachment?.state, 'ok')
    assert.equal(attachment.addresses.length, 1)
  })

  it('for two interfaces: both succeed', async () => {
    using bridge = testBridge()
    using a = container()
    const ends = await Promise.all(['eth1', 'eth2'].map((iface) => start(add(bridge.name, iface, a.name)).ended))
    assert.deepEqual(
      ends.map(({ status }) => status),
      [0, 0],
    )
    assert.deepEqual(
      listed(`--bridge=${bridge.name}`).map(({ state }) => state),
      ['ok', 'ok'],
    )
  })

  it('add-port against del-ports: whole or gone, never half', async () => {
    using bridge = testBridge()
    using a = container()
    for (let round = 0; round < 4; round++) {
      await Promise.all([
        start(add(bridge.name, 'eth1', a.name, '--ipaddress=10.2.0.2/24')).ended,
        start(['del-ports', bridge.name, a.name]).ended,
      ])
      assert.ok(listed(`--bridge=${bridge.name}`).every(({ state }) => state === 'ok'))
    }
  })

  it('a container that ends while it is being attached: done or undone, and nothing is left after gc', async () => {
    using bridge = testBridge()
    for (const delay of [0, 20, 40, 60, 80, 100, 150, 200]) {
      using a = container()
      const { ended } = start(add(bridge.name, 'eth1', a.name, '--ipaddress=10.2.0.2/24'))
      await pause(delay)
      process.kill(pidOf(a.name), 'SIGKILL')
      const { status, stderr } = await ended
      assert.ok(status === 0 || status === 1, stderr)
      await pause(100)
      ok('gc')
      assert.deepEqual(listed(`--bridge=${bridge.name}`), [])
      assert.doesNotMatch(tool('ip', '-details', 'link'), /_l@/)
    }
  })
})
