import { strict as assert } from 'node:assert'
import { persistKey, readPersistRecords } from '../../../src/lib/attach/persist.ts'

describe('the record of an interface with an address by DHCP', () => {
  const id = 'a'.repeat(64)
  const spec = { addresses: [], gateways: [], routes: [], mac: '02:00:00:00:00:01', mtu: null }
  const read = (more: object) =>
    readPersistRecords({
      [persistKey(id, 'eth1')]: JSON.stringify({ name: 'web', vlan: { trunks: [], mode: '' }, spec, ...more }),
    })[0]

  it('says so, so that it gets one again after a restart', () => {
    assert.equal(read({ dhcp: true })?.dhcp, true)
    assert.equal(read({})?.dhcp, undefined)
    assert.equal(read({ dhcp: 'yes' })?.dhcp, undefined)
  })
})
