// What the store is for, with real containers: nothing that runs needs it, and what was lost comes back with its addresses.
import { strict as assert } from 'node:assert'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { container, inside, netnsOf } from '../support/containers.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { testStore, treeOf, type TestStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'

const loseAll = (): string => tool('ovs-vsctl', '--if-exists', 'del-br', 'bn0')
const connect = (network: string, name: string): readonly string[] =>
  (json('net', 'connect', network, name) as { addresses: readonly string[] }).addresses
const addressesOf = (name: string): readonly string[] => insideSeen(netnsOf(name)).get('eth1')?.addresses ?? []
const pings = (from: string, to: string): string => inside(from, 'ping', '-c', '1', '-W', '2', to)

describe('the store, beside containers that run', function () {
  this.timeout(120_000)
  let test: TestStore
  let at: string
  beforeEach(() => {
    test = testStore()
    at = `--state-dir=${test.folder}`
    ok('net', 'create', 'blue', '--bridge=bn0', '--subnet=10.3.0.0/24', '--mode=l2')
    ok('net', 'create', 'red', '--bridge=bn0', '--subnet=10.3.0.0/24', '--tenant=acme', '--mode=l2')
  })
  afterEach(() => {
    loseAll()
    ok('gc')
    // What was lost on purpose is nothing that watch is to bring back for other tests.
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
    test[Symbol.dispose]()
  })

  it('has a copy of a network as long as there is one; without a place for it there is no network', () => {
    const files = (): readonly string[] => Object.keys(treeOf(test.folder)).filter((path) => path.endsWith('.json'))
    ok('net', 'create', 'green', '--bridge=bn3', at)
    assert.equal(files().length, 1)
    ok('net', 'create', 'grey', '--bridge=bn3', at, '--tenant=acme')
    assert.equal(files().length, 2)
    ok('net', 'rm', 'grey', at)
    assert.equal(files().length, 1)
    ok('net', 'prune', '--dry-run', at)
    ok('net', 'rm', 'green', at)
    assert.equal(files().length, 0)
    const path = join(test.path, 'in-the-way')
    writeFileSync(path, '')
    const { status, stderr } = ovsd(['net', 'create', 'green', '--bridge=bn3', `--state-dir=${path}`])
    assert.equal(status, 1, stderr)
    assert.match(stderr, /in-the-way/)
    assert.equal(tool('ovs-vsctl', 'list-br').includes('bn3'), false)
  })

  it('removed as a whole: nothing of them is lost, and the same store is made again', () => {
    using a = container()
    using b = container()
    const given = [connect('blue', a.name), connect('blue', b.name)]
    assert.deepEqual(given, [['10.3.0.1/24'], ['10.3.0.2/24']])
    ok('state', 'import', at)
    const [store, path] = [treeOf(test.folder), join(test.path, 'export.json')]
    const seen = (): unknown => [json('net', 'ls'), json('net', 'inspect', 'blue'), json('list')]
    const before = [seen(), ok('state', 'export', at)]
    rmSync(test.folder, { recursive: true })
    assert.deepEqual([seen(), ok('state', 'export', at)], before)
    pings(a.name, '10.3.0.2')
    assert.equal(ovsd(['state', 'check', at]).status, 1)
    ok('state', 'import', at)
    assert.deepEqual(treeOf(test.folder), store)
    assert.equal(ovsd(['state', 'check', at]).status, 0)
    // The database is as it was, to the last record of an attachment: there is nothing to import.
    ok('state', 'export', path, at)
    assert.equal(ok('state', 'import', path, at), 'Nothing is missing.\n')
  })

  it('the bridge is deleted: networks come back from the store, and addresses with an export', () => {
    using a = container()
    using b = container()
    using x = container()
    const given = [connect('blue', a.name), connect('blue', b.name), connect('red', x.name)]
    const path = join(test.path, 'export.json')
    ok('state', 'export', path, at)
    const networks = (): unknown =>
      (json('net', 'ls') as { networks: readonly Readonly<Record<string, unknown>>[] }).networks.map((one) => ({
        ...one,
        ports: undefined,
      }))
    const before = networks()
    tool('docker', 'stop', '--time=0', a.name, b.name, x.name)
    loseAll()
    assert.deepEqual(networks(), [])
    const found = json('state', 'import', path, at) as { attachments: readonly { container: string; status: string }[] }
    assert.deepEqual(
      found.attachments.map(({ container: name, status }) => `${name} ${status}`).sort(),
      [a, b, x].map(({ name }) => `${name} restored`).sort(),
    )
    assert.deepEqual(networks(), before)
    // Somebody else must not get an address of theirs meanwhile.
    using late = container()
    assert.deepEqual(connect('blue', late.name), ['10.3.0.3/24'])
    tool('docker', 'start', a.name, b.name, x.name)
    ok('watch', '--once')
    assert.deepEqual(
      [a, b, x].map(({ name }) => addressesOf(name)),
      given,
    )
    pings(a.name, '10.3.0.2')
    assert.throws(() => pings(x.name, '10.3.0.2'))
    assert.equal(ovsd(['state', 'check', at]).status, 0)
  })

  it('the records of containers that run are put back, and found to be in use', () => {
    using a = container()
    connect('blue', a.name)
    const path = join(test.path, 'export.json')
    ok('state', 'export', path, at)
    const key = `ovsd_persist.${a.id}.eth1`
    tool('ovs-vsctl', 'remove', 'Bridge', 'bn0', 'external_ids', key)
    const found = json('state', 'import', path, at) as { attachments: readonly { status: string }[] }
    assert.deepEqual(
      found.attachments.map(({ status }) => status),
      ['restored'],
    )
    assert.ok(tool('ovs-vsctl', 'get', 'Bridge', 'bn0', 'external_ids').includes(key))
    assert.match(ovsd(['net', 'rm', 'blue']).stderr, /in use by eth1 of/)
    ok('net', 'disconnect', 'blue', a.name)
    assert.ok(!tool('ovs-vsctl', 'get', 'Bridge', 'bn0', 'external_ids').includes(key))
  })
})
