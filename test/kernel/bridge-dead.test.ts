// A bridge that ovs-vswitchd cannot run: what ovs-vsctl says of it is another thing in each version, and ovsd says the same.
import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'
import { bridgeCreate, type Datapath } from '../../src/lib/plan/steps/bridge-create.ts'
import { snapshot } from '../support/snapshot.ts'

const signal = new AbortController().signal

describe('a bridge whose datapath there is not', () => {
  it('is told of by what became of it, whatever the status of ovs-vsctl is, and can be taken away', async () => {
    using host = openHost()
    const before = snapshot()
    // In the place of `system` without the module, which a machine may have.
    const step = bridgeCreate(host, 'bk-dead', 'nosuch' as Datapath)
    await assert.rejects(step.apply(signal), { code: 'BridgeDead' })
    assert.ok(await step.isDone(signal), 'the row is written all the same')
    await step.undo(signal)
    assert.deepEqual(snapshot(), before)
  })
})
