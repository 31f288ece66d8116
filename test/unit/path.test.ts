import { strict as assert } from 'node:assert'
import { parseTrace } from '../../src/lib/path/flow-trace.ts'
import { parseCounts } from '../../src/lib/path/heard.ts'
import { describeTraffic, parseTraffic } from '../../src/lib/path/question.ts'

describe('path', () => {
  it('reads what is to get there', () => {
    for (const text of ['icmp', 'tcp/1', 'tcp/65535', 'udp/53']) assert.equal(describeTraffic(parseTraffic(text)), text)
    for (const text of ['', 'ICMP', 'tcp', 'tcp/0', 'tcp/65536', 'tcp/05', 'sctp/1', 'udp/53 '])
      assert.throws(() => parseTraffic(text), { code: 'BadInput', next: /tcp\/5432/ }, text)
  })

  it('reads what ofproto/trace says', () => {
    // As ovs-vswitchd 3.1 prints it.
    const text = [
      'Flow: icmp,in_port=2,vlan_tci=0x0000,nw_src=10.9.0.2,nw_dst=10.9.0.3',
      '',
      'bridge("br0")',
      '-------------',
      ' 0. icmp, priority 100',
      '    drop',
      '',
      'Final flow: unchanged',
      'Megaflow: recirc_id=0,eth,icmp,in_port=2,nw_frag=no',
      'Datapath actions: drop',
      '',
    ].join('\n')
    const { actions, last } = parseTrace(text)
    assert.deepEqual([actions, last], ['drop', { table: 0, flow: 'icmp, priority 100' }])
    assert.deepEqual(parseTrace('Datapath actions: 3'), { text: 'Datapath actions: 3', actions: '3', last: undefined })
  })

  it('reads what a kernel has counted', () => {
    // As Linux prints /proc/net/snmp and /proc/net/snmp6, one after the other.
    const text = [
      'Icmp: InMsgs InErrors InEchos',
      'Icmp: 9 0 4',
      'Tcp: RtoAlgorithm MaxConn InSegs',
      'Tcp: 1 -1 77',
      'Udp: InDatagrams NoPorts',
      'Udp: 5 2',
      'Icmp6InEchos                    \t3',
      'Udp6NoPorts                     \t1',
    ].join('\n')
    const counts = parseCounts(text)
    const found = ['Icmp.InEchos', 'Tcp.InSegs', 'Tcp.MaxConn', 'Udp.NoPorts', 'Icmp6InEchos', 'Udp6NoPorts', 'Nothing']
    assert.deepEqual(
      found.map((name) => counts.get(name)),
      [4, 77, -1, 2, 3, 1, undefined],
    )
  })
})
