import { strict as assert } from 'node:assert'
import type { Host } from '../../../src/lib/host.ts'
import { parseAttach, type AttachWords } from '../../../src/lib/plan/request.ts'
import type { Desired } from '../../../src/lib/reconcile/desired.ts'
import { placed } from '../../../src/lib/reconcile/placed.ts'
import { bridgesView, type BridgesView } from '../../support/bridges-view.ts'
import { hostWith, ID } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const wanted = (bridge: string, words: Partial<AttachWords> = {}): Desired => ({
  iface: 'eth1',
  request: parseAttach({ bridge, iface: 'eth1', container: ID, ipaddress: ['10.0.0.2/24'], rate: '1M', ...words }),
})

describe('placed', () => {
  const bare = hostWith(scriptedRunner().run)
  let view: BridgesView
  let host: Host

  before(async () => {
    view = await bridgesView({ br0: { vlans: { vbr: 7, both: 8 } }, both: {} })
    host = { ...bare, ovs: view.ovs }
  })
  after(() => view[Symbol.asyncDispose]())

  it('leaves a request for a bridge alone, be the bridge there or not', async () => {
    for (const one of [wanted('br0'), wanted('br0', { vlan: '7' }), wanted('missing', { trunks: '1-4094' })])
      assert.deepEqual(await placed(host, one), one)
  })

  it('turns a VLAN bridge into its parent in that VLAN, and keeps the rest', async () => {
    const inParent = wanted('br0', { vlan: '7' })
    assert.deepEqual(await placed(host, wanted('vbr')), inParent)
    assert.deepEqual(await placed(host, wanted('vbr', { vlan: '7' })), inParent)
  })

  it('takes a bridge for a bridge that is called as a VLAN bridge is', async () => {
    assert.deepEqual(await placed(host, wanted('both')), wanted('both'))
  })

  it('refuses another VLAN than that of the VLAN bridge', async () => {
    for (const words of [{ vlan: '8' }, { trunks: '7' }, { nativeVlan: '7' }]) {
      const { iface, request, refusal } = await placed(host, wanted('vbr', words))
      assert.deepEqual([iface, request, refusal?.code], ['eth1', undefined, 'BadInput'])
      assert.match(refusal?.message ?? '', /vbr is VLAN 7 of br0/)
      assert.match(refusal?.next ?? '', /7$/)
    }
  })

  it('asks nothing about what is refused already', async () => {
    const refused: Desired = { iface: '', refusal: { code: 'UnknownLabel', message: 'ovs.foo' } }
    assert.equal(await placed(bare, refused), refused)
  })

  it('refuses nothing because the database does not answer', async () => {
    await assert.rejects(placed(bare, wanted('br0')), { code: 'DatabaseUnreachable' })
  })
})
