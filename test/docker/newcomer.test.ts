// What people who tried the program ran into.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { execaSync } from 'execa'
import { listed } from '../support/attachments.ts'
import { testBridge } from '../support/bridge.ts'
import { container, netnsOf, pidOf } from '../support/containers.ts'
import { withLink } from '../support/ovs-docker-link.ts'
import { json, ok, ovsd, PROGRAM } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { reaches } from '../support/traffic.ts'
import { tool, toolIn } from '../support/tool.ts'
import { wrappedTools } from '../support/wrapped-tools.ts'

const code = ({ stdout }: { stdout: string }): string => (JSON.parse(stdout) as { error: { code: string } }).error.code

describe('VLAN bridges', () => {
  it('stand for their parent in that VLAN, in every command, and under the name ovs-docker', () => {
    using parent = testBridge()
    using a = container()
    const fake = `${parent.name}v`
    tool('ovs-vsctl', 'add-br', fake, parent.name, '9')
    for (const run of [ovsd, (args: readonly string[]) => withLink(...args)]) {
      assert.equal(run(['add-port', fake, 'eth1', a.name, '--ipaddress=10.4.0.2/24']).status, 0)
      assert.deepEqual(
        listed(`--bridge=${parent.name}`).map(({ vlan, state }) => [vlan, state]),
        [['9', 'ok']],
      )
      assert.equal(run(['del-ports', fake, a.name]).status, 0)
      assert.deepEqual(listed(`--bridge=${parent.name}`), [])
    }
    assert.equal(ovsd(['add-port', fake, 'eth1', a.name, '--vlan=8']).status, 2)
  })
})

describe('list tells the truth, and a repeated add-port mends it', () => {
  const broken: Record<string, readonly [(port: string, path: string) => void, RegExp]> = {
    'the host end is down': [(port) => void tool('ip', 'link', 'set', port, 'down'), /_l is down/],
    'a route is gone': [
      (_, path) => void toolIn(path, 'ip', 'route', 'del', '10.8.0.0/16'),
      /route to 10\.8\.0\.0\/16 is missing/,
    ],
    'the default route is gone': [
      (_, path) => void toolIn(path, 'ip', 'route', 'del', 'default'),
      /default route via 10\.4\.0\.1 is missing/,
    ],
    'the MTU is another': [
      (_, path) => void toolIn(path, 'ip', 'link', 'set', 'eth1', 'mtu', '1300'),
      /MTU is 1300, not 1400/,
    ],
  }
  for (const [what, [breaks, reason]] of Object.entries(broken))
    it(what, () => {
      using bridge = testBridge()
      using a = container()
      using b = container()
      const add = [
        'add-port',
        bridge.name,
        'eth1',
        a.name,
        '--ipaddress=10.4.0.2/24',
        '--gateway=10.4.0.1',
        '--route=10.8.0.0/16,10.4.0.9',
        '--mtu=1400',
      ]
      const { port } = json(...add) as { port: string }
      ok('add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.4.0.3/24')
      breaks(port, netnsOf(a.name))
      const [found] = listed(`--container=${a.name}`)
      assert.equal(found?.state, 'incomplete')
      assert.match(found.reason, reason)
      // With other settings it is refused: something of it may be in use.
      assert.equal(ovsd([...add, '--vlan=5']).status, 1)
      assert.equal((json(...add) as { status: string }).status, 'repaired')
      assert.equal(listed(`--container=${a.name}`)[0]?.state, 'ok')
      assert.ok(reaches(a.name, '10.4.0.3'))
    })
})

describe('what must not go wrong', () => {
  it('an MTU below what IPv6 needs', () => {
    using bridge = testBridge()
    using a = container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.4.0.2/24', '--mtu=1000')
    assert.equal(listed(`--container=${a.name}`)[0]?.mtu, 1000)
  })

  it('without privileges nothing is begun', () => {
    using bridge = testBridge()
    using a = container()
    ok('add-port', bridge.name, 'eth1', a.name)
    const before = snapshot(netnsOf(a.name))
    for (const args of [
      ['add-port', bridge.name, 'eth2', a.name],
      ['del-port', bridge.name, 'eth1', a.name],
    ]) {
      const less = ['--bounding-set=-net_admin', '--inh-caps=-net_admin']
      const result = execaSync('setpriv', [...less, ...PROGRAM, ...args, '--json'], { reject: false })
      assert.deepEqual([result.exitCode, code(result)], [1, 'NotPermitted'])
    }
    assert.deepEqual(snapshot(netnsOf(a.name)), before)
  })

  it('set-vlan does not bring an address, and add-port no MAC, into a VLAN where somebody has it', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    ok(
      'add-port',
      bridge.name,
      'eth1',
      a.name,
      '--ipaddress=10.4.0.2/24',
      '--vlan=10',
      '--macaddress=02:00:00:00:00:77',
    )
    ok('add-port', bridge.name, 'eth1', b.name, '--ipaddress=10.4.0.2/24', '--vlan=20')
    assert.equal(code(ovsd(['set-vlan', bridge.name, 'eth1', b.name, '10', '--json'])), 'AddressInUse')
    const mac = ['add-port', bridge.name, 'eth2', b.name, '--vlan=10', '--macaddress=02:00:00:00:00:77', '--json']
    assert.equal(code(ovsd(mac)), 'AddressInUse')
  })

  it('a stale port that was replaced in vain is not called "as before"', () => {
    using bridge = testBridge()
    using a = container()
    ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.4.0.2/24')
    const said: string[] = []
    for (let nth = 1; nth < 8; nth++) {
      tool('docker', 'restart', '--time=0', a.name)
      using tools = wrappedTools(nth, 'self', 'KILL')
      const { status, stderr } = ovsd(['add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.4.0.2/24'], {
        PATH: tools.path,
      })
      if (status === 1) said.push(stderr)
      else ok('add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.4.0.2/24', '--may-exist')
    }
    assert.ok(
      said.some((text) => /Everything else was undone; the stale port \S+_l stays removed/.test(text)),
      said.join(),
    )
  })

  it('gc leaves the port of a container that another engine may have', () => {
    using bridge = testBridge()
    using a = container()
    const { port } = json('add-port', bridge.name, 'eth1', a.name) as { port: string }
    // As if the row were of a container that this engine has never heard of, whose link lives.
    tool('ovs-vsctl', 'set', 'Interface', port, `external_ids:ovsd_generation=x`)
    tool('ip', 'link', 'show', port)
    assert.match(ok('gc', '--dry-run'), /remove Bridge/, 'this engine knows that the container was restarted')
    assert.ok(existsSync(`/proc/sys/net/ipv4/conf/${port}`))
  })

  it('a closed terminal (SIGHUP) and a log that cannot be written leave nothing half-made', () => {
    using bridge = testBridge()
    using a = container()
    const before = snapshot(netnsOf(a.name))
    using tools = wrappedTools(3, 'before', 'HUP')
    const hung = ovsd(['add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.4.0.2/24'], { PATH: tools.path })
    assert.equal(hung.status, 129, hung.stderr)
    assert.deepEqual(snapshot(netnsOf(a.name)), before)
    const line = [...PROGRAM, 'add-port', bridge.name, 'eth1', a.name, '--ipaddress=10.4.0.2/24', '--verbose'].join(' ')
    tool('bash', '-c', `${line} 2>/dev/full`)
    assert.equal(listed(`--container=${a.name}`)[0]?.state, 'ok')
  })

  it('a container of an engine on another host is refused, whatever process its id is here', () => {
    using bridge = testBridge()
    using a = container()
    using b = container()
    // A relay stands for the other host: it gives the real answer about a, with the process id of b.
    const relay = `const net = require('node:net'); net.createServer((client) => {
      const engine = net.connect('/var/run/docker.sock'); let text = ''
      client.pipe(engine); engine.on('data', (chunk) => (text += chunk))
      engine.on('end', () => client.end(text.replace(/"Pid":\\d+/, '"Pid":${String(pidOf(b.name))}')))
    }).listen(7999, '127.0.0.1')`
    // Its ready line is not waited for: the port is.
    const child = spawn(process.execPath, ['-e', relay], { stdio: 'ignore' })
    try {
      tool(
        'bash',
        '-c',
        'for i in $(seq 100); do (echo > /dev/tcp/127.0.0.1/7999) 2>/dev/null && exit; sleep 0.05; done; exit 1',
      )
      const result = ovsd(['add-port', bridge.name, 'eth9', a.name, '--docker=tcp://127.0.0.1:7999', '--json'])
      assert.deepEqual([result.status, code(result)], [1, 'NotOnThisHost'])
      assert.doesNotMatch(toolIn(netnsOf(b.name), 'ip', 'link'), /eth9/)
    } finally {
      child.kill()
    }
  })

  it('one odd row does not hide the others', () => {
    using bridge = testBridge()
    using a = container()
    ok('add-port', bridge.name, 'eth1', a.name)
    const ids = ['external_ids:container_id=a/../../b', 'external_ids:container_iface=eth1']
    tool('ovs-vsctl', 'add-port', bridge.name, 'odd', '--', 'set', 'Interface', 'odd', 'type=internal', ...ids)
    assert.deepEqual(
      listed(`--bridge=${bridge.name}`)
        .map(({ state }) => state)
        .sort(),
      ['ok', 'stale'],
    )
  })
})
