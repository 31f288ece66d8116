import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'

describe('openHost', () => {
  it('knows the default database by whatever name it is given', () => {
    const isDefault = (db: string | undefined): boolean => {
      using host = openHost(db === undefined ? {} : { db })
      return host.isDefaultDatabase
    }
    for (const db of [undefined, 'unix:/run/openvswitch/db.sock', 'unix:/var/run/openvswitch/db.sock'])
      assert.equal(isDefault(db), true, String(db))
    for (const db of ['unix:/run/openvswitch/other.sock', 'unix:/srv/run/openvswitch/db.sock', 'tcp:127.0.0.1:6640'])
      assert.equal(isDefault(db), false, db)
  })
})
