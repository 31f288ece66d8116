import { strict as assert } from 'node:assert'
import type { Mirror, MirrorSource } from '../../../src/lib/network/mirror/mirror.ts'
import { mirrorOfNetwork } from '../../../src/lib/network/mirror/of-network.ts'
import { portOf, recordOf, type MirrorPort } from '../../../src/lib/network/mirror/ports.ts'
import { isSelected, tunnelName, wanted } from '../../../src/lib/network/mirror/wanted.ts'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import type { MirrorRow } from '../../../src/lib/ovs/mirror-rows.ts'

const port = (
  name: string,
  container: string,
  iface: string,
  more: Partial<Parameters<typeof portOf>[0]> = {},
): MirrorPort => ({
  ...portOf({
    ...{ bridge: 'br0', port: name, id: `id-${container}`, name: container, iface },
    ...{ addresses: [], vlan: 0 },
    ...more,
  }),
  uuid: `uuid-${name}`,
})

const WEB = port('p_web', 'web', 'eth1', { addresses: ['10.0.0.1/24'], network: 'blue' })
const WEB2 = port('p_web2', 'web', 'eth2')
const DB = port('p_db', 'db', 'eth1', { network: 'red' })
const IDS = port('p_ids', 'ids', 'mon0')
const FAR = port('p_far', 'web', 'eth3', { bridge: 'br1' })
const TAP: MirrorPort = { ...port('tap0', '', ''), owner: undefined }
const PORTS = [WEB, WEB2, DB, IDS, FAR, TAP]
const NETWORKS = [
  { name: 'blue', id: 'b1', bridge: 'br0', vlan: undefined },
  { name: 'red', id: 'r1', bridge: 'br0', vlan: 20 },
  { name: 'far', id: 'f1', bridge: 'br1', vlan: 30 },
]

const web = (iface?: string): MirrorSource => ({
  ...{ kind: 'container', id: 'id-web', name: 'web' },
  ...(iface === undefined ? {} : { iface }),
})
const mirror = (sources: readonly MirrorSource[], more: Partial<Mirror> = {}): Mirror => ({
  ...{ name: 'm1', bridge: 'br0', sources, direction: 'both' },
  ...{ dest: { kind: 'container', id: 'id-ids', name: 'ids', iface: 'mon0' }, ...more },
})
const want = (sources: readonly MirrorSource[], more: Partial<Mirror> = {}, ports = PORTS) => {
  const { selection, missing } = wanted(mirror(sources, more), { ports, networks: NETWORKS })
  const { selectAll, sources: from, destinations: to, vlans, output } = selection
  return { selectAll, from, to, vlans, output, missing }
}
const NOTHING = { selectAll: false, from: [], to: [], vlans: [], output: 'p_ids', missing: [] }

describe('what a mirror selects', () => {
  it('all ports of a container on the bridge, or one; by direction', () => {
    const both = ['p_web', 'p_web2']
    assert.deepEqual(want([web()]), { ...NOTHING, from: both, to: both })
    assert.deepEqual(want([web('eth2')], { direction: 'in' }), { ...NOTHING, to: ['p_web2'] })
    assert.deepEqual(want([web('eth2')], { direction: 'out' }), { ...NOTHING, from: ['p_web2'] })
  })

  it('networks as their VLANs; in one direction, or beside other sources, as their ports', () => {
    const blue = { kind: 'network', network: 'blue' } as const
    const red = { kind: 'network', network: 'red' } as const
    assert.deepEqual(want([blue]), { ...NOTHING, selectAll: true, vlans: [0] })
    assert.deepEqual(want([red, blue]), { ...NOTHING, selectAll: true, vlans: [0, 20] })
    assert.deepEqual(want([red], { direction: 'out' }), { ...NOTHING, from: ['p_db'], vlans: [20] })
    const mixed = ['p_db', 'p_web2']
    assert.deepEqual(want([red, web('eth2')]), { ...NOTHING, from: mixed, to: mixed })
    const gone = { kind: 'network', network: 'far' } as const
    assert.deepEqual(want([gone]), { ...NOTHING, missing: ['network:far'] })
  })

  it('a network by its id: of another one with its name neither the VLAN nor a port', () => {
    const red = { kind: 'network', network: 'red', id: 'r1' } as const
    const old = { ...red, id: 'r0' }
    assert.deepEqual(want([red]), { ...NOTHING, selectAll: true, vlans: [20] })
    for (const direction of ['both', 'in', 'out'] as const)
      assert.deepEqual(want([old], { direction }), { ...NOTHING, missing: ['network:red'] })
    const [from, to, missing] = [['p_web2'], ['p_web2'], ['network:red']]
    assert.deepEqual(want([old, web('eth2')]), { ...NOTHING, from, to, missing })
  })

  it('nothing of who gets the copies', () => {
    assert.deepEqual(want([{ kind: 'container', id: 'id-ids', name: 'ids' }]), { ...NOTHING, missing: ['ids'] })
  })

  it('says who is missing', () => {
    const { output, missing } = want([web(), { kind: 'port', port: 'gone' }], {}, [WEB])
    assert.deepEqual([output, missing], [undefined, ['gone']])
  })

  it('a tunnel is the port of that name which was made for it', () => {
    const name = tunnelName('br0', 'm1')
    assert.match(name, /^[0-9a-f]{13}_m$/)
    const dest = { kind: 'gre', ip: '192.0.2.9' } as const
    const tunnel: MirrorPort = { ...port(name, '', ''), marks: { ...IDS.marks, part: 'mirror' }, mirror: 'm1' }
    assert.equal(want([web()], { dest }, [...PORTS, tunnel]).output, name)
    assert.equal(want([web()], { dest }, [...PORTS, port(name, '', '')]).output, undefined)
  })

  it('of a network: by names; the interface without addresses gets the copies, else the one in the network', () => {
    const spec = parseNetworkSpec({ name: 'blue', bridge: 'br0', mirrorPorts: ['db', 'tap0'], mirrorDest: 'web' })
    const one = mirrorOfNetwork(spec) ?? assert.fail()
    const { selection } = wanted(one, { ports: PORTS, networks: NETWORKS })
    assert.deepEqual(selection, {
      ...{ selectAll: false, sources: ['p_db', 'tap0'], destinations: ['p_db', 'tap0'], vlans: [0], output: 'p_web2' },
    })
    const output = (ports: readonly MirrorPort[]) => wanted(one, { ports, networks: NETWORKS }).selection.output
    assert.equal(output([WEB, DB]), 'p_web')
    assert.equal(output([port('p', 'web', 'eth9', { addresses: ['10.0.0.9/24'], network: 'red' })]), undefined)
    const named = parseNetworkSpec({ name: 'blue', bridge: 'br0', mirrorPorts: ['all'], mirrorDest: 'web:eth1' })
    const exact = wanted(mirrorOfNetwork(named) ?? assert.fail(), { ports: PORTS, networks: NETWORKS })
    assert.deepEqual([exact.selection.output, exact.selection.selectAll], ['p_web', true])
  })

  it('a network on OVN is the list of its ports, and of a container only the port in it is copied', () => {
    const logical = (name: string) => ({ name, id: `${name}1`, bridge: 'br0', vlan: undefined, overlay: {} })
    const networks = [logical('blue'), logical('red')]
    const ports = [...PORTS, port('p_web4', 'web', 'eth4', { network: 'red' })]
    const selected = (one: Mirror) => {
      const { selectAll, sources, destinations, vlans } = wanted(one, { ports, networks }).selection
      assert.deepEqual([selectAll, vlans, destinations], [false, [], sources])
      return sources
    }
    assert.deepEqual(selected(mirror([{ kind: 'network', network: 'red' }])), ['p_db', 'p_web4'])
    for (const [asked, found] of [
      ['all', ['p_db', 'p_web4']],
      ['web', ['p_web4']],
      ['tap0', []],
    ] as const) {
      const spec = parseNetworkSpec({ name: 'red', bridge: 'br0', mirrorPorts: [asked], mirrorDest: 'ids' })
      assert.deepEqual(selected(mirrorOfNetwork(spec) ?? assert.fail()), found)
    }
  })

  it('a port whose name could be taken for something else is named by its UUID', () => {
    assert.deepEqual(
      ['--', '-x', 'a b', 'veth0', '0123456789abc_l'].map((name) => recordOf({ ...TAP, name })),
      ['uuid-tap0', 'uuid-tap0', 'uuid-tap0', 'veth0', '0123456789abc_l'],
    )
  })
})

describe('whether a row selects what it should', () => {
  const row: MirrorRow = {
    ...{ uuid: 'm', name: 'm1', bridge: 'br0', selectAll: false, vlans: [20, 0], outputVlan: undefined, packets: 0 },
    ...{ sources: ['uuid-p_web', 'uuid-p_db'], destinations: [], output: 'uuid-p_ids', externalIds: {} },
  }
  const selection = { selectAll: false, sources: ['p_db', 'p_web'], destinations: [], vlans: [0, 20], output: 'p_ids' }

  it('in any order', () => {
    assert.ok(isSelected(row, selection, PORTS))
  })
  for (const [what, change] of [
    ['another port', { sources: ['p_db'] }],
    ['the other direction', { destinations: ['p_db'] }],
    ['another VLAN', { vlans: [0] }],
    ['all', { selectAll: true }],
    ['no output', { output: undefined }],
  ] as const)
    it(`not ${what}`, () => {
      assert.equal(isSelected(row, { ...selection, ...change }, PORTS), false)
    })
  it('not a port of the same name that is another one', () => {
    assert.equal(isSelected(row, selection, [WEB, DB, { ...IDS, uuid: undefined }]), false)
  })
})
