import { strict as assert } from 'node:assert'
import { asksForDhcp, clientKeys, readClient, readLease } from '../../../src/lib/dhcp/marks.ts'

const lease = (text: string) => readLease({ ovsd_lease: text })

describe('marks of DHCP', () => {
  it('a lease is read as it was written', () => {
    const read = lease('10.0.0.5/24 10.0.0.1 10.0.0.2 1795295594')
    assert.deepEqual(
      [read?.address.text, read?.gateway?.text, read?.server?.text, read?.expires],
      ['10.0.0.5/24', '10.0.0.1', '10.0.0.2', 1795295594],
    )
    const bare = lease('10.0.0.5/32 - - -')
    assert.deepEqual(
      [bare?.address.text, bare?.gateway, bare?.server, bare?.expires],
      ['10.0.0.5/32', undefined, undefined, undefined],
    )
  })

  for (const text of [
    '',
    '10.0.0.5/24',
    '10.0.0.5/24 - -',
    '10.0.0.5/24 - - - -',
    '10.0.0.5/33 - - -',
    '0.0.0.0/24 - - -',
    '224.0.0.1/24 - - -',
    '10.0.0.5/24 x - -',
    '10.0.0.5/24 - - soon',
    '10.0.0.5/24 - - -1',
    '10.0.0.5/24 - - 1e9',
  ])
    it(`a damaged one counts as none: "${text}"`, () => {
      assert.equal(lease(text), undefined)
    })

  it('a client is a number and a start time, and nothing else', () => {
    const client = (text: string) => readClient({ ovsd_dhcp_client: text })
    assert.deepEqual(client('4711:123456'), { pid: 4711, start: '123456' })
    for (const text of ['', '4711', '-1:5', '0:5', '1 :5', '4711:', '4711:x', '4711:5:6', '99999999999:5'])
      assert.equal(client(text), undefined, text)
    assert.equal(readClient({}), undefined)
  })

  it('what a client wrote can be taken away, and no more', () => {
    const ids = { ovsd: '1', ovsd_dhcp: '1', 'ovsd_ip.10.0.0.5': 'br0', 'ovsd_ip.10.0.0.9': 'br0' }
    assert.deepEqual(clientKeys(ids), [])
    assert.deepEqual(clientKeys({ ...ids, ovsd_lease: '10.0.0.5/24 - - -', ovsd_dhcp_client: '1:2' }), [
      'ovsd_dhcp_client',
      'ovsd_lease',
      'ovsd_ip.10.0.0.5',
    ])
    assert.deepEqual([asksForDhcp(ids), asksForDhcp({ ovsd: '1' })], [true, false])
  })
})
