import { strict as assert } from 'node:assert'
import { parseIp } from '../../../src/lib/net/ip-address.ts'
import { procHex, procNet } from '../../../src/lib/net/proc-net.ts'

const hex = (text: string): string => {
  const { bits, family } = parseIp(text, 'address')
  return procHex(bits, family)
}

describe('procHex', () => {
  it('writes IPv4 as the route table has it, its last byte first', () => {
    assert.deepEqual(['10.0.0.2', '0.0.0.0', '192.168.1.254', '255.255.255.255'].map(hex), [
      '0200000A',
      '00000000',
      'FE01A8C0',
      'FFFFFFFF',
    ])
  })

  it('writes IPv6 in 32 digits in order', () => {
    assert.deepEqual(['fd00::2', '::', '2001:db8::a:1'].map(hex), [
      'fd000000000000000000000000000002',
      '0'.repeat(32),
      '20010db80000000000000000000a0001',
    ])
  })
})

// What it finds in namespaces is compared with what ip(8) says in test/kernel/reconcile-proc-net.test.ts.
describe('procNet', () => {
  it('sees the interfaces of a process', () => {
    assert.ok(procNet(process.pid)?.interfaces.has('lo'))
  })

  it('gives undefined for a process that is not there', () => {
    assert.equal(procNet(0), undefined)
    assert.equal(procNet(2 ** 22 + 1), undefined)
  })
})
