// COMPAT section 1: the same scenarios through the installed ovs-docker and through ovsd under that name.
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { listed } from '../support/attachments.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { container, netnsOf, type TestContainer } from '../support/containers.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { withLink } from '../support/ovs-docker-link.ts'
import { tool, toolIn } from '../support/tool.ts'

/** Runs a command line of ovs-docker with one of the two programs. */
type Program = (...args: string[]) => { status: number; stdout: string; stderr: string }

const script: Program = (...args) => {
  const { status, stdout, stderr } = spawnSync('ovs-docker', args, { encoding: 'utf8' })
  return { status: status ?? -1, stdout, stderr }
}

interface Left {
  readonly statuses: readonly number[]
  readonly ports: readonly string[]
  readonly inside: readonly string[]
}

/** What is left in OVSDB and inside the container, without what may differ: names derived at random, ovsd's own keys. */
function left(bridge: TestBridge, one: TestContainer, statuses: readonly number[]): Left {
  const names = tool('ovs-vsctl', 'list-ports', bridge.name)
    .split('\n')
    .filter((name) => name !== '')
  const keys = (port: string): string[] =>
    ['container_id', 'container_iface'].map((key) =>
      tool('ovs-vsctl', '--if-exists', 'get', 'Interface', port, `external_ids:${key}`).trim(),
    )
  const path = netnsOf(one.name)
  const links = JSON.parse(toolIn(path, 'ip', '-json', 'address')) as {
    ifname: string
    address: string
    mtu: number
    operstate: string
    addr_info: { local: string; prefixlen: number; family: string }[]
  }[]
  return {
    statuses,
    ports: names
      .map((port) =>
        [/^[0-9a-f]{13}_l$/.test(port), ...keys(port), tool('ovs-vsctl', 'get', 'Port', port, 'tag').trim()]
          .join(' ')
          .replaceAll(one.name, 'NAME'),
      )
      .sort(),
    inside: [
      ...links
        .filter(({ ifname }) => ifname !== 'lo')
        .map(
          ({ ifname, mtu, operstate, addr_info }) =>
            `${ifname} ${String(mtu)} ${operstate} ${addr_info
              .filter(({ family }) => family === 'inet')
              .map(({ local, prefixlen }) => `${local}/${String(prefixlen)}`)
              .join()}`,
        ),
      ...toolIn(path, 'ip', 'route').split('\n'),
    ],
  }
}

type Scenario = (run: Program, bridge: string, name: string) => number[]

const status = ({ status: value }: { status: number }): number => value

const SCENARIOS: Record<string, Scenario> = {
  'address and gateway': (run, bridge, name) => [
    status(run('add-port', bridge, 'eth1', name, '--ipaddress=10.3.0.2/24', '--gateway=10.3.0.1')),
  ],
  'no options': (run, bridge, name) => [status(run('add-port', bridge, 'eth1', name))],
  'empty options': (run, bridge, name) => [status(run('add-port', bridge, 'eth1', name, '--ipaddress=', '--mtu='))],
  'address without a prefix': (run, bridge, name) => [
    status(run('add-port', bridge, 'eth1', name, '--ipaddress=10.3.0.2')),
  ],
  'MTU and MAC': (run, bridge, name) => [
    status(run('add-port', bridge, 'eth1', name, '--mtu=1400', '--macaddress=02:00:00:00:00:11')),
  ],
  'the same interface twice': (run, bridge, name) => [1, 2].map(() => status(run('add-port', bridge, 'eth1', name))),
  'two interfaces, one removed': (run, bridge, name) => [
    status(run('add-port', bridge, 'eth1', name)),
    status(run('add-port', bridge, 'eth2', name)),
    status(run('del-port', bridge, 'eth1', name)),
    status(run('del-port', bridge, 'eth1', name)),
  ],
  'all removed, twice': (run, bridge, name) => [
    status(run('add-port', bridge, 'eth1', name)),
    status(run('add-port', bridge, 'eth2', name)),
    status(run('del-ports', bridge, name)),
    status(run('del-ports', bridge, name)),
  ],
  VLAN: (run, bridge, name) => [
    status(run('add-port', bridge, 'eth1', name, '--ipaddress=10.3.0.2/24')),
    status(run('set-vlan', bridge, 'eth1', name, '5')),
    status(run('set-vlan', bridge, 'eth9', name, '5')),
  ],
  'a container that does not exist': (run, bridge) => [
    status(run('add-port', bridge, 'eth1', 'nosuch')),
    status(run('del-port', bridge, 'eth1', 'nosuch')),
  ],
  'too few words': (run, bridge, name) => [
    status(run('add-port', bridge, 'eth1')),
    status(run('del-port', bridge, 'eth1')),
    status(run('del-ports', bridge)),
    status(run('set-vlan', bridge, 'eth1', name)),
  ],
  'unknown words': (run, bridge, name) => [
    status(run('frobnicate')),
    status(run('add-port', bridge, 'eth1', name, '--vlan=5')),
  ],
  help: (run) => [status(run()), status(run('-h')), status(run('--help'))],
}

describe('ovsd under the name ovs-docker', () => {
  for (const [what, scenario] of Object.entries(SCENARIOS))
    it(`leaves the same as the script: ${what}`, () => {
      const results = [script, withLink].map((run) => {
        using bridge = testBridge()
        using one = container()
        return left(bridge, one, scenario(run, bridge.name, one.name))
      })
      assert.deepEqual(results[1], results[0])
    })

  it('prints nothing on success, and the words of the script on failure', () => {
    using bridge = testBridge()
    using one = container()
    assert.deepEqual(withLink('add-port', bridge.name, 'eth1', one.name), { status: 0, stdout: '', stderr: '' })
    const phrase = `Port already attached for CONTAINER=${one.name} and INTERFACE=eth1`
    for (const run of [script, withLink])
      assert.match(run('add-port', bridge.name, 'eth1', one.name).stderr, new RegExp(`ovs-docker: ${phrase}`))
    const missing = `Failed to find any attached port for CONTAINER=${one.name} and INTERFACE=eth7`
    for (const run of [script, withLink])
      assert.match(run('del-port', bridge.name, 'eth7', one.name).stderr, new RegExp(`ovs-docker: ${missing}`))
  })
})

describe('ports of the one in the hands of the other', () => {
  it("ovs-docker's are listed, refused twice, changed and removed by ovsd", () => {
    using bridge = testBridge()
    using one = container()
    // Attached by name, by short id, and by some other beginning of the id.
    for (const [iface, as] of [
      ['eth1', one.name],
      ['eth2', one.id.slice(0, 12)],
      ['eth3', one.id.slice(0, 20)],
    ] as const) {
      assert.equal(script('add-port', bridge.name, iface, as, `--ipaddress=10.3.${iface.slice(3)}.2/24`).status, 0)
      assert.equal(ovsd(['add-port', bridge.name, iface, one.name]).status, 1, iface)
    }
    assert.deepEqual(
      listed(`--bridge=${bridge.name}`).map(({ interface: iface, container: name, owner, state, addresses }) => [
        iface,
        name,
        owner,
        state,
        ...addresses,
      ]),
      [1, 2, 3].map((n) => [`eth${String(n)}`, one.name, 'ovs-docker', 'ok', `10.3.${String(n)}.2/24`]),
    )
    ok('set-vlan', bridge.name, 'eth2', one.name, '7')
    assert.equal(listed(`--bridge=${bridge.name}`)[1]?.vlan, '7')
    assert.match(ok('gc'), /Nothing to remove/)
    ok('del-port', bridge.name, 'eth3', one.id)
    ok('del-ports', bridge.name, one.name)
    assert.deepEqual(listed(`--bridge=${bridge.name}`), [])
    assert.doesNotMatch(toolIn(netnsOf(one.name), 'ip', 'link'), /eth[123]/)
  })

  it("a stale row of ovs-docker's does not block the next attachment", () => {
    using bridge = testBridge()
    using one = container()
    assert.equal(script('add-port', bridge.name, 'eth1', one.name).status, 0)
    tool('docker', 'restart', '--time=0', one.name)
    ok('add-port', bridge.name, 'eth1', one.name, '--ipaddress=10.3.0.2/24')
    assert.deepEqual(
      listed(`--bridge=${bridge.name}`).map(({ owner, state }) => [owner, state]),
      [['ovsd cli', 'ok']],
    )
  })

  it("ovsd's are found, changed and removed by ovs-docker", () => {
    using bridge = testBridge()
    using one = container()
    ok('add-port', bridge.name, 'eth1', one.name)
    ok('add-port', bridge.name, 'eth2', one.name)
    assert.equal(script('add-port', bridge.name, 'eth1', one.name).status, 1)
    assert.equal(script('set-vlan', bridge.name, 'eth1', one.name, '9').status, 0)
    assert.equal(listed(`--bridge=${bridge.name}`)[0]?.vlan, '9')
    assert.equal(script('del-port', bridge.name, 'eth1', one.name).status, 0)
    assert.equal(script('del-ports', bridge.name, one.name).status, 0)
    assert.deepEqual(listed(`--bridge=${bridge.name}`), [])
  })
})
