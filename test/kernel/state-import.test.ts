// state check, export and import on a real database that loses what it knew.
import { strict as assert } from 'node:assert'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../src/lib/errors.ts'
import { openHost } from '../../src/lib/host.ts'
import { importState } from '../../src/lib/plan/import-state.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { PlanFailed } from '../../src/lib/run/run-plan.ts'
import { perform } from '../../src/lib/run/session.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { readDocument } from '../../src/lib/state/document.ts'
import { FAULTS, faultyRunner } from '../support/faulty-runner.ts'
import { json, ok, ovsd, start } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { ID, keep, network, testStore, treeOf, type TestStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'

interface Finding {
  readonly state: string
  readonly network: string | null
  readonly file: string | null
  readonly next: string | null
  readonly wrong: boolean
}
interface Imported {
  readonly networks: readonly { network: string; bridge: string; status: string; message: string | null }[]
  readonly attachments: readonly { bridge: string; container: string; interface: string; status: string }[]
  readonly files: readonly { file: string; status: string }[]
}

const BRIDGES = ['bs0', 'bs1', 'bs2']
const SPEC = { addresses: ['10.3.0.2/24'], gateways: [], routes: [], mac: '02:00:00:00:00:02', mtu: null }
const RECORD = { name: 'web', vlan: { tag: 0, trunks: [], mode: '' }, spec: SPEC, network: 'blue' }
const KEY = `ovsd_persist.${'c'.repeat(64)}.eth1`

const lose = (): void => {
  for (const bridge of BRIDGES) tool('ovs-vsctl', '--if-exists', 'del-br', bridge)
}
const setId = (bridge: string, key: string, value: string): string =>
  tool('ovs-vsctl', 'set', 'Bridge', bridge, `external_ids:${JSON.stringify(key)}=${JSON.stringify(value)}`)

describe('state', function () {
  this.timeout(240_000)
  let test: TestStore
  let at: string
  beforeEach(() => {
    test = testStore()
    at = `--state-dir=${test.folder}`
    ok('net', 'create', 'blue', '--bridge=bs0', '--subnet=10.3.0.0/24', '--mode=l2')
    ok('net', 'create', 'red', '--bridge=bs0', '--subnet=10.3.0.0/24', '--tenant=acme', '--mtu=1400', '--mode=l2')
    ok('net', 'create', 'green', '--bridge=bs1', '--vlan=7', '--mode=l2')
  })
  afterEach(() => {
    lose()
    test[Symbol.dispose]()
    // Networks that are made without naming the store have their copies there; watch would put them back in a later test.
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
  })

  const check = (): { status: number; findings: readonly Finding[] } => {
    const { status, stdout, stderr } = ovsd(['state', 'check', at, '--json'])
    assert.equal(stderr, '')
    return { status, ...(JSON.parse(stdout) as { findings: readonly Finding[] }) }
  }
  const states = (): readonly string[] => {
    const { status, findings } = check()
    assert.equal(status, findings.some(({ wrong }) => wrong) ? 1 : 0)
    for (const { wrong, next, state } of findings) if (wrong) assert.ok(next !== null, state)
    return findings.map(({ state, network: name }) => `${state} ${name ?? '-'}`).sort()
  }
  const imported = (...args: string[]): Imported => json('state', 'import', at, ...args) as Imported
  const statuses = ({ networks }: Imported): readonly string[] =>
    networks.map(({ network: name, status }) => `${name} ${status}`).sort()
  const records = (): unknown => json('net', 'ls')
  const exported = (): string => {
    const path = join(test.path, 'export.json')
    ok('state', 'export', path, at)
    return path
  }

  it('a store comes into being, is told of, and puts back a database that lost everything', () => {
    assert.deepEqual(states(), ['unkept blue', 'unkept green', 'unkept red'])
    assert.deepEqual(treeOf(test.path), {})
    assert.equal(imported().files.length, 3)
    assert.deepEqual(states(), ['ok blue', 'ok green', 'ok red'])
    const [before, kept] = [records(), treeOf(test.path)]
    lose()
    assert.deepEqual(states(), ['missing blue', 'missing green', 'missing red'])
    const ports = snapshot()
    const dry = ok('state', 'import', at, '--dry-run')
    assert.deepEqual(snapshot(), ports)
    assert.deepEqual(statuses(imported()), ['blue restored', 'green restored', 'red restored'])
    assert.deepEqual(records(), before)
    assert.deepEqual(treeOf(test.path), kept)
    assert.deepEqual(states(), ['ok blue', 'ok green', 'ok red'])
    const [done, text] = [snapshot(), ok('state', 'import', at)]
    assert.deepEqual([text, snapshot()], ['Nothing is missing.\n', done])
    // The lines that were printed do the same when they are pasted.
    lose()
    tool('sh', '-ec', dry)
    assert.deepEqual(records(), before)
  })

  it('one bridge of two is lost: the other one is left as it is', () => {
    imported()
    const before = records()
    tool('ovs-vsctl', 'del-br', 'bs1')
    assert.deepEqual(states(), ['missing green', 'ok blue', 'ok red'])
    assert.deepEqual(statuses(imported()), ['blue unchanged', 'green restored', 'red unchanged'])
    assert.deepEqual(records(), before)
  })

  it('what the database says counts: a copy that is behind is written anew', () => {
    imported()
    const before = snapshot()
    const words = JSON.parse(
      JSON.parse(tool('ovs-vsctl', 'get', 'Bridge', 'bs1', 'external_ids:ovsd_net.green').trim()) as string,
    ) as object
    setId('bs1', 'ovsd_net.green', JSON.stringify({ ...words, mtu: '1300' }))
    assert.deepEqual(states(), ['differs green', 'ok blue', 'ok red'])
    assert.deepEqual(
      imported().files.map(({ status }) => status),
      ['written'],
    )
    assert.deepEqual(states(), ['ok blue', 'ok green', 'ok red'])
    assert.notDeepEqual(snapshot(), before)
    // One that lost its id is still known by its name.
    setId('bs1', 'ovsd_net.green', JSON.stringify({ vlan: '7', mode: 'l2' }))
    assert.deepEqual(states(), ['differs green', 'ok blue', 'ok red'])
    imported()
    assert.deepEqual(states(), ['ok blue', 'ok green', 'ok red'])
  })

  it('a damaged record: told of, left alone, and put back when it was taken away', () => {
    imported()
    const before = records()
    setId('bs1', 'ovsd_net.green', '{')
    const { findings } = check()
    const [{ next } = { next: null }] = findings.filter(({ state }) => state === 'unusable')
    const [, command = ''] = /^Remove the record: (ovs-vsctl .*); then: ovsd state import$/.exec(next ?? '') ?? []
    assert.deepEqual(statuses(imported()), ['blue unchanged', 'green differs', 'red unchanged'])
    tool('sh', '-ec', command)
    assert.deepEqual(statuses(imported()), ['blue unchanged', 'green restored', 'red unchanged'])
    assert.deepEqual(records(), before)
  })

  it('another network of that name: neither is taken for the other', () => {
    imported()
    // Not by ovsd, which would forget the copy.
    tool('ovs-vsctl', 'del-br', 'bs1')
    ok('net', 'create', 'green', '--bridge=bs1', '--vlan=9', '--mode=l2')
    assert.deepEqual(states(), ['ok blue', 'ok red', 'replaced green', 'unkept green'])
    const before = records()
    const { networks } = imported()
    assert.equal(networks.find(({ network: name }) => name === 'green')?.status, 'differs')
    assert.deepEqual(states(), ['ok blue', 'ok green', 'ok red', 'replaced green'])
    assert.deepEqual(records(), before)
  })

  it('another network of that name: who was in the old one is not put into it', () => {
    setId('bs0', KEY, JSON.stringify(RECORD))
    const path = exported()
    ok('net', 'rm', 'blue', '--force')
    ok('net', 'create', 'blue', '--bridge=bs0', '--subnet=10.9.0.0/24', '--mode=l2')
    const { attachments } = imported(path)
    assert.deepEqual(
      attachments.map(({ status }) => status),
      ['differs'],
    )
    assert.equal(tool('ovs-vsctl', 'get', 'Bridge', 'bs0', 'external_ids').includes('ovsd_persist'), false)
  })

  it('an export holds everything, is for its owner only, and says the same twice', () => {
    setId('bs0', KEY, JSON.stringify(RECORD))
    const path = exported()
    const text = readFileSync(path, 'utf8')
    const { networks, attachments } = readDocument(text, path)
    assert.deepEqual(
      networks.map(({ name }) => name),
      ['blue', 'green', 'red'],
    )
    assert.deepEqual(attachments, [{ bridge: 'bs0', key: KEY, record: RECORD }])
    assert.equal(ok('state', 'export', at), text)
    assert.equal(`${JSON.stringify(json('state', 'export', at), undefined, 2)}\n`, text)
    imported()
    assert.equal(ok('state', 'export', at), text)
    lose()
    // The database has no attachments any more; the networks are in the store.
    const { networks: kept } = readDocument(ok('state', 'export', at), 'x')
    assert.deepEqual(kept, networks)
    assert.match(ok('state', 'export', path, at, '--dry-run'), /^# would be written: .*: 3 networks, 0 attachments/)
    assert.equal(readFileSync(path, 'utf8'), text)
  })

  it('an import puts networks, records and files back on an empty host', async () => {
    setId('bs0', KEY, JSON.stringify(RECORD))
    tool('ovs-vsctl', 'add-br', 'bs2', '--', 'set', 'Bridge', 'bs2', 'datapath_type=netdev')
    setId('bs2', KEY.replace('eth1', 'eth2'), JSON.stringify({ ...RECORD, network: undefined }))
    await keep(test.store, { kind: 'endpoints', id: ID }, { network: 'x' })
    const [path, before] = [exported(), ok('state', 'export', at)]
    lose()
    rmSync(test.folder, { recursive: true })
    const first = imported(path)
    assert.deepEqual(statuses(first), ['blue restored', 'green restored', 'red restored'])
    assert.deepEqual(
      first.attachments.map(({ bridge, container, interface: iface, status }) => [bridge, container, iface, status]),
      [
        ['bs0', 'web', 'eth1', 'restored'],
        ['bs2', 'web', 'eth2', 'restored'],
      ],
    )
    assert.deepEqual(first.files.map(({ file }) => file.split('/')[0]).sort(), [
      ...['endpoints', 'networks', 'networks', 'networks'],
    ])
    assert.equal(ok('state', 'export', at), before)
    const done = [snapshot(), treeOf(test.folder)]
    assert.equal(ok('state', 'import', path, at), 'Nothing is missing.\n')
    assert.deepEqual([snapshot(), treeOf(test.folder)], done)
  })

  it('an import leaves alone what is there and otherwise', () => {
    setId('bs0', KEY, JSON.stringify(RECORD))
    const path = exported()
    ok('net', 'create', 'other', '--bridge=bs1', '--vlan=8', '--mode=l2')
    setId('bs0', KEY, JSON.stringify({ ...RECORD, tenant: 'acme' }))
    const words = JSON.parse(
      JSON.parse(tool('ovs-vsctl', 'get', 'Bridge', 'bs1', 'external_ids:ovsd_net.green').trim()) as string,
    ) as object
    setId('bs1', 'ovsd_net.green', JSON.stringify({ ...words, mtu: '1300' }))
    const before = snapshot()
    const found = imported(path)
    assert.deepEqual(statuses(found), ['blue unchanged', 'green differs', 'red unchanged'])
    assert.deepEqual(
      found.attachments.map(({ status }) => status),
      ['differs'],
    )
    assert.deepEqual(snapshot(), before)
    assert.match(
      ok('state', 'import', path, at),
      /network green on bs1: left as it is: it is there with other settings/,
    )
  })

  it('what cannot be put back keeps everything from being done, and can be left out', () => {
    setId('bs0', KEY, JSON.stringify(RECORD))
    const path = exported()
    lose()
    ok('net', 'create', 'other', '--bridge=bs0', '--mode=l2')
    tool('ip', 'link', 'add', 'bs1', 'type', 'veth', 'peer', 'name', 'bs1-far')
    try {
      const before = snapshot()
      const { status, stdout } = ovsd(['state', 'import', path, at, '--json'])
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
      assert.deepEqual([status, error.code], [1, 'ImportConflict'])
      assert.match(error.message, /\n {2}blue: another network has the untagged traffic of bs0\./)
      assert.match(error.message, /\n {2}green: bs1 is not a bridge of Open vSwitch/)
      assert.deepEqual(snapshot(), before)
      const found = imported(path, '--except=blue', '--except=green')
      assert.deepEqual([statuses(found), found.attachments], [['red restored'], []])
    } finally {
      tool('ip', 'link', 'del', 'bs1')
    }
  })

  it('a file that is no export changes nothing; the status is that of bad input', () => {
    const path = join(test.path, 'x.json')
    for (const text of ['', '{}', readFileSync(exported(), 'utf8').replace('"acme"', '"acne"')]) {
      writeFileSync(path, text)
      const { status, stdout } = ovsd(['state', 'import', path, at, '--json'])
      assert.deepEqual([status, (JSON.parse(stdout) as { error: { code: string } }).error.code], [2, 'ExportInvalid'])
    }
    assert.equal(ovsd(['state', 'import', join(test.path, 'none'), at]).status, 1)
  })

  for (const mode of ['strict', 'lenient', 'skip'])
    it(`a damaged copy, with OVSD_RECOVERY_MODE=${mode}`, async () => {
      imported()
      await keep(test.store, { kind: 'ipam', id: ID }, 1)
      writeFileSync(test.of({ kind: 'ipam', id: ID }), 'x')
      const [file = ''] = readdirSync(join(test.folder, 'networks'))
      writeFileSync(join(test.folder, 'networks', file), '')
      const damaged = treeOf(test.folder)
      const env = { OVSD_RECOVERY_MODE: mode }
      // One network is known to the database alone; the other two are lost.
      tool('ovs-vsctl', 'del-br', 'bs1')
      const { status, stdout, stderr } = ovsd(['state', 'import', at], env)
      const names = Object.keys(treeOf(test.folder)).map((name) => name.replace(file, 'FILE').replace(ID, 'ID'))
      switch (mode) {
        case 'strict':
          assert.equal(status, 1)
          assert.match(stderr, new RegExp(`${file} cannot be used: it is empty\\.[\\s\\S]*mv .*${file} `))
          assert.deepEqual(treeOf(test.folder), damaged)
          break
        case 'lenient':
          assert.equal(status, 0, stderr)
          assert.match(stderr, /warning: .*it is empty. It is kept as .*\.json\.backup/)
          assert.match(stdout, /put aside as \.backup/)
          assert.ok(names.includes('networks/FILE.backup') && names.includes('ipam/ID-pool.json.backup'), names.join())
          assert.ok(!names.includes('ipam/ID-pool.json'))
          break
        default:
          assert.equal(status, 0, stderr)
          assert.match(stderr, /warning: .*is left (out|as it is)/)
          assert.equal(treeOf(test.folder)[`networks/${file}`], '600 ')
          assert.ok(!names.some((name) => name.includes('backup')))
      }
    })

  it('check: what others could write or read, and what no network has any more', async () => {
    imported()
    await keep(test.store, { kind: 'endpoints', id: ID }, { network: ID })
    chmodSync(test.folder, 0o755)
    assert.deepEqual(states(), ['ok blue', 'ok green', 'ok red', 'open -', 'orphan -'])
    chmodSync(test.folder, 0o777)
    assert.deepEqual(states(), ['unkept blue', 'unkept green', 'unkept red', 'unsafe -'])
    assert.match(ovsd(['state', 'import', at]).stderr, /others than its owner can write to it/)
    const nowhere = ['state', 'check', at, '--db=unix:/nowhere']
    const first = ovsd(nowhere)
    assert.equal(first.status, 1)
    assert.match(first.stdout, /unsafe [\s\S]*unreachable .*nothing was compared with the database/)
    // Nothing is wrong with the files, and more could not be found out.
    rmSync(test.folder, { recursive: true })
    const second = ovsd([...nowhere, '--json'])
    const { error } = JSON.parse(second.stdout) as { error: { code: string } }
    assert.deepEqual([second.status, error.code], [1, 'DatabaseUnreachable'])
  })

  it('two imports at once: both succeed, and each thing is there once', async () => {
    const path = exported()
    const before = records()
    lose()
    rmSync(test.folder, { recursive: true, force: true })
    const ended = await Promise.all([0, 1, 2].map(() => start(['state', 'import', path, at, '--json']).ended))
    for (const { status, stderr, stdout } of ended) assert.equal(status, 0, stderr + stdout)
    assert.deepEqual(records(), before)
    assert.deepEqual(states(), ['ok blue', 'ok green', 'ok red'])
  })

  it('a failure of any command: everything is undone, the store as well', async () => {
    setId('bs0', KEY, JSON.stringify(RECORD))
    tool('ovs-vsctl', 'add-br', 'bs2', '--', 'set', 'Bridge', 'bs2', 'datapath_type=netdev')
    setId('bs2', KEY, JSON.stringify(RECORD))
    const path = exported()
    const document = readDocument(readFileSync(path, 'utf8'), path)
    lose()
    await keep(test.store, network(), 'old')
    writeFileSync(test.of(network()), 'damaged')
    const attempt = async (runner: Runner): Promise<unknown> => {
      using host = openHost({ runner })
      const { signal } = new AbortController()
      try {
        return await perform({ host, signal, observer: nobody, dryRun: false }, () =>
          importState(host, test.store, { ...document, attachments: document.attachments.slice(0, 1) }, []),
        )
      } catch (error) {
        return error
      }
    }
    let undone = 0
    for (let nth = 0, reached = true; reached; nth++)
      for (const fault of FAULTS) {
        const before = [snapshot(), treeOf(test.folder)]
        const { runner, reached: wasReached } = faultyRunner(nth, fault)
        const failure = await attempt(runner)
        reached = wasReached()
        if (!(failure instanceof Error)) {
          lose()
          rmSync(test.folder, { recursive: true })
          await keep(test.store, network(), 'old')
          writeFileSync(test.of(network()), 'damaged')
          continue
        }
        undone++
        assert.ok(failure instanceof PlanFailed, messageOf(failure))
        assert.equal(failure.status, 1, failure.message)
        assert.deepEqual([snapshot(), treeOf(test.folder)], before, `command ${String(nth)}, fault ${fault}`)
      }
    assert.ok(undone >= 8, String(undone))
  })
})
