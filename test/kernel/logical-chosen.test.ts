// An address that was chosen out of what central knew, and that central was not told of before it went away, is nobody's.
import { strict as assert } from 'node:assert'
import type { Attachment } from '../../src/lib/attach/attachment.ts'
import { OvsdError } from '../../src/lib/errors.ts'
import { openHost } from '../../src/lib/host.ts'
import type { Network } from '../../src/lib/network/networks.ts'
import { prepareLogical } from '../../src/lib/plan/logical-attachment.ts'
import { tool } from '../support/tool.ts'

const CENTRAL = ['ovn-remote=tcp:127.0.0.1:1', 'ovn-encap-ip=192.0.2.7', 'ovn-encap-type=geneve']
const NETWORK = { name: 'blue', bridge: 'br-int', spec: { id: 'x', overlay: { logicalSwitch: 'ls-blue' } } }
const ATTACHMENT = { target: { id: 'c', generation: '1' }, logical: 'lsp-c-eth1', mac: '02:00:00:00:00:01' }

describe('an attachment on OVN while central is away', () => {
  before(() => {
    tool('ovs-vsctl', '--no-wait', 'set', 'Open_vSwitch', '.', ...CENTRAL.map((pair) => `external_ids:${pair}`))
  })
  after(() => {
    const keys = CENTRAL.map((pair) => pair.replace(/=.*/, ''))
    tool('ovs-vsctl', '--no-wait', 'remove', 'Open_vSwitch', '.', 'external_ids', ...keys)
  })

  const prepared = async (request: { readonly keep?: boolean; readonly isChosen?: boolean }) => {
    using host = openHost()
    return await prepareLogical(host, NETWORK as unknown as Network, ATTACHMENT as unknown as Attachment, request)
  }
  const isAway = (error: unknown): boolean => error instanceof OvsdError && error.code === 'CentralUnreachable'

  it('gets the interface whose addresses are known, and is in central later', async () => {
    assert.deepEqual(await prepared({ keep: true, isChosen: false }), { before: [], after: [] })
  })

  it('gets none with addresses that another host would choose, too', async () => {
    await assert.rejects(prepared({ keep: true, isChosen: true }), isAway)
  })

  it('fails for who types it, in any case', async () => {
    await assert.rejects(prepared({}), isAway)
  })
})
