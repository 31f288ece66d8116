import { strict as assert } from 'node:assert'
import { change, Conflict, transaction } from '../../src/lib/ovn/change.ts'
import { erase, expectNone, expectSome, insert, isRow, mutate, newUuid } from '../../src/lib/ovsdb/operations.ts'
import { makeSwitch, switchAt, switchesNamed } from '../../src/lib/ovn/nb/logical-switch.ts'
import { CommandFailed } from '../../src/lib/errors.ts'
import { shellLine } from '../../src/lib/system/command.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { dump, idOf, madeSwitch, NB_SOCKET, northbound, signal, startNorthbound } from '../support/northbound.ts'
import { authority } from '../support/authority.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool } from '../support/tool.ts'

describe('changes of the northbound database', function () {
  this.timeout(60_000)
  let server: Disposable
  beforeEach(() => {
    server = startNorthbound()
  })
  afterEach(() => {
    server[Symbol.dispose]()
  })

  const toMake = (name: string, n: number) => ({
    ...{ uuid: newUuid(), name, id: idOf(n), record: '{"a":"it\'s"}', systemId: 'hv1', tenant: 'blue', vrf: 'red' },
  })

  it('makes a row with the UUID that was chosen, all its marks, and nothing else', async () => {
    using nb = northbound()
    const before = dump()
    const wanted = toMake('blue', 1)
    await change(nb, makeSwitch(wanted), signal)
    const ls = await switchAt(nb, wanted.uuid)
    assert.deepEqual(ls, {
      uuid: wanted.uuid,
      name: 'blue',
      externalIds: {
        ...{ ovsd_id: idOf(1), network_id: idOf(1), ovsd_net: wanted.record },
        ...{ 'ovsd_host.hv1': '1', tenant_id: 'blue', vrf: 'red' },
      },
      otherConfig: {},
    })
    await change(nb, [erase('Logical_Switch', isRow(wanted.uuid))], signal)
    assert.deepEqual(dump(), before)
  })

  it('the line that --dry-run prints does in a shell what the change does', async () => {
    using nb = northbound()
    const wanted = toMake("o'blue", 1)
    tool('sh', '-c', shellLine(transaction(nb, makeSwitch(wanted))))
    assert.equal((await switchAt(nb, wanted.uuid))?.name, "o'blue")
  })

  it('one that is longer than an argument of a command may be is made all the same, or is a conflict, or unreachable', async () => {
    using nb = northbound()
    const long = (name: string, n: number) => ({ ...toMake(name, n), record: `{"a":"${'x'.repeat(150_000)}"}` })
    const wanted = long('blue', 1)
    await change(nb, makeSwitch(wanted), signal)
    assert.equal((await switchAt(nb, wanted.uuid))?.externalIds['ovsd_net'], wanted.record)
    const before = dump()
    await assert.rejects(change(nb, makeSwitch(long('red', 1)), signal), Conflict)
    assert.deepEqual(dump(), before)
    server[Symbol.dispose]()
    await assert.rejects(change(nb, makeSwitch(long('green', 3)), signal), { code: 'CentralUnreachable' })
    server = startNorthbound()
    await change(nb, makeSwitch(long('green', 3)), signal)
  })

  it('a wait that does not hold is a conflict, and nothing of the transaction is done', async () => {
    using nb = northbound()
    await madeSwitch(nb, 'blue')
    const before = dump()
    await assert.rejects(change(nb, makeSwitch(toMake('blue', 2)), signal), Conflict)
    await assert.rejects(change(nb, makeSwitch(toMake('red', 1)), signal), Conflict, 'the same id')
    await assert.rejects(change(nb, [expectSome('Logical_Switch', isRow(newUuid()))], signal), Conflict)
    assert.deepEqual(dump(), before)
  })

  it('twenty at once make one switch of a name', async () => {
    using nb = northbound()
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => change(nb, makeSwitch(toMake('blue', i)), signal)),
    )
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const one of all) if (one.status === 'rejected') assert.ok(one.reason instanceof Conflict, String(one.reason))
    assert.equal((await switchesNamed(nb, 'blue')).length, 1)
  })

  it('says why the database refuses a change', async () => {
    using nb = northbound()
    const refused = (changes: Parameters<typeof change>[1], words: RegExp) =>
      assert.rejects(change(nb, changes, signal), { code: 'ChangeRefused', message: words })
    await refused([insert('Logical_Switch', newUuid(), { nme: 'x' })], /No column nme/)
    await refused([insert('Nothing', newUuid(), {})], /No table named Nothing/)
    const ls = await madeSwitch(nb, 'blue')
    const nobody = ['uuid', newUuid()] as const
    await refused([mutate('Logical_Switch', isRow(ls.uuid), ['ports', 'insert', nobody])], /references nonexistent row/)
  })

  it('a server that is away, and alone, is said at once', async () => {
    using nb = northbound('unix:/run/ovn/nobody.sock')
    const start = performance.now()
    await assert.rejects(change(nb, makeSwitch(toMake('blue', 1)), signal), { code: 'CentralUnreachable' })
    assert.ok(performance.now() - start < 1500)
  })

  /** Runs the command, and then fails as if the connection had been lost, or the tool killed, before the answer came. */
  const losingAnswers = (times: number, said: string, isKilled = false): Runner => {
    let left = times
    return async (command, stop) => {
      const output = await run(command, stop)
      if (left-- <= 0) return output
      throw new CommandFailed(shellLine(command), said, isKilled, 'Failed with status 1')
    }
  }

  it('an answer that is lost on its way: the change is made once', async () => {
    const lost = 'ovsdb-client: transaction failed (End of file)'
    for (const [i, [said, isKilled]] of [[lost, false] as const, ['', true] as const].entries()) {
      using nb = northbound(NB_SOCKET, losingAnswers(1, said, isKilled))
      const wanted = toMake(`blue${i}`, i)
      await change(nb, makeSwitch(wanted), signal)
      assert.deepEqual(
        (await switchesNamed(nb, wanted.name)).map(({ uuid }) => uuid),
        [wanted.uuid],
      )
    }
  })

  it('an answer that is lost, of a change that makes nothing: repeated, it is harmless, or a conflict', async () => {
    using nb = northbound(NB_SOCKET, losingAnswers(1, 'ovsdb-client: transaction failed (End of file)'))
    using plain = northbound()
    const ls = await madeSwitch(plain, 'blue')
    await change(nb, [erase('Logical_Switch', isRow(ls.uuid))], signal)
    assert.equal(await switchAt(plain, ls.uuid), undefined)
    using again = northbound(NB_SOCKET, losingAnswers(1, 'ovsdb-client: transaction failed (End of file)'))
    const { uuid } = await madeSwitch(plain, 'blue')
    const where = isRow(uuid)
    const once = [expectSome('Logical_Switch', where), erase('Logical_Switch', where)]
    await assert.rejects(change(again, once, signal), Conflict)
    assert.deepEqual(await switchesNamed(plain, 'blue'), [])
  })

  it('a server that hangs for a while: the change is made once', async () => {
    using nb = northbound()
    tool('sh', '-c', 'kill -STOP $(cat /run/ovn/ovnnb_db.pid)')
    const wanted = toMake('blue', 1)
    const made = change(nb, [...makeSwitch(wanted), expectNone('Logical_Router', [])], signal)
    await new Promise((done) => setTimeout(done, 300))
    tool('sh', '-c', 'kill -CONT $(cat /run/ovn/ovnnb_db.pid)')
    await made
    assert.equal((await switchesNamed(nb, 'blue')).length, 1)
  })

  it('over ssl, with the three files', async () => {
    using files = temporaryFolder()
    const { ca, member } = authority(files.path, 'ca')
    const [server, client] = [member('server'), member('client')]
    tool('ovn-nbctl', 'set-ssl', server.key, server.cert, ca)
    tool('ovn-nbctl', 'set-connection', 'pssl:6641:127.0.0.1')
    const tls = { privateKey: client.key, certificate: client.cert, caCert: ca }
    using nb = northbound('ssl:127.0.0.1:6641', run, tls)
    const wanted = toMake('blue', 1)
    await change(nb, makeSwitch(wanted), signal)
    assert.equal((await switchAt(nb, wanted.uuid))?.name, 'blue')
    assert.ok(transaction(nb, []).args.includes(`--private-key=${client.key}`))
    using stranger = northbound('ssl:127.0.0.1:6641', run, { ...tls, caCert: client.cert })
    await assert.rejects(change(stranger, makeSwitch(toMake('red', 2)), signal), (error: { code?: string }) =>
      ['CentralUnreachable', 'CommandFailed'].includes(error.code ?? ''),
    )
  })

  it('a signal ends it, and says so', async () => {
    using nb = northbound()
    const stop = new AbortController()
    tool('sh', '-c', 'kill -STOP $(cat /run/ovn/ovnnb_db.pid)')
    setTimeout(() => {
      stop.abort(new Error('enough'))
    }, 100)
    const start = performance.now()
    try {
      await assert.rejects(change(nb, makeSwitch(toMake('blue', 1)), stop.signal))
      assert.ok(performance.now() - start < 2000)
    } finally {
      tool('sh', '-c', 'kill -CONT $(cat /run/ovn/ovnnb_db.pid)')
    }
  })
})
