import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { OURS, partMarks } from '../../../src/lib/attach/marks.ts'
import type { Host } from '../../../src/lib/host.ts'
import { NO_VLAN } from '../../../src/lib/net/vlan.ts'
import type { PortOnBridge } from '../../../src/lib/ovs/reader.ts'
import type { Changes } from '../../../src/lib/ovs/replica-changes.ts'
import type { BridgeRow } from '../../../src/lib/ovs/rows.ts'
import type { Chore } from '../../../src/lib/reconcile/upkeep.ts'
import { Housekeeping } from '../../../src/lib/watch/housekeeping.ts'

type Ids = Readonly<Record<string, string>>

const NETWORK = { ...OURS, ovsd_network: 'blue' }
const ENDPOINT = { ...NETWORK, ovsd_endpoint: 'a'.repeat(64) }

const bridge = (externalIds: Ids = {}): BridgeRow => ({ uuid: 'b', name: 'br0', datapathType: 'netdev', externalIds })
const port = (externalIds: Ids): PortOnBridge => ({
  interface: { uuid: 'i', name: 'p', externalIds, type: '', options: {}, ofport: 1, error: '', rate: 0, burst: 0 },
  port: {
    ...{ uuid: 'p', name: 'p', vlan: NO_VLAN, vlanColumns: { tag: undefined, trunks: [], mode: '' } },
    ...{ interfaces: [], isProtected: false },
  },
  bridge: bridge(),
})
const came = (ids: Ids): Changes => ({ bridges: [], interfaces: [{ before: undefined, after: port(ids) }] })
const went = (ids: Ids): Changes => ({ bridges: [], interfaces: [{ before: port(ids), after: undefined }] })

const unexpected = (): void => {
  assert.fail('nothing is due')
}

/** What is looked at, in which order, after something was told. */
async function looksAfter(tell: (housekeeping: Housekeeping) => void): Promise<readonly string[]> {
  const looks: string[] = []
  const chore =
    (name: string): Chore =>
    () => {
      looks.push(name)
      return Promise.resolve([])
    }
  const housekeeping = new Housekeeping(
    {
      ...{ host: {} as Host, dryRun: false, limit: () => new AbortController().signal },
      lock: { takeAlone: () => Promise.reject(new Error('nothing is due')) },
      report: { mended: unexpected, failed: unexpected, wouldRun: unexpected },
    },
    { networks: [chore('networks')], ports: [chore('ports')] },
  )
  tell(housekeeping)
  await pause(400)
  await housekeeping.stop()
  return looks
}

describe('housekeeping', () => {
  const after = (...changes: readonly Changes[]) =>
    looksAfter((housekeeping) => {
      for (const one of changes) housekeeping.changed(one)
    })

  it('looks at networks when one changes, or a port of its own, or one that somebody else than Docker puts there', async () => {
    const record = { bridges: [{ before: bridge(), after: bridge({ 'ovsd_net.blue': '{}' }) }], interfaces: [] }
    for (const change of [record, came(partMarks('blue', 'uplink')), went(partMarks('blue', 'uplink')), came(NETWORK)])
      assert.deepEqual(await after(change), ['networks', 'ports'])
  })

  it('does not look at them when Docker puts a container into one, or takes it out', async () => {
    assert.deepEqual(await after(came(ENDPOINT)), ['ports'])
    assert.deepEqual(await after(went(ENDPOINT)), ['ports'])
    assert.deepEqual(await after(came(ENDPOINT), came(NETWORK), went(ENDPOINT)), ['networks', 'ports'])
  })

  it('looks at nothing when it is about no network, but for new ports, which a mirror may be about', async () => {
    assert.deepEqual(await after(came({}), went({}), went(OURS)), [])
    assert.deepEqual(await after(came(OURS)), ['ports'])
  })

  it('looks at everything when it is asked to, once for all who ask, and at nothing when it is over', async () => {
    const asked = await looksAfter((housekeeping) => {
      housekeeping.ask('ports')
      housekeeping.ask()
      housekeeping.ask()
    })
    // Who asks while it waits has it look once more: at what is cheap.
    assert.deepEqual(asked.slice(0, 2), ['networks', 'ports'])
    assert.equal(asked.filter((one) => one === 'networks').length, 1)
    const over = await looksAfter((housekeeping) => {
      void housekeeping.stop()
      housekeeping.ask()
    })
    assert.deepEqual(over, [])
  })
})
