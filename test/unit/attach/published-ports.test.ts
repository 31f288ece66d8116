import { strict as assert } from 'node:assert'
import { readMarks } from '../../../src/lib/attach/marks.ts'
import { describePort, portsText, readPorts, type PublishedPort } from '../../../src/lib/attach/published-ports.ts'

const WEB: PublishedPort = { protocol: 'tcp', port: 80, hostIp: '', hostPort: 8080 }
const DNS: PublishedPort = { protocol: 'udp', port: 53, hostIp: 'fd00::1', hostPort: 53 }

describe('the mark of published ports', () => {
  it('is read as it was written; without any there is none', () => {
    for (const ports of [[WEB], [WEB, DNS]]) assert.deepEqual(readPorts(portsText(ports)), ports)
    assert.equal(portsText([]), undefined)
    assert.deepEqual(readMarks({ ovsd: '1', ovsd_ports: portsText([WEB]) ?? '' }).ports, [WEB])
    assert.deepEqual(readMarks({ ovsd: '1' }).ports, [])
  })

  it('that somebody has changed says nothing, above all nothing that a rule would be made of', () => {
    for (const text of [
      '',
      '{',
      'null',
      '{}',
      '[null]',
      JSON.stringify([{ ...WEB, protocol: 'sctp' }]),
      JSON.stringify([{ ...WEB, port: 0 }]),
      JSON.stringify([{ ...WEB, hostPort: 65_536 }]),
      JSON.stringify([{ ...WEB, hostPort: 80.5 }]),
      JSON.stringify([{ ...WEB, hostIp: '1.2.3.4 accept' }]),
      JSON.stringify([WEB, { ...DNS, hostIp: 7 }]),
    ])
      assert.deepEqual(readPorts(text), [], text)
  })

  it('is shown as docker shows one', () => {
    assert.equal(describePort(WEB), '8080->80/tcp')
    assert.equal(describePort(DNS), '[fd00::1]:53->53/udp')
    assert.equal(describePort({ ...WEB, hostIp: '0.0.0.0' }), '0.0.0.0:8080->80/tcp')
  })
})
