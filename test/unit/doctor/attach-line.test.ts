import { strict as assert } from 'node:assert'
import type { AttachmentSeen } from '../../../src/lib/doctor/attachments-seen.ts'
import { attachLine } from '../../../src/lib/doctor/ports/attach-line.ts'

const SPEC = { addresses: ['10.1.0.2/24'], gateways: ['10.1.0.1'], routes: [], mac: '02:00:00:00:00:01', mtu: null }

function seen(more: { readonly marks?: object; readonly vlan?: object; readonly rest?: object } = {}): AttachmentSeen {
  const marks = { owner: 'cli', container: 'web', name: 'web', iface: 'eth1', netns: '', network: '', tenant: '' }
  return {
    where: { bridge: { name: 'br0' }, port: { name: 'p_l', vlan: more.vlan ?? { kind: 'none' } } },
    marks: { ...marks, persist: false, spec: SPEC, ...more.marks },
    life: {},
    interfaces: undefined,
    routes: [],
    ...more.rest,
  } as unknown as AttachmentSeen
}

describe('what a person types to have an interface again', () => {
  const BASE = 'ovsd add-port br0 eth1 web --ipaddress=10.1.0.2/24 --gateway=10.1.0.1'
  const MAC = '--macaddress=02:00:00:00:00:01'

  it('has everything that was declared', () => {
    assert.deepEqual(attachLine(seen()), ['ovsd del-port br0 eth1 web', `${BASE} ${MAC}`])
    const routes = [{ to: '10.9.0.0/16', via: '10.1.0.9' }, { to: '10.8.0.0/16' }]
    const marks = { spec: { ...SPEC, routes, mtu: 1400 }, tenant: 'acme', persist: true }
    assert.equal(
      attachLine(seen({ marks }))[1],
      `${BASE} --route=10.9.0.0/16,10.1.0.9 --route=10.8.0.0/16 ${MAC} --mtu=1400 --tenant=acme --persist`,
    )
    for (const [vlan, words] of [
      [{ kind: 'access', tag: 7 }, ' --vlan=7'],
      [{ kind: 'access', tag: 0 }, ''],
      [{ kind: 'trunk', trunks: [10, 11, 12, 20] }, ' --trunks=10-12,20'],
      [{ kind: 'native', tag: 5, trunks: [10] }, ' --native-vlan=5 --trunks=10'],
    ] as const)
      assert.equal(attachLine(seen({ vlan }))[1], `${BASE} ${MAC}${words}`)
  })

  it('has what there is now, where nothing declared can be read; and takes nothing away when that is not known either', () => {
    const marks = { spec: undefined }
    assert.deepEqual(
      attachLine(seen({ marks })).map((line) => line.startsWith('#')),
      [true],
    )
    const inside = { name: 'eth1', addresses: ['10.1.0.5/24'], linkLocal: [], mac: '02:00:00:00:00:09', mtu: 1500 }
    const rest = {
      interfaces: new Map([['eth1', inside]]),
      routes: [{ to: 'default', via: '10.1.0.1', dev: 'eth1' }],
    }
    assert.equal(
      attachLine(seen({ marks, rest }))[1],
      'ovsd add-port br0 eth1 web --ipaddress=10.1.0.5/24 --gateway=10.1.0.1 --macaddress=02:00:00:00:00:09 --mtu=1500',
    )
    assert.match(attachLine(seen({ marks: { iface: '' } }))[0] ?? '', /^# nobody knows/)
    assert.deepEqual(attachLine(seen({ marks: { owner: 'plugin', container: '', name: '' } })), [
      '# restart the container that it belongs to',
    ])
  })

  it('is safe to paste, whatever a container calls its links', () => {
    const [line = ''] = attachLine(seen({ marks: { iface: "e;reboot'$(x)" } }))
    assert.equal(line, String.raw`ovsd del-port br0 'e;reboot'\''$(x)' web`)
  })
})
