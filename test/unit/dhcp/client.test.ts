import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { clientFaults, endClient, isAlive, livingClient } from '../../../src/lib/dhcp/client.ts'

const startOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')[19] ?? ''

describe('a DHCP client by the marks of its port', () => {
  const port = '0123456789abc_l'

  it('is not a process that has only its number, or its number and its start', async () => {
    assert.equal(isAlive({ pid: process.pid, start: '1' }, port), false)
    const self = { pid: process.pid, start: startOf(process.pid) }
    assert.equal(isAlive(self, port), false)
    assert.equal(livingClient(port, { ovsd_dhcp_client: `${process.pid}:${self.start}` }), undefined)
    // This process would end.
    await endClient(self, port, true)
  })

  it('is missed where one was asked for, and nowhere else', () => {
    assert.deepEqual(clientFaults(port, { ovsd: '1' }), [])
    assert.deepEqual(clientFaults(port, { ovsd_dhcp: '1', ovsd_dhcp_client: '1:1' }), ['its DHCP client is gone'])
    assert.deepEqual(clientFaults(port, { ovsd_dhcp: '1' }), ['its DHCP client is gone'])
  })
})
