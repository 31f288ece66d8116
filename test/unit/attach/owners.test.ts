import { strict as assert } from 'node:assert'
import { marksFor, partMarks } from '../../../src/lib/attach/marks.ts'
import { ownerOf } from '../../../src/lib/attach/owners.ts'
import { attachment } from '../../support/samples.ts'

const row = (name: string, externalIds: Readonly<Record<string, string>> = {}) =>
  ownerOf({ uuid: 'u', name, externalIds, type: '', options: {}, ofport: 1, rate: 0, burst: 0, error: '' })

describe('ownerOf', () => {
  const cases: readonly (readonly [string | undefined, string, Readonly<Record<string, string>>?])[] = [
    ['ovsd cli', '9b9ae58bfda2f_l', marksFor(attachment())],
    ['ovsd plugin', '9b9ae58bfda2f_l', marksFor(attachment({ owner: 'plugin' }))],
    ['ovsd', '9b9ae58bfda2f_l', { ovsd: '2' }],
    ['ovs-docker', '0123456789abc_l', { container_id: 'web', container_iface: 'eth1' }],
    ['ovs-port-manager', 'c474a0e2830e_l', { container_id: 'c474a0e2830e' }],
    ['pipework', 'veth1pl123', { 'pipework.interface': 'eth1' }],
    ['ovn', 'tap0', { 'iface-id': 'lsp' }],
    ['docker-ovs-plugin', 'ovs-veth0-1a2b3', {}],
    ['dovesnap', 'odsve1a2b', {}],
    [undefined, 'vx9b9ae58bfda2', partMarks('blue', 'tunnels')],
    [undefined, 'odsvex', {}],
    [undefined, 'eth0', {}],
    [undefined, 'br0', { purpose: 'uplink' }],
  ]
  for (const [owner, name, ids] of cases)
    it(`${name} with ${JSON.stringify(Object.keys(ids ?? {}))}: ${owner ?? 'nobody'}`, () => {
      assert.equal(row(name, ids), owner)
    })
})
