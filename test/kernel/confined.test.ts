// What a port without a VLAN can reach, by Open vSwitch itself: ofproto/trace says what it would do with a frame.
import { strict as assert } from 'node:assert'
import { columnsOfVlan, type Vlan } from '../../src/lib/net/vlan.ts'
import { parseAttach } from '../../src/lib/plan/request.ts'
import { confined } from '../../src/lib/policy/confine.ts'
import { DEFAULT_POLICY, NO_POLICY, type Policy } from '../../src/lib/policy/policy.ts'
import { testBridge } from '../support/bridge.ts'
import { tool } from '../support/tool.ts'

const BROADCAST = 'dl_src=02:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff'

/** Whether a frame from a port of that VLAN reaches a port in VLAN 100, and one without a VLAN. */
function reaches(vlan: Vlan, frame: string): { readonly vlan100: boolean; readonly untagged: boolean } {
  using bridge = testBridge()
  const { tag, mode } = columnsOfVlan(vlan)
  const columns = [...(tag === undefined ? [] : [`tag=${tag}`]), ...(mode === '' ? [] : [`vlan_mode=${mode}`])]
  // Ports of the switch itself: nothing has to be plugged in for a trace.
  const add = (name: string, ...settings: string[]): string[] => [
    ...['--', 'add-port', bridge.name, name, ...settings],
    ...['--', 'set', 'Interface', name, 'type=internal'],
  ]
  tool('ovs-vsctl', ...add('kca', ...columns).slice(1), ...add('kcb', 'tag=100'), ...add('kcc'))
  const port = (name: string): string => tool('ovs-vsctl', 'get', 'Interface', name, 'ofport').trim()
  const flow = `in_port=${port('kca')},${BROADCAST}${frame}`
  const trace = tool('ovs-appctl', 'ofproto/trace', bridge.name, flow)
  const actions = /^Datapath actions: (.*)$/m.exec(trace)?.[1] ?? assert.fail(trace)
  const show = tool('ovs-appctl', 'dpif/show')
  const numberOf = (name: string): string =>
    new RegExp(String.raw`\b${name} \d+/(\d+):`).exec(show)?.[1] ?? assert.fail(show)
  const outputs = actions.split(',')
  return { vlan100: outputs.includes(numberOf('kcb')), untagged: outputs.includes(numberOf('kcc')) }
}

const TAGGED = ',dl_vlan=100,dl_vlan_pcp=0'
const vlanUnder = (policy: Policy): Vlan =>
  confined(policy, parseAttach({ bridge: 'ovsbr0', iface: 'eth1', container: 'web' })).vlan

describe('a port that asks for no VLAN', () => {
  it('reaches every VLAN with tagged frames, where the policy is none', () => {
    assert.deepEqual(reaches(vlanUnder(NO_POLICY), TAGGED), { vlan100: true, untagged: true })
  })

  it('reaches none of them where trunks are not allowed, and what is untagged as before', () => {
    const vlan = vlanUnder(DEFAULT_POLICY('ovsbr0'))
    assert.deepEqual(reaches(vlan, TAGGED), { vlan100: false, untagged: false })
    assert.deepEqual(reaches(vlan, ''), { vlan100: false, untagged: true })
  })
})
