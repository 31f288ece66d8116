import { strict as assert } from 'node:assert'
import { NO_VLAN, type Vlan } from '../../../src/lib/net/vlan.ts'
import { Vsctl } from '../../../src/lib/ovs/vsctl.ts'
import type { Command } from '../../../src/lib/system/command.ts'

const vsctl = new Vsctl()
const words = ({ tool, args }: Command): string => [tool, ...args].join(' ')
const addPort = (vlan: Vlan, marks: Readonly<Record<string, string>> = {}) =>
  vsctl.addPort({ bridge: 'br0', port: 'p_l', vlan, marks })

const VLANS: readonly (readonly [Vlan, fresh: string, change: string])[] = [
  [NO_VLAN, '', 'tag=[] trunks=[] vlan_mode=[]'],
  [{ kind: 'access', tag: 10 }, ' tag=10', 'tag=10 trunks=[] vlan_mode=[]'],
  [
    { kind: 'trunk', trunks: [10, 11, 12, 20] },
    ' trunks=10-12,20 vlan_mode=trunk',
    'tag=[] trunks=10-12,20 vlan_mode=trunk',
  ],
  [{ kind: 'trunk', trunks: [] }, ' vlan_mode=trunk', 'tag=[] trunks=[] vlan_mode=trunk'],
  [
    { kind: 'native', tag: 5, trunks: [7] },
    ' tag=5 trunks=7 vlan_mode=native-untagged',
    'tag=5 trunks=7 vlan_mode=native-untagged',
  ],
  [
    { kind: 'native', tag: 5, trunks: [] },
    ' tag=5 vlan_mode=native-untagged',
    'tag=5 trunks=[] vlan_mode=native-untagged',
  ],
]

describe('Vsctl', () => {
  it('names the database only when it is another than the tool would take', () => {
    assert.deepEqual(vsctl.delBridge('br0').args, ['--timeout=8', '--if-exists', 'del-br', 'br0'])
    assert.deepEqual(new Vsctl('tcp:127.0.0.1:6640').delBridge('br0').args, [
      '--timeout=8',
      '--db=tcp:127.0.0.1:6640',
      '--if-exists',
      'del-br',
      'br0',
    ])
  })

  it('creates a bridge with its datapath in one transaction', () => {
    assert.equal(
      words(vsctl.addBridge('br0', 'netdev', { ovsd: '1' })),
      `ovs-vsctl --timeout=8 add-br br0 -- set Bridge br0 datapath_type=netdev external_ids:ovsd="1"`,
    )
  })

  for (const [vlan, fresh, change] of VLANS) {
    it(`adds a port of VLAN${fresh || ' none'} in one transaction`, () => {
      assert.equal(
        words(addPort(vlan)),
        `ovs-vsctl --timeout=8 -- --id=@i create Interface name=p_l -- --id=@p create Port name=p_l interfaces=@i${fresh} -- add Bridge br0 ports @p`,
      )
    })

    it(`changes a port to VLAN${fresh || ' none'}, clearing what does not belong to it`, () => {
      assert.equal(words(vsctl.setVlan('p_l', vlan)), `ovs-vsctl --timeout=8 set Port p_l ${change}`)
    })
  }

  it('takes ports out of their bridges by UUID, all in one transaction', () => {
    const port = (bridge: string, uuid: string) => ({ bridge, uuid })
    assert.equal(words(vsctl.removePorts([port('br0', 'u1')])), 'ovs-vsctl --timeout=8 remove Bridge br0 ports u1')
    assert.equal(
      words(vsctl.removePorts([port('br0', 'u1'), port('br1', 'u2'), port('br0', 'u3')])),
      'ovs-vsctl --timeout=8 remove Bridge br0 ports u1 u3 -- remove Bridge br1 ports u2',
    )
  })

  const marks: readonly (readonly [key: string, value: string, argument: string])[] = [
    ['container_id', 'web', 'external_ids:container_id=web'],
    ['container_id', 'c474', 'external_ids:container_id=c474'],
    ['container_id', '3f', 'external_ids:container_id="3f"'],
    ['empty', '', 'external_ids:empty=""'],
    ['a', 'b c', 'external_ids:a="b c"'],
    ['a', '--', 'external_ids:a="--"'],
    ['a', 'x,y={}[]', 'external_ids:a="x,y={}[]"'],
    ['a', '"q" \\', String.raw`external_ids:a="\"q\" \\"`],
    ['a', 'line\nend', String.raw`external_ids:a="line\nend"`],
    ['a', '眼', 'external_ids:a="眼"'],
    ['ovsd_ip.10.0.0.2', 'br0', 'external_ids:ovsd_ip.10.0.0.2=br0'],
    ['ovsd_ip.fd00::2', 'br0', 'external_ids:"ovsd_ip.fd00::2"=br0'],
  ]
  for (const [key, value, argument] of marks)
    it(`writes the mark ${JSON.stringify(key)} = ${JSON.stringify(value)} as one argument`, () => {
      const { args } = addPort(NO_VLAN, { [key]: value })
      assert.ok(args.includes(argument), args.join(' | '))
      // A whole argument "--" would begin a command of its own.
      assert.equal(args.filter((word) => word === '--').length, 3)
    })
})
