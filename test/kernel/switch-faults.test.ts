// FAULTS group E as far as single commands go, and what surrounds a command: its output, its terminal, its lock.
import { strict as assert } from 'node:assert'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { listed } from '../support/attachments.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { silent } from '../support/engine.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { errorOf, json, ok, ovsd, PROGRAM, start } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'

const add = (bridge: TestBridge, { name, path }: BareNamespace, ...options: string[]): string[] => [
  ...['add-port', bridge.name, 'eth1', name, `--netns=${path}`, '--ipaddress=10.88.0.2/24'],
  ...options,
]

describe('with ovs-vswitchd stopped', () => {
  it('add-port says so, undoes everything, and keeps to its time', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    const before = snapshot(namespace.path)
    const begin = Date.now()
    let result
    {
      using _daemon = silent('ovs-vswitchd')
      result = ovsd([...add(bridge, namespace), '--json'])
    }
    assert.equal(result.status, 1, result.stdout)
    assert.equal(errorOf(result).code, 'SwitchSilent')
    assert.ok(Date.now() - begin < 20_000)
    assert.deepEqual(snapshot(namespace.path), before)
    ok(...add(bridge, namespace))
  })

  it('--timeout ends it early, undone', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    const before = snapshot(namespace.path)
    const begin = Date.now()
    let result
    {
      using _daemon = silent('ovs-vswitchd')
      result = ovsd([...add(bridge, namespace), '--timeout=1', '--json'])
    }
    assert.equal(result.status, 1)
    assert.equal(errorOf(result).code, 'TimedOut')
    assert.ok(Date.now() - begin < 6000, 'one second, and at most two for undoing')
    assert.deepEqual(snapshot(namespace.path), before)
  })

  it('del-port succeeds: the port is gone from the database', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    const before = snapshot(namespace.path)
    ok(...add(bridge, namespace))
    {
      using _daemon = silent('ovs-vswitchd')
      ok('del-port', bridge.name, 'eth1', namespace.name)
    }
    assert.deepEqual(snapshot(namespace.path), before)
  })
})

describe('with ovsdb-server stopped or absent', () => {
  it('commands end at their --timeout, with status 1', () => {
    using _daemon = silent('ovsdb-server')
    for (const args of [['list'], ['gc'], ['del-port', 'bk', 'eth1', 'x1']]) {
      const result = ovsd([...args, '--timeout=1', '--json'])
      assert.deepEqual([result.status, errorOf(result).code], [1, 'TimedOut'], args.join(' '))
    }
  })
  it('the missing socket is named', () => {
    const result = ovsd(['list', '--db=unix:/nonexistent/db.sock', '--json'])
    assert.deepEqual([result.status, errorOf(result).code], [1, 'DatabaseUnreachable'])
    assert.match(errorOf(result).message, /\/nonexistent\/db\.sock/)
  })
})

describe('what others do to ports', () => {
  it('a port that somebody deleted: the next add-port takes up the leftover link and completes', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    const { port } = json(...add(bridge, namespace)) as { port: string }
    tool('ovs-vsctl', 'del-port', bridge.name, port)
    assert.deepEqual(listed(`--bridge=${bridge.name}`), [])
    ok(...add(bridge, namespace))
    assert.equal(listed(`--bridge=${bridge.name}`)[0]?.state, 'ok')
    tool('ovs-vsctl', 'del-port', bridge.name, port)
    assert.match(ok('gc'), new RegExp(`Removed ${port}`))
    assert.doesNotMatch(tool('ip', 'link'), new RegExp(port))
  })

  it('a port that somebody moved to another bridge is reported, not stolen', () => {
    using bridge = testBridge()
    using other = testBridge()
    using namespace = bareNamespace()
    const { port } = json(...add(bridge, namespace)) as { port: string }
    const uuid = tool('ovs-vsctl', 'get', 'Port', port, '_uuid').trim()
    tool('ovs-vsctl', 'add', 'Bridge', other.name, 'ports', uuid, '--', 'remove', 'Bridge', bridge.name, 'ports', uuid)
    const before = snapshot(namespace.path)
    assert.match(ovsd(add(bridge, namespace)).stderr, new RegExp(`already attached .* on ${other.name}`))
    const refused = ovsd(['del-port', bridge.name, 'eth1', namespace.name])
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, new RegExp(`its port is on ${other.name}`))
    assert.deepEqual(snapshot(namespace.path), before)
  })

  it('an address that was taken away inside is noticed, and mended by the same command', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    ok(...add(bridge, namespace))
    toolIn(namespace.path, 'ip', 'address', 'flush', 'dev', 'eth1')
    const [found] = listed(`--bridge=${bridge.name}`)
    assert.deepEqual([found?.state, found?.reason], ['incomplete', '10.88.0.2/24 is missing'])
    ok(...add(bridge, namespace))
    assert.equal(listed(`--bridge=${bridge.name}`)[0]?.state, 'ok')
  })

  it('ports, bridges and mirrors of others stay exactly as they are', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    const set = (port: string, ...ids: string[]): string[] => [
      '--',
      'add-port',
      bridge.name,
      port,
      '--',
      'set',
      'Interface',
      port,
      'type=internal',
      ...ids,
    ]
    tool(
      'ovs-vsctl',
      ...set('x-pipework', 'external_ids:pipework.interface=eth1'),
      ...set('x-ovn', 'external_ids:iface-id=lsp1'),
      ...set('x-script_l', 'external_ids:container_id=elsewhere', 'external_ids:container_iface=eth1'),
      ...[
        '--',
        '--id=@p',
        'get',
        'Port',
        'x-ovn',
        '--',
        '--id=@m',
        'create',
        'Mirror',
        'name=m',
        'select_all=true',
        'output_port=@p',
      ],
      ...['--', 'add', 'Bridge', bridge.name, 'mirrors', '@m'],
    )
    const before = snapshot(namespace.path)
    ok(...add(bridge, namespace, '--vlan=9'))
    ok('set-vlan', bridge.name, 'eth1', namespace.name, '10')
    ok('gc')
    ok('del-ports', bridge.name, namespace.name)
    assert.deepEqual(snapshot(namespace.path), before)
    assert.deepEqual(
      listed(`--bridge=${bridge.name}`)
        .map(({ owner, port }) => `${port} ${owner}`)
        .sort(),
      ['x-ovn ovn', 'x-pipework pipework', 'x-script_l ovs-docker'],
    )
  })

  it('a port whose marks somebody took away keeps its link', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    const { port } = json(...add(bridge, namespace)) as { port: string }
    tool('ovs-vsctl', 'clear', 'Interface', port, 'external_ids')
    const before = snapshot(namespace.path)
    const result = ovsd([...add(bridge, namespace), '--json'])
    assert.deepEqual([result.status, errorOf(result).code], [1, 'LinkNameTaken'])
    assert.deepEqual(snapshot(namespace.path), before)
  })

  it('a name that stands for a living namespace is not taken over by another one', () => {
    using bridge = testBridge()
    using first = bareNamespace()
    using second = bareNamespace()
    ok(...add(bridge, first))
    const result = ovsd([...add(bridge, { ...second, name: first.name }), '--json'])
    assert.deepEqual([result.status, errorOf(result).code], [1, 'NameTaken'])
    assert.match(toolIn(first.path, 'ip', 'address', 'show', 'eth1'), /10\.88\.0\.2/)
  })
})

describe('around a command', () => {
  it('a reader that goes away is no failure, a full disk is one', () => {
    const [file = '', ...before] = PROGRAM
    const line = [file, ...before].join(' ')
    assert.equal(tool('bash', '-c', `${line} show | true; echo "\${PIPESTATUS[0]}"`).trim(), '0')
    assert.equal(tool('bash', '-c', `${line} list > /dev/full 2>/dev/null; echo $?`).trim(), '1')
  })

  it('a lock that somebody holds is named when the time is up', async () => {
    const holder = createServer(() => undefined).listen({ path: '\0ovsd.lock' })
    await once(holder, 'listening')
    try {
      const result = await start(['gc', '--timeout=1', '--json']).ended
      assert.deepEqual([result.status, errorOf(result).code], [1, 'LockHeld'])
      // Commands that change nothing do not wait.
      assert.equal((await start(['list']).ended).status, 0)
      assert.equal((await start(['gc', '--dry-run']).ended).status, 0)
    } finally {
      holder.close()
    }
  })

  it('on a terminal the steps are drawn on stderr; after a failure the undoing too, and then the error', () => {
    using bridge = testBridge()
    using namespace = bareNamespace()
    toolIn(namespace.path, 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'far1')
    const drawn = (args: string[]): string => {
      const line = `stty columns 120; env -u CI ${[...PROGRAM, ...args].join(' ')}; echo status=$?`
      return tool('script', '-qec', line, '/dev/null').replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
    }
    const failed = drawn(add(bridge, namespace))
    assert.match(failed, /✖ Create interface eth1/)
    assert.match(failed, /✔ Undo: Create interface eth1/)
    assert.match(failed, /already has an interface eth1[\s\S]*host is as before[\s\S]*next: [\s\S]*status=1/)
    toolIn(namespace.path, 'ip', 'link', 'del', 'eth1')
    const done = drawn(add(bridge, namespace))
    assert.match(done, /✔ Add port [0-9a-f]{13}_l to bk[\s\S]*eth1 of .* attached to [\s\S]*status=0/)
  })
})
