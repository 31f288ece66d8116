import { strict as assert } from 'node:assert'
import { faultOf, faultText, isTunnelOf, tunnelsOfSpec, type TunnelFault } from '../../../src/lib/network/tunnel.ts'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import type { PortOnBridge } from '../../../src/lib/ovs/reader.ts'
import { tunnelCommands } from '../../../src/lib/ovs/tunnel-commands.ts'
import { vlanOfColumns } from '../../../src/lib/net/vlan.ts'

const spec = parseNetworkSpec({ name: 'blue', bridge: 'br0', vxlan: ['192.0.2.2', 'fd00::2'], key: '77', vlan: '5' })
const [first = assert.fail(), second = assert.fail()] = tunnelsOfSpec(spec)

/** The port of the first tunnel as it should be, but for what is given. */
function found(more: {
  readonly row?: Partial<PortOnBridge['interface']>
  readonly port?: Partial<PortOnBridge['port']>
  readonly bridge?: string
}): PortOnBridge {
  const vlanColumns = { tag: 5, trunks: [], mode: '' }
  const { port: name, marks, options } = first
  return {
    interface: {
      ...{ uuid: 'i', name, externalIds: marks, type: 'vxlan', options, ofport: 3, error: '', rate: 0, burst: 0 },
      ...more.row,
    },
    port: {
      ...{ uuid: 'p', name, vlan: vlanOfColumns(vlanColumns), vlanColumns, interfaces: ['i'], isProtected: true },
      ...more.port,
    },
    bridge: { uuid: 'b', name: more.bridge ?? 'br0', datapathType: 'netdev', externalIds: {} },
  }
}

describe('tunnels of a network', () => {
  it('have names that fit, are derived, and are different on another bridge, of another network, to another host', () => {
    const others = [
      { ...spec, name: 'red' },
      { ...spec, bridge: 'br1' as typeof spec.bridge },
    ].flatMap(tunnelsOfSpec)
    const names = [...tunnelsOfSpec(spec), ...others].map(({ port }) => port)
    assert.equal(new Set(names).size, 6)
    for (const name of names) assert.match(name, /^vx[0-9a-f]{12}$/)
    assert.deepEqual(tunnelsOfSpec({ ...spec, vlan: undefined, mtu: 1400 })[0], { ...first, tag: 0 })
  })

  it('have the tag of the network, its key, and marks', () => {
    assert.deepEqual(
      [first, second].map(({ tag, options, marks }) => [tag, options, marks]),
      ['192.0.2.2', 'fd00::2'].map((remote) => [
        ...[5, { key: '77', remote_ip: remote }],
        { ovsd: '1', ovsd_network: 'blue', ovsd_part: 'tunnels' },
      ]),
    )
    assert.deepEqual(tunnelsOfSpec({ ...spec, vxlan: undefined }), [])
  })

  const faults: readonly (readonly [string, TunnelFault | undefined, PortOnBridge | undefined])[] = [
    ['nothing', undefined, found({})],
    [
      'nothing, options in another order',
      undefined,
      found({ row: { options: { remote_ip: '192.0.2.2', key: '77' } } }),
    ],
    ['gone', { kind: 'gone' }, undefined],
    ['without marks', { kind: 'foreign' }, found({ row: { externalIds: {} } })],
    ['on another bridge', { kind: 'foreign' }, found({ bridge: 'br1' })],
    ['no tunnel', { kind: 'different', what: 'type', text: 'it is no VXLAN port' }, found({ row: { type: '' } })],
    [
      'another key',
      { kind: 'different', what: 'options', text: 'it leads elsewhere, or has another key' },
      found({ row: { options: { ...first.options, key: '78' } } }),
    ],
    [
      'an option more',
      { kind: 'different', what: 'options', text: 'it leads elsewhere, or has another key' },
      found({ row: { options: { ...first.options, local_ip: '192.0.2.1' } } }),
    ],
    [
      'no tag',
      { kind: 'different', what: 'tag', text: 'its VLAN is another' },
      found({ port: { vlanColumns: { tag: undefined, trunks: [], mode: '' } } }),
    ],
    [
      'a trunk',
      { kind: 'different', what: 'mode', text: 'its VLAN is another' },
      found({ port: { vlanColumns: { tag: 5, trunks: [], mode: 'native-untagged' } } }),
    ],
    [
      'not protected',
      { kind: 'different', what: 'protected', text: 'it forwards to the others' },
      found({ port: { isProtected: false } }),
    ],
    ['in error', { kind: 'broken', why: 'File exists' }, found({ row: { ofport: -1, error: 'File exists' } })],
    [
      'not taken up',
      { kind: 'broken', why: 'ovs-vswitchd does not take it up' },
      found({ row: { ofport: undefined } }),
    ],
  ]
  for (const [what, fault, where] of faults)
    it(`${what}: ${fault?.kind ?? 'no'} fault`, () => {
      assert.deepEqual(faultOf(first, 'blue', where?.interface, where), fault)
      if (fault !== undefined) assert.match(faultText(first, fault), /^the tunnel to 192\.0\.2\.2/)
    })

  it('are known by marks and name together, and only as those of their network', () => {
    const row = found({}).interface
    assert.equal(isTunnelOf(row, 'blue'), true)
    assert.equal(isTunnelOf(row, 'red'), false)
    assert.equal(isTunnelOf({ ...row, name: 'vx0' }, 'blue'), false)
    assert.equal(isTunnelOf({ ...row, externalIds: { ...first.marks, ovsd_part: 'uplink' } }, 'blue'), false)
  })

  it('are made, changed and taken away by commands of one transaction, with their VLAN and protected', () => {
    const commands = tunnelCommands({
      ...{ bridge: 'br0', add: [first], change: [second] },
      remove: [{ bridge: 'br0', uuid: 'u1' }],
    })
    const ids = 'external_ids:ovsd="1" external_ids:ovsd_network=blue external_ids:ovsd_part=tunnels'
    assert.deepEqual(
      commands.map((words) => words.join(' ')),
      [
        'remove Bridge br0 ports u1',
        `--id=@i0 create Interface name=${first.port} type=vxlan options={key="77",remote_ip="192.0.2.2"} ${ids}`,
        `--id=@p0 create Port name=${first.port} interfaces=@i0 tag=5 protected=true`,
        'add Bridge br0 ports @p0',
        `set Interface ${second.port} type=vxlan options={key="77",remote_ip="fd00::2"} ${ids}`,
        `set Port ${second.port} tag=5 protected=true trunks=[] vlan_mode=[]`,
      ],
    )
  })
})
