// Transactions over an open connection, on a real database: they do what the command lines do, and wait as these do.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed, OvsdError } from '../../src/lib/errors.ts'
import { Committer } from '../../src/lib/ovs/committer.ts'
import { directRunner } from '../../src/lib/ovs/direct-runner.ts'
import type { PortToAdd } from '../../src/lib/ovs/port-changes.ts'
import type { Transaction } from '../../src/lib/ovs/transaction.ts'
import { Vsctl } from '../../src/lib/ovs/vsctl.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { testDatabase, withoutSwitch, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const vsctl = new Vsctl()
const PORT: PortToAdd = { bridge: 'br0', port: 'p_l', vlan: { kind: 'none' }, marks: {} }
const PORTS: Readonly<Record<string, Partial<PortToAdd>>> = {
  plain: {},
  access: {
    vlan: { kind: 'access', tag: 10 },
    marks: { container_id: 'c1', 'odd key': 'a "quoted" = [value], {x}\\' },
  },
  trunk: { vlan: { kind: 'trunk', trunks: [7, 8, 9, 100] }, rate: 1000 },
  'trunk of all': { vlan: { kind: 'trunk', trunks: [] } },
  native: { vlan: { kind: 'native', tag: 5, trunks: [6, 4094] }, marks: { a: '' } },
  recorded: { bridgeMarks: { kept: 'new', more: '{"x":1}' }, forget: ['gone', 'never-there'] },
}
const withoutIds = (text: string): string => text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
/** As long as it may wait, in seconds. */
const waiting = (transaction: Transaction, waitSeconds: number): Transaction => ({ ...transaction, waitSeconds })

describe('transactions over an open connection', function () {
  this.timeout(30_000)
  let db: TestDatabase
  let committer: Committer

  beforeEach(async () => {
    db = await testDatabase()
    db.vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'external_ids:kept=old', 'external_ids:gone=1')
    db.vsctl('add-br', 'br1')
    committer = new Committer(parseEndpoint(`unix:${db.socket}`))
  })
  afterEach(async () => {
    committer[Symbol.dispose]()
    await db[Symbol.asyncDispose]()
  })

  /** Everything about bridges, ports and interfaces, in order; without UUIDs, of which there are as many as rows. */
  const state = (): string =>
    ['Bridge', 'Port', 'Interface']
      .flatMap((table) =>
        withoutIds(db.vsctl('--format=csv', 'list', table))
          .split('\n')
          .sort(),
      )
      .join('\n')
  const line: Runner = (command, signal) =>
    withoutSwitch({ ...command, args: [`--db=unix:${db.socket}`, ...command.args] }, signal)
  const uuidOf = (port: string): string => db.vsctl('get', 'Port', port, '_uuid')

  /** The state after the command line, and after the transaction, from the same beginning. */
  async function both(build: () => Transaction, back: () => void): Promise<readonly [string, string]> {
    await line(build())
    const first = state()
    back()
    await committer.commit(waiting(build(), 0))
    return [first, state()]
  }

  for (const [name, options] of Object.entries(PORTS))
    it(`add a port as the command line does (${name})`, async () => {
      const before = state()
      const [first, second] = await both(
        () => vsctl.addPort({ ...PORT, ...options }),
        () => {
          db.vsctl('del-port', 'p_l', '--', 'set', 'Bridge', 'br0', 'external_ids={kept=old,gone="1"}')
          assert.equal(state(), before)
        },
      )
      assert.equal(second, first)
      assert.notEqual(first, before)
    })

  it('remove ports of several bridges, and their records', async () => {
    const add = (): void => {
      for (const [port, bridge] of [
        ['p1', 'br0'],
        ['p2', 'br0'],
        ['p3', 'br1'],
      ] as const)
        db.vsctl('--may-exist', 'add-port', bridge, port, '--', 'set', 'Bridge', 'br0', 'external_ids:gone=1')
    }
    add()
    const removal = (): Transaction =>
      vsctl.removePorts([
        { bridge: 'br0', uuid: uuidOf('p1'), forget: 'gone' },
        { bridge: 'br0', uuid: uuidOf('p2') },
        { bridge: 'br1', uuid: uuidOf('p3'), forget: undefined },
      ])
    const [first, second] = await both(removal, add)
    assert.equal(second, first)
    assert.doesNotMatch(first, /p[123]|gone/)
  })

  it('set and drop marks of an interface', async () => {
    db.vsctl('add-port', 'br0', 'p_l', '--', 'set', 'Interface', 'p_l', 'external_ids:a=1')
    const [first, second] = await both(
      () => vsctl.setMarks('p_l', { a: '2', b: 'x y' }),
      () => db.vsctl('set', 'Interface', 'p_l', 'external_ids={a="1"}'),
    )
    assert.equal(second, first)
    await committer.commit(vsctl.dropMarks('p_l', ['a', 'c']))
    assert.equal(db.vsctl('get', 'Interface', 'p_l', 'external_ids'), '{b="x y"}')
    await committer.commit(vsctl.dropMarks('nobody', ['a']))
  })

  const refused = (transaction: Transaction, words: RegExp) =>
    assert.rejects(committer.commit(transaction), (error) => {
      assert.ok(error instanceof CommandFailed, String(error))
      assert.equal(error.unknown, false)
      assert.match(error.said, words)
      assert.match(error.command, /^ovs-vsctl /)
      return true
    })

  it('change nothing when they cannot be made, and say why as ovs-vsctl does', async () => {
    db.vsctl('add-port', 'br0', 'p_l')
    const before = state()
    await refused(vsctl.addPort({ ...PORT, bridge: 'br9', port: 'p2' }), /^no row "br9" in table Bridge$/)
    await refused(
      vsctl.addPort({ ...PORT, bridgeMarks: { x: '1' } }),
      /^constraint violation: .*identical values \(p_l\)/,
    )
    await refused(vsctl.setMarks('nobody', { a: '1' }), /^no row "nobody" in table Interface$/)
    await refused(vsctl.removePorts([{ bridge: 'br9', uuid: uuidOf('p_l') }]), /^no row "br9" in table Bridge$/)
    await assert.rejects(line(vsctl.addPort({ ...PORT, bridge: 'br9', port: 'p2' })), /no row "br9" in table Bridge/)
    assert.equal(state(), before)
  })

  const number = (column: string): number => Number(db.vsctl('get', 'Open_vSwitch', '.', column))
  const isThere = () => db.vsctl('list-ports', 'br0').includes('p_l')

  it('wait until ovs-vswitchd has done what was asked, and not until it has done something else', async () => {
    const from = number('next_cfg')
    let isOver = false
    const running = committer.commit(vsctl.addPort(PORT)).then(() => (isOver = true))
    await until(isThere, 'the port', 5)
    assert.equal(number('next_cfg'), from + 1)
    db.vsctl('set', 'Open_vSwitch', '.', `cur_cfg=${from}`)
    await sleep(100)
    assert.equal(isOver, false)
    db.vsctl('set', 'Open_vSwitch', '.', `cur_cfg=${from + 1}`)
    await running
    // What it has done by then is not waited for again, and where nobody waits nothing is counted.
    await committer.commit(vsctl.setMarks('p_l', { a: '1' }))
    assert.equal(number('next_cfg'), from + 1)
  })

  it('have a limit, after which nobody knows whether ovs-vswitchd has done it', async () => {
    await assert.rejects(committer.commit(waiting(vsctl.addPort(PORT), 0.2)), (error) => {
      assert.ok(error instanceof CommandFailed)
      assert.equal(error.unknown, true)
      assert.match(error.message, /^Not finished: ovs-vsctl .*\n {2}ovs-vswitchd has not done it within 0.2 s$/s)
      return true
    })
    assert.ok(isThere())
  })

  it('are rejected with the reason of a caller who stops, before they are made or while they wait', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const running = committer.commit(vsctl.addPort(PORT), stop.signal)
    await until(isThere, 'the port', 5)
    stop.abort(reason)
    await assert.rejects(running, reason)
    await assert.rejects(committer.commit(vsctl.addPort({ ...PORT, port: 'p2' }), stop.signal), reason)
    assert.doesNotMatch(db.vsctl('list-ports', 'br0'), /p2/)
  })

  it('fail as long as the database is away, and go on when it is back', async () => {
    await committer.commit(waiting(vsctl.addPort(PORT), 0))
    const waits = committer.commit(vsctl.addPort({ ...PORT, port: 'p2' }))
    await until(() => db.vsctl('list-ports', 'br0').includes('p2'), 'the port', 5)
    await db.stop()
    await assert.rejects(waits, (error) => error instanceof CommandFailed && error.unknown)
    const away = committer.commit(vsctl.setMarks('p_l', { a: '1' }))
    await assert.rejects(away, (error) => error instanceof OvsdError && error.code === 'DatabaseUnreachable')
    await db.start()
    await committer.commit(vsctl.setMarks('p_l', { a: '2' }))
    assert.equal(db.vsctl('get', 'Interface', 'p_l', 'external_ids:a'), '"2"')
    const after = committer.commit(vsctl.addPort({ ...PORT, port: 'p3' }))
    await until(() => db.vsctl('list-ports', 'br0').includes('p3'), 'the port', 5)
    db.vsctl('set', 'Open_vSwitch', '.', `cur_cfg=${number('next_cfg')}`)
    await after
  })

  it('are all that a direct runner makes itself, and it tells of them', async () => {
    const ran: string[] = []
    const told: string[] = []
    const run = directRunner(
      (command) => {
        ran.push(command.tool)
        return Promise.resolve({ stdout: 'out', stderr: '', status: 0 })
      },
      committer,
      (line) => told.push(line),
    )
    assert.equal((await run({ tool: 'ip', args: ['link'] })).stdout, 'out')
    await run(waiting(vsctl.addPort(PORT), 0))
    assert.deepEqual(ran, ['ip'])
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /^ovs-vsctl --timeout=8 -- --id=@i create Interface name=p_l /)
    assert.ok(isThere())
  })
})
