// FAULTS groups E and H for networks: the database away in the middle or emptied, parts that somebody deletes, and a store
// that cannot be written.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { killOvs, restartOvs, silent, startOvs } from '../support/engine.ts'
import { fill, mounted, tmpfs } from '../support/mounted.ts'
import { internet, type Internet } from '../support/internet.ts'
import { lan, type Lan } from '../support/lan.ts'
import { bareNamespace } from '../support/namespace.ts'
import { createNat, missingOf, natState, removeAll } from '../support/nat.ts'
import { errorOf, json, ok, ovsd } from '../support/ovsd.ts'
import { testStore, treeOf, type TestStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'
import { hostNow, settle } from '../support/uplink.ts'
import { linkExists } from '../../src/lib/net/links.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'

const WORDS = { name: 'blue', bridge: 'bn4', subnet: ['10.4.0.0/24', 'fd04::/64'] }
const CREATE = ['net', 'create', 'blue', '--bridge=bn4', '--subnet=10.4.0.0/24', '--subnet=fd04::/64']
const vsctl = (...args: readonly string[]): string => tool('ovs-vsctl', ...args)
const networks = (): readonly string[] =>
  (json('net', 'ls') as { networks: { network: string }[] }).networks.map(({ network }) => network)
/** Without what is another one each time that a bridge is made: its UUIDs and the run that made it. */
const parts = (state: unknown): unknown => ({ ...(state as object), ovs: undefined })

/** Runs commands, but kills Open vSwitch just before the nth one. */
function cutAt(nth: number): { readonly runner: Runner; reached: () => boolean } {
  let calls = 0
  return {
    async runner(command, ...rest) {
      if (calls++ === nth) await killOvs()
      return await run(command, ...rest)
    },
    reached: () => calls > nth,
  }
}

describe('networks and faults of Open vSwitch', function () {
  this.timeout(240_000)
  let net: Internet
  let test: TestStore
  let at: string
  beforeEach(() => {
    net = internet()
    test = testStore()
    at = `--state-dir=${test.folder}`
  })
  afterEach(async () => {
    await removeAll()
    vsctl('--if-exists', 'del-br', 'bn4')
    if (linkExists('bn4')) tool('ip', 'link', 'del', 'dev', 'bn4')
    ok('gc')
    net[Symbol.dispose]()
    test[Symbol.dispose]()
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
  })

  it('the database does not answer: net create and net rm end at their time, and change nothing', () => {
    const before = natState()
    let result
    {
      using _database = silent('ovsdb-server')
      result = ovsd([...CREATE, at, '--timeout=1', '--json'])
    }
    assert.deepEqual([result.status, errorOf(result).code], [1, 'TimedOut'])
    assert.deepEqual([natState(), treeOf(test.path)], [before, {}])
    ok(...CREATE, at)
    const made = natState()
    {
      using _database = silent('ovsdb-server')
      result = ovsd(['net', 'rm', 'blue', at, '--timeout=1', '--json'])
    }
    assert.deepEqual([result.status, errorOf(result).code], [1, 'TimedOut'])
    assert.deepEqual(natState(), made)
    ok('net', 'rm', 'blue', at)
    assert.deepEqual(natState(), before)
  })

  it('both daemons killed before each command of net create: the same again completes it, and rm leaves nothing', async () => {
    const before = natState()
    for (let nth = 0; ; nth++) {
      const { runner, reached } = cutAt(nth)
      const failed = await createNat(WORDS, { runner }).then(
        () => false,
        () => true,
      )
      if (!reached()) {
        assert.ok(!failed && nth > 3, String(nth))
        break
      }
      startOvs()
      // Whatever it came to: it may have been the last thing that was needed.
      const again = ovsd([...CREATE, '--may-exist'])
      assert.equal(again.status, 0, `${String(nth)}: ${again.stderr}`)
      assert.deepEqual(await missingOf('blue'), [], String(nth))
      ok('net', 'rm', 'blue')
      assert.deepEqual(natState(), before, String(nth))
    }
  })

  it('an empty database: state import brings it back as it was; what is not wanted any more, gc removes', async () => {
    const before = natState()
    ok(...CREATE, at)
    const made = natState()
    await restartOvs({ emptied: true })
    assert.deepEqual(networks(), [])
    assert.match(ok('state', 'import', at), /blue/)
    assert.deepEqual(parts(natState()), parts(made))
    assert.deepEqual(await missingOf('blue'), [])
    ok('state', 'check', at)
    await restartOvs({ emptied: true })
    assert.match(ok('gc'), /nat/)
    assert.equal(tool('nft', 'list', 'tables'), '')
    // Open vSwitch leaves the devices of its bridges behind when it is killed, until there is a bridge of that name again.
    for (const link of ['bn4', 'ovs-netdev']) tool('ip', 'link', 'del', 'dev', link)
    assert.deepEqual(natState(), before)
    assert.match(ok('net', 'rm', 'blue', at), /the database did not have it any more/)
    ok('state', 'check', at)
  })

  for (const [what, spoil] of Object.entries({
    lost: () => vsctl('remove', 'Bridge', 'bn4', 'external_ids', 'ovsd_net.blue'),
    damaged: () => vsctl('set', 'Bridge', 'bn4', 'external_ids:ovsd_net.blue={'),
  }))
    it(`its record is ${what}: net rm takes everything away that its copy tells of`, () => {
      const before = natState()
      using web = bareNamespace()
      ok(...CREATE, at)
      spoil()
      ok('add-port', 'bn4', 'eth1', web.name, `--netns=${web.path}`, '--vlan=9')
      if (what === 'damaged') {
        const { code } = errorOf(ovsd(['net', 'rm', 'blue', at, '--json']))
        assert.equal(code, 'NetworkDamaged')
      }
      assert.match(ok('net', 'rm', 'blue', '--force', at), /^blue removed$/m)
      assert.equal(tool('nft', 'list', 'tables'), '')
      ok('state', 'check', at)
      // What is not of the network stays, and its bridge for it.
      assert.equal(vsctl('list-ports', 'bn4').trim().split('\n').length, 1)
      ok('del-port', 'bn4', 'eth1', web.name)
      vsctl('del-br', 'bn4')
      assert.deepEqual(natState(), before)
    })

  it('a killed run has left it without a copy: the same again makes one', () => {
    ok(...CREATE, at)
    rmSync(test.folder, { recursive: true })
    assert.equal(ovsd(['state', 'check', at]).status, 1)
    assert.match(ok(...CREATE, at), /blue completed/)
    ok('state', 'check', at)
    assert.equal(errorOf(ovsd([...CREATE, at, '--json'])).code, 'NetworkExists')
  })

  it('completed with --confirm-within: refused, and nothing of it is taken back', () => {
    ok(...CREATE, at)
    tool('ip', 'address', 'flush', 'dev', 'bn4')
    const { code, message } = errorOf(ovsd([...CREATE, at, '--confirm-within=2s', '--json']))
    assert.deepEqual([code, message.includes('is there already, and stays')], ['BadInput', true], message)
    ok(...CREATE, at)
    assert.deepEqual(networks(), ['blue'])
  })

  for (const [what, take] of Object.entries({
    'its bridge': () => vsctl('del-br', 'bn4'),
    'its rules': () => tool('nft', 'flush', 'ruleset'),
    'its record': () => vsctl('remove', 'Bridge', 'bn4', 'external_ids', 'ovsd_net.blue'),
    'its addresses': () => tool('ip', 'address', 'flush', 'dev', 'bn4'),
  }))
    it(`somebody takes ${what} away: removed, or made anew and removed, nothing is left`, () => {
      const before = natState()
      ok(...CREATE, at)
      take()
      if (networks().includes('blue')) ok('net', 'rm', 'blue', at)
      else {
        ok('gc')
        assert.equal(ovsd(['state', 'check', at]).status, 1)
        ok('state', 'import', at)
        ok('net', 'rm', 'blue', at)
        assert.match(ovsd(['net', 'rm', 'blue', at]).stderr, /There is no network blue/)
      }
      assert.equal(tool('nft', 'list', 'tables'), '')
      assert.deepEqual([natState(), networks()], [before, []])
      ok('state', 'check', at)
    })
})

describe('networks and faults of the store', function () {
  this.timeout(120_000)
  let net: Lan
  let test: TestStore
  let at: string
  let create: readonly string[]
  let before: unknown
  beforeEach(() => {
    net = lan()
    settle(net)
    test = testStore()
    at = `--state-dir=${test.folder}`
    create = ['net', 'create', 'lan', '--bridge=bn5', `--uplink=${net.nic}`, '--force', at]
    before = hostNow()
  })
  afterEach(() => {
    test[Symbol.dispose]()
    net[Symbol.dispose]()
  })

  it('full: a NIC that the host uses is not taken, and the host keeps its addresses; with room it is', () => {
    {
      using _disk = mounted(test.folder, ...tmpfs('64k'))
      fill(test.folder)
      const result = ovsd([...create, '--json'])
      assert.deepEqual([result.status, errorOf(result).code], [1, 'StateUnwritable'], result.stderr)
      assert.deepEqual(hostNow(), before)
    }
    ok(...create)
    ok('net', 'rm', 'lan', at)
    assert.deepEqual(hostNow(), before)
  })

  it('what net rm would run, pasted: the NIC has its addresses and routes, and nothing brings the network back', () => {
    ok(...create)
    tool('sh', '-ec', ok('net', 'rm', 'lan', at, '--dry-run'))
    assert.deepEqual(hostNow(), before)
    ok('state', 'check', at)
  })

  it('read-only: net rm gives the NIC back, says what is left, and the same again removes that', () => {
    ok(...create)
    {
      using _bound = mounted(test.folder, '--bind', test.folder)
      tool('mount', '-o', 'remount,bind,ro', test.folder)
      const { status, stderr } = ovsd(['net', 'rm', 'lan', at])
      assert.equal(status, 3, stderr)
      assert.match(stderr, /read-only/)
      assert.ok(stderr.includes(test.folder), stderr)
      assert.deepEqual(hostNow(), before)
    }
    assert.equal(ovsd(['state', 'check', at]).status, 1)
    ok('net', 'rm', 'lan', at)
    assert.deepEqual(hostNow(), before)
    ok('state', 'check', at)
  })
})
