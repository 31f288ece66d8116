import { strict as assert } from 'node:assert'
import { addMirror, removeMirror, setMirror, type Selection } from '../../../src/lib/ovs/mirror-commands.ts'
import { Vsctl } from '../../../src/lib/ovs/vsctl.ts'
import { renameIds } from '../../../src/lib/system/joint/symbolic-ids.ts'

const SELECTION: Selection = {
  ...{ selectAll: false, sources: ['a', 'b'], destinations: ['b'], vlans: [0, 20], output: 'c' },
}
const text = (commands: readonly (readonly string[])[]): string => commands.map((words) => words.join(' ')).join(' -- ')
const ADD = {
  bridge: 'br0',
  name: 'm1',
  selection: SELECTION,
  marks: { ovsd: '1' },
  tunnel: undefined,
  isSwitched: false,
}

describe('commands of mirrors', () => {
  it('look each port up once, and switch the output over', () => {
    assert.equal(
      text(addMirror(ADD)),
      [
        '--id=@p0 get Port a -- --id=@p1 get Port b -- --id=@p2 get Port c',
        '--id=@m create Mirror name="m1" select_all=false select_src_port=@p0,@p1 select_dst_port=@p1 select_vlan=0,20 output_port=@p2 external_ids:ovsd="1"',
        'add Bridge br0 mirrors @m -- set Port c other_config:qinq-ethtype=802.1q',
      ].join(' -- '),
    )
    assert.match(text(addMirror({ ...ADD, isSwitched: true })), / -- remove Port c other_config qinq-ethtype$/)
  })

  it('never set the mirrors of a bridge, which would take away those of others', () => {
    for (const commands of [
      addMirror(ADD),
      setMirror('u', ADD),
      ...removeMirror({ uuid: 'u', bridge: 'br0' }, undefined),
    ])
      assert.doesNotMatch(text(commands), /set Bridge|clear Bridge|mirrors=/)
  })

  it('make a tunnel in the same transaction, in a VLAN that is nobody’s', () => {
    const tunnel = { name: 't_m', remote: 'fd00::9', marks: { ovsd_mirror: 'm1' } }
    const selection = { ...SELECTION, sources: [], destinations: ['a'], vlans: [], output: 't_m' }
    assert.equal(
      text(addMirror({ ...ADD, selection, tunnel })),
      [
        '--id=@i create Interface name=t_m type=ip6gre options:remote_ip="fd00::9" options:df_default=false external_ids:ovsd_mirror=m1',
        '--id=@p1 create Port name=t_m interfaces=@i vlan_mode=access tag=4095 -- add Bridge br0 ports @p1 -- --id=@p0 get Port a',
        '--id=@m create Mirror name="m1" select_all=false select_dst_port=@p0 output_port=@p1 external_ids:ovsd="1"',
        'add Bridge br0 mirrors @m',
      ].join(' -- '),
    )
  })

  it('empty what is not selected any more', () => {
    const selection = { selectAll: false, sources: [], destinations: [], vlans: [], output: undefined }
    assert.equal(
      text(setMirror('u', { ...ADD, selection })),
      'set Mirror u select_all=false select_src_port=[] select_dst_port=[] select_vlan=[] output_port=[]',
    )
  })

  it('remove a mirror by its UUID, with a second transaction when the switch is off', () => {
    const row = { uuid: 'u', bridge: 'br0' }
    const removal = 'remove Bridge br0 mirrors u'
    const output = { uuid: 'p', isSwitched: true, isTunnel: false }
    const off = 'remove Port p other_config qinq-ethtype'
    assert.deepEqual(removeMirror(row, undefined).map(text), [removal])
    assert.deepEqual(removeMirror(row, output).map(text), [`${removal} -- ${off}`])
    assert.deepEqual(removeMirror(row, { ...output, isSwitched: false }).map(text), [
      `${removal} -- set Port p other_config:qinq-ethtype=802.1q`,
      off,
    ])
    assert.deepEqual(removeMirror(row, { ...output, isTunnel: true }).map(text), [
      `${removal} -- remove Bridge br0 ports p`,
    ])
  })

  it('can share a transaction with those of others: their names are kept apart', () => {
    const { args } = new Vsctl().transaction(addMirror(ADD))
    const renamed = renameIds(args, 'c7').join(' ')
    assert.match(renamed, /--id=@c7_p0 get Port a .*select_src_port=@c7_p0,@c7_p1 .* mirrors @c7_m /)
    assert.doesNotMatch(renamed, /[=, ]@[pm]/)
  })
})
