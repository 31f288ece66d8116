// Defects that tests found once, and that shall not come back.
import { strict as assert } from 'node:assert'
import { portsMeantBy } from '../../src/lib/attach/lookup.ts'
import { NO_VLAN } from '../../src/lib/net/vlan.ts'
import { changeVlan } from '../../src/lib/plan/change-vlan.ts'
import { capturedBytes } from '../support/captured.ts'
import { testDatabase } from '../support/database.ts'
import { dockerReplay, recorded } from '../support/docker-replay.ts'

const WEB = /"Id":"([0-9a-f]{64})"/.exec(capturedBytes('docker/inspect-running.http').toString())?.[1] ?? ''

describe('mended once, with a database', function () {
  this.timeout(30_000)

  it('letters in a row of ovs-docker that have become ambiguous do not fail the look-up of a clear name', async () => {
    await using db = await testDatabase()
    const engine = await dockerReplay({
      '/containers/web/json': recorded('inspect-running'),
      [`/containers/${WEB.slice(0, 1)}/json`]: recorded('inspect-ambiguous'),
    })
    await using _ = engine
    using host = db.host({ docker: engine.path })
    db.vsctl('add-br', 'br0', '--', 'add-port', 'br0', 'p_l')
    db.vsctl(
      'set',
      'Interface',
      'p_l',
      `external_ids:container_id="${WEB.slice(0, 1)}"`,
      'external_ids:container_iface=eth1',
    )
    assert.deepEqual(await portsMeantBy(host, 'web'), [])
  })

  for (const columns of [
    ['tag=5', 'trunks=7', 'vlan_mode=native-tagged'],
    ['tag=5', 'vlan_mode=dot1q-tunnel'],
    ['tag=5', 'trunks=7', 'vlan_mode=access'],
  ])
    it(`undoing set-vlan brings ${columns.join(' ')} back`, async () => {
      await using db = await testDatabase()
      using host = db.host()
      db.vsctl('add-br', 'br0', '--', 'add-port', 'br0', 'p_l', ...columns)
      db.vsctl('set', 'Interface', 'p_l', 'external_ids:container_id=web', 'external_ids:container_iface=eth1')
      const get = () => db.vsctl('get', 'Port', 'p_l', 'tag', 'trunks', 'vlan_mode')
      const before = get()
      const { plan } = await changeVlan(host, { bridge: 'br0', iface: 'eth1', container: 'web' }, NO_VLAN)
      assert.ok(plan?.onFailure === 'unwind')
      const [[step] = []] = plan.stages
      const { signal } = new AbortController()
      await step?.apply(signal)
      await step?.undo(signal)
      assert.equal(get(), before)
    })
})
