// A command wrote the record of an attachment, failed, and undid it; meanwhile a reconciler had read the record, and waited.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { persistKey } from '../../src/lib/attach/persist.ts'
import { takeLock } from '../../src/lib/system/lock.ts'
import { testBridge } from '../support/bridge.ts'
import { start } from '../support/ovsd.ts'
import { Reconciling } from '../support/reconciling.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'

describe('a record that is gone when its turn comes', () => {
  it('is nothing to attach by', async () => {
    using bridge = testBridge()
    await using site = await Reconciling.open()
    const web = await site.engine.run({})
    const before = snapshot()
    const docker = `--docker=unix://${site.engine.socket}`
    const added = start(['add-port', bridge.name, 'eth1', web.name, '--ipaddress=10.0.0.2/24', '--persist', docker])
    assert.equal((await added.ended).status, 0)
    const [, port = ''] = /^([0-9a-f]{13}_l)$/m.exec(tool('ovs-vsctl', 'list-ports', bridge.name)) ?? assert.fail()
    // As a command that is being undone leaves it for a moment: the record without the port.
    tool('ovs-vsctl', 'del-port', port)
    tool('ip', 'link', 'del', port)
    const lock = await takeLock(new AbortController().signal)
    await site.forgetAll()
    const looking = site.look(web)
    await sleep(300)
    tool('ovs-vsctl', 'remove', 'Bridge', bridge.name, 'external_ids', `"${persistKey(web.id, 'eth1')}"`)
    lock.release()
    assert.deepEqual(await looking, [])
    assert.deepEqual(snapshot(), before)
  })
})
