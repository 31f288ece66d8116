import { strict as assert } from 'node:assert'
import { defaultEndpoint, parseEndpoint } from '../../../src/lib/ovsdb/endpoint.ts'
import { refuses } from '../../support/bad-input.ts'

describe('parseEndpoint', () => {
  refuses((text) => parseEndpoint(text), '--db', [
    '',
    '/run/openvswitch/db.sock',
    'unix:db.sock',
    'unix:',
    'tcp:127.0.0.1',
    'tcp:127.0.0.1:0',
    'tcp:127.0.0.1:6640x',
    'tcp::6640',
    'tcp:a b:6640',
    'punix:/run/db.sock',
    'ptcp:6640',
    'ssl:127.0.0.1:6640',
  ])
  const cases = {
    'unix:/run/openvswitch/db.sock': { path: '/run/openvswitch/db.sock' },
    'tcp:127.0.0.1:6640': { host: '127.0.0.1', port: 6640 },
    'tcp:[::1]:6640': { host: '::1', port: 6640 },
    'tcp:ovs.example:65535': { host: 'ovs.example', port: 65_535 },
  }
  for (const [text, connect] of Object.entries(cases))
    it(`takes ${text}`, () => {
      assert.deepEqual(parseEndpoint(text), { text, connect })
    })
})

describe('defaultEndpoint', () => {
  it('is that of the OVS tools', () => {
    assert.equal(defaultEndpoint({}).text, 'unix:/run/openvswitch/db.sock')
    assert.equal(defaultEndpoint({ OVS_RUNDIR: '/var/run/ovs' }).text, 'unix:/var/run/ovs/db.sock')
  })
  refuses(
    (OVS_RUNDIR) => defaultEndpoint({ OVS_RUNDIR }),
    'OVS_RUNDIR',
    ['run'],
    (good) => parseEndpoint(good),
  )
})
