// Mirrors between bare namespaces: what is copied, seen where it arrives, and that nothing else of the host changes.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { execaSync } from 'execa'
import { openHost } from '../../src/lib/host.ts'
import { keepMirrors, missingOfMirrors } from '../../src/lib/plan/keep-mirrors.ts'
import { testBridge } from '../support/bridge.ts'
import { attach, attached, carryOut, echo, gets, mirrorRows, mirrorsSeen, type Attached } from '../support/mirrors.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { sniffer } from '../support/sniffer.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'

const WEB = '10.66.0.1'
const DB = '10.66.0.2'
const OTHER = '10.66.0.3'

/** Three that talk, and one that gets copies; gone at the end of a `using` block. */
function site(...vlan: string[]) {
  const bridge = testBridge()
  const web = attached(bridge.name, 'eth1', `--ipaddress=${WEB}/24`, ...vlan)
  const db = attached(bridge.name, 'eth1', `--ipaddress=${DB}/24`, ...vlan)
  const other = attached(bridge.name, 'eth1', `--ipaddress=${OTHER}/24`, ...vlan)
  const ids = attached(bridge.name, 'mon0')
  const who = { web, db, other }
  // They know each other, so that nothing but what a test sends is on the way.
  for (const [from, to] of [
    [web, DB],
    [web, OTHER],
    [db, OTHER],
  ] as const)
    echo(from, to)
  return {
    ...{ bridge: bridge.name, web, db, other, ids },
    /** What `ids` gets. */
    copies: (during: () => unknown, filter?: string) => gets(ids.path, 'mon0', who, during, filter),
    /** Everybody talks with everybody. */
    talk: () => {
      echo(web, DB)
      echo(db, OTHER)
    },
    [Symbol.dispose]() {
      for (const one of [bridge, web, db, other, ids]) one[Symbol.dispose]()
    },
  }
}

/** Echo requests all the time, ten in a second; ends with the `using` block. */
function flow(path: string, to: string): Disposable {
  const child = spawn('nsenter', [`--net=${path}`, 'busybox', 'ping', '-i', '0.1', to], { stdio: 'ignore' })
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

const create = (name: string, ...args: string[]) => json('mirror', 'create', name, ...args) as Record<string, unknown>
const codeOf = (...args: string[]): string => {
  const { status, stdout } = ovsd([...args, '--json'])
  assert.equal(status, 1, stdout)
  return (JSON.parse(stdout) as { error: { code: string } }).error.code
}

describe('mirror', () => {
  for (const [direction, seen] of [
    ['in', ['db>web']],
    ['out', ['web>db']],
    ['both', ['db>web', 'web>db']],
  ] as const)
    it(`copies ${direction} of a container, and of nobody else`, async () => {
      using at = site()
      const before = snapshot()
      assert.deepEqual(await at.copies(at.talk), [])
      const made = create('m1', `--source=${at.web.name}`, `--dest=${at.ids.name}`, `--direction=${direction}`)
      assert.deepEqual([made['bridge'], made['status'], made['dest']], [at.bridge, 'created', `${at.ids.name}:mon0`])
      assert.deepEqual(await at.copies(at.talk), seen)
      ok('mirror', 'rm', 'm1')
      assert.deepEqual(await at.copies(at.talk), [])
      assert.deepEqual(snapshot(), before)
    })

  it('copies a connection that is there already at once, and stops at once', async () => {
    using at = site()
    using _flow = flow(at.web.path, DB)
    // So long that ovs-vswitchd has had it in the datapath for a while.
    await pause(1500)
    create('m1', `--source=${at.web.name}`, `--dest=${at.ids.name}`)
    assert.deepEqual(await at.copies(() => pause(500)), ['db>web', 'web>db'])
    ok('mirror', 'rm', 'm1')
    assert.deepEqual(await at.copies(() => pause(1000)), [])
    // The other way round, with the switch on already: two mirrors to one port.
    create('m1', `--source=${at.db.name}`, `--dest=${at.ids.name}`, '--direction=out')
    create('m2', `--source=${at.db.name}`, `--dest=${at.ids.name}`, '--direction=in')
    assert.deepEqual(await at.copies(() => pause(500)), ['db>web', 'web>db'])
    ok('mirror', 'rm', 'm2')
    assert.deepEqual(await at.copies(() => pause(500)), ['db>web'])
    ok('mirror', 'rm', 'm1')
    assert.deepEqual(await at.copies(() => pause(1000)), [])
    assert.doesNotMatch(tool('ovs-vsctl', '--columns=other_config', 'list', 'Port'), /qinq/)
  })

  it('copies come with the tags of the bridge to a trunk, and without to an access port', async () => {
    using at = site('--vlan=10')
    const source = `--source=${at.web.name}:eth1`
    assert.equal(create('m1', source, `--dest=${at.ids.name}:mon0`)['tagged'], true)
    assert.deepEqual(await at.copies(at.talk), ['db>web/10', 'web>db/10'])
    ok('mirror', 'rm', 'm1')
    ok('set-vlan', at.bridge, 'mon0', at.ids.name, '77')
    assert.equal(create('m1', source, `--dest=${at.ids.port}`)['tagged'], false)
    assert.deepEqual(await at.copies(at.talk), ['db>web', 'web>db'])
    ok('mirror', 'rm', 'm1')
  })

  it('several sources, by port names too; whoever gets copies is told that it gets nothing else', async () => {
    using at = site()
    const said = ok('mirror', 'create', 'm1', `--source=${at.web.port},${at.other.name}`, `--dest=${at.ids.name}`)
    assert.match(said, /gets only copies, with the VLAN tags of the bridge/)
    assert.deepEqual(await at.copies(at.talk), ['db>other', 'db>web', 'other>db', 'web>db'])
    ok('mirror', 'rm', 'm1')
  })

  it('a broadcast is copied once, and as a copy only', async () => {
    using at = site()
    const ask = (from: Attached): void => {
      execaSync('nsenter', [`--net=${from.path}`, 'arping', '-c', '1', '-w', '1', '-I', 'eth1', '10.66.0.99'], {
        reject: false,
      })
    }
    const asked = (from: Attached) =>
      at.copies(() => ask(from), `arp and ether src ${from.mac} and arp[24:4] = 0x0a420063`)
    // Without a mirror it is one port of many, and gets what everybody gets.
    assert.deepEqual(await asked(at.web), ['web>all'])
    create('m1', `--source=${at.web.name}`, `--dest=${at.ids.name}`, '--direction=out')
    assert.deepEqual([await asked(at.web), await asked(at.db)], [['web>all'], []])
    const capture = await sniffer('mon0', `arp and ether src ${at.web.mac} and arp[24:4] = 0x0a420063`, at.ids.path)
    ask(at.web)
    assert.equal((await capture.stop()).length, 1)
    ok('mirror', 'rm', 'm1')
  })

  it("leaves others' mirrors as they are, byte for byte", () => {
    using at = site()
    const get = (id: string, port: string) => ['--', `--id=@${id}`, 'get', 'Port', port]
    const foreign = ['--', '--id=@m', 'create', 'Mirror', 'name=theirs', 'select_src_port=@s', 'output_port=@d']
    const add = ['--', 'add', 'Bridge', at.bridge, 'mirrors', '@m']
    tool('ovs-vsctl', ...get('s', at.db.port), ...get('d', at.other.port), ...foreign, ...add)
    const [rows, before] = [mirrorRows(), snapshot()]
    create('m1', `--source=${at.web.name}`, `--dest=${at.ids.name}`)
    assert.ok(mirrorRows().includes(rows.trim()))
    const [theirs, own] = [...mirrorsSeen()].sort((a, b) => Number(a.ours) - Number(b.ours))
    assert.deepEqual([theirs?.mirror, theirs?.ours, theirs?.state], ['theirs', false, 'ok'])
    assert.deepEqual([own?.mirror, own?.ours, own?.state], ['m1', true, 'ok'])
    assert.match(ok('mirror', 'ls'), /^theirs .* ok \(foreign\)$/m)
    assert.equal(
      codeOf('mirror', 'create', 'theirs', `--source=${at.web.name}`, `--dest=${at.ids.name}`),
      'MirrorForeign',
    )
    assert.equal(codeOf('mirror', 'rm', 'theirs'), 'MirrorForeign')
    ok('mirror', 'rm', 'm1')
    ok('gc')
    assert.equal(mirrorRows(), rows)
    assert.deepEqual(snapshot(), before)
  })

  it('twice: refused, or with --may-exist unchanged, or otherwise different', () => {
    using at = site()
    const line = ['mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=${at.ids.name}`]
    ok(...line)
    const rows = mirrorRows()
    assert.equal(codeOf(...line), 'MirrorExists')
    assert.equal((json(...line, '--may-exist') as { status: string }).status, 'unchanged')
    assert.equal(codeOf(...line, '--may-exist', '--direction=in'), 'MirrorDiffers')
    assert.equal(codeOf(...line, '--may-exist', '--ttl=1m'), 'MirrorDiffers')
    assert.equal(mirrorRows(), rows)
    ok('mirror', 'rm', 'm1')
    assert.equal(codeOf('mirror', 'rm', 'm1'), 'MirrorMissing')
    assert.match(ok('mirror', 'ls'), /^There is no mirror\.$/m)
  })

  it('what cannot be is refused, and nothing changes', () => {
    using at = site()
    using elsewhere = testBridge()
    using far = attached(elsewhere.name, 'eth1')
    const { web, db, ids, bridge } = at
    const before = snapshot()
    const refused = (code: string, source: string, dest: string, ...more: string[]): void => {
      assert.equal(codeOf('mirror', 'create', 'm1', `--source=${source}`, `--dest=${dest}`, ...more), code)
    }
    refused('MirrorEndMissing', 'nobody', ids.name)
    refused('MirrorEndMissing', web.name, `${ids.name}:eth9`)
    refused('MirrorDestInUse', web.name, db.name)
    refused('MirrorDestInUse', web.name, bridge, '--force')
    refused('MirrorToItself', ids.port, ids.name)
    refused('MirrorBridgeUnclear', far.name, ids.name)
    refused('MirrorBridgeUnclear', web.name, ids.name, `--bridge=${elsewhere.name}`)
    refused('NetworkMissing', 'network:blue', ids.name)
    refused('MirrorDestUnfit', web.name, 'gre:192.0.2.77')
    attach(bridge, 'mon1', ids)
    refused('MirrorEndAmbiguous', web.name, ids.name)
    ok('del-port', bridge, 'mon1', ids.name)
    assert.deepEqual(snapshot(), before)
    // --force is for those who know.
    create('m1', `--source=${web.name}`, `--dest=${db.name}`, '--force')
    assert.throws(() => echo(web, DB))
    ok('mirror', 'rm', 'm1')
    echo(web, DB)
  })

  it('--dry-run prints one transaction, and changes nothing', () => {
    using at = site()
    const before = snapshot()
    const line = ['mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=${at.ids.name}`, '--ttl=5m', '--dry-run']
    assert.match(ok(...line), /^setsid .*\novs-vsctl .* create Mirror .* -- add Bridge \S+ mirrors @m .*\n$/)
    assert.deepEqual(snapshot(), before)
  })
})

describe('mirror: ports that come and go', () => {
  it('follows a source and a destination that are attached again', async () => {
    using at = site()
    using host = openHost()
    create('m1', `--source=${at.web.name}`, `--dest=${at.ids.name}`)
    for (const [one, iface, state] of [
      [at.web, 'eth1', 'no source'],
      [at.ids, 'mon0', 'no output'],
    ] as const) {
      ok('del-port', at.bridge, iface, one.name)
      assert.equal(mirrorsSeen()[0]?.state, state)
      assert.deepEqual(await missingOfMirrors(host), [])
      attach(at.bridge, iface, one, ...(iface === 'eth1' ? [`--ipaddress=${WEB}/24`] : []))
      assert.equal(mirrorsSeen()[0]?.state, 'incomplete')
      assert.deepEqual(await missingOfMirrors(host), ['mirror m1 does not copy what it should'])
      await carryOut(await keepMirrors(host))
      assert.deepEqual([await missingOfMirrors(host), await keepMirrors(host)], [[], []])
      assert.equal(mirrorsSeen()[0]?.state, 'ok')
      echo(at.web, DB)
      assert.deepEqual(await at.copies(() => echo(at.web, DB)), ['db>web', 'web>db'])
    }
    ok('mirror', 'rm', 'm1')
  })

  it('the same command puts right what is not as it should be', async () => {
    using at = site()
    const line = ['mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=${at.ids.name}`]
    ok(...line)
    tool('ovs-vsctl', 'clear', 'Mirror', 'm1', 'select_src_port')
    assert.equal((json(...line) as { status: string }).status, 'completed')
    assert.deepEqual(await at.copies(at.talk), ['db>web', 'web>db'])
    ok('mirror', 'rm', 'm1')
  })

  it('a mirror of which nothing is left does nothing, and gc removes it', async () => {
    using at = site()
    create('m1', `--source=${at.web.name}`, `--dest=${at.ids.name}`)
    ok('del-port', at.bridge, 'eth1', at.web.name)
    assert.deepEqual(await at.copies(() => echo(at.db, OTHER)), [])
    assert.match(ok('gc'), /Removed mirror m1 from \S+: \S+: gone/)
    assert.deepEqual(mirrorsSeen(), [])
    assert.match(ok('gc'), /^Nothing to remove\.$/m)
  })

  it('a damaged record is shown as such, and can be removed', () => {
    using at = site()
    create('m1', `--source=${at.web.name}`, `--dest=${at.ids.name}`)
    tool('ovs-vsctl', 'set', 'Mirror', 'm1', 'external_ids:ovsd_spec="{"')
    assert.equal(mirrorsSeen()[0]?.state, 'damaged')
    ok('mirror', 'rm', 'm1')
    assert.deepEqual(mirrorsSeen(), [])
  })
})
