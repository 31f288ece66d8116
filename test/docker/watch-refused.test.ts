// What labels cannot have: said once, in words, and the container is left alone.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelled, labelOptions, together } from '../support/labelled.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { watch } from '../support/watch.ts'

const ADDRESS = { 'ovs.ip_address': '10.3.0.2/24' }

/** Labels that are wrong, the code of the refusal, and the label that it names. */
const WRONG: readonly (readonly [labels: Readonly<Record<string, string>>, code: string, words: RegExp])[] = [
  [{ 'ovs.ip_address': '10.3.0.300/24' }, 'BadInput', /ovs\.ip_address: "10\.3\.0\.300" is not an IP address/],
  [{ 'ovs.ip_address': '10.3.0.0/24' }, 'BadInput', /ovs\.ip_address:/],
  [{ 'ovs.ip_address': ' ' }, 'BadInput', /ovs\.ip_address: it is empty/],
  [{ 'ovs.mtu': '1400' }, 'BadInput', /ovs\.ip_address: it is missing/],
  [{ ...ADDRESS, 'ovs.mtu': '67' }, 'BadInput', /ovs\.mtu:/],
  [{ ...ADDRESS, 'ovs.vlan': '4095' }, 'BadInput', /ovs\.vlan:/],
  [{ ...ADDRESS, 'ovs.vlan': '10', 'ovs.trunks': '20' }, 'BadInput', /ovs\.vlan: an access port/],
  [{ ...ADDRESS, 'ovs.mac_address': '01:00:00:00:00:01' }, 'BadInput', /ovs\.mac_address:/],
  [{ ...ADDRESS, 'ovs.gateway': 'fd00::1' }, 'BadInput', /ovs\.gateway: .*IPv6/],
  [{ ...ADDRESS, 'ovs.routes': '10.9.0.1/24' }, 'BadInput', /ovs\.routes:/],
  [{ ...ADDRESS, 'ovs.rate': 'fast' }, 'BadInput', /ovs\.rate:/],
  [{ ...ADDRESS, 'ovs.interface': 'a/b' }, 'BadInput', /ovs\.interface:/],
  [{ ...ADDRESS, 'ovs.bridge': 'br0 -- del-br br0' }, 'BadInput', /ovs\.bridge:/],
  [{ ...ADDRESS, 'ovs.network': 'blue' }, 'NetworkMissing', /ovs\.network:/],
  [{ ...ADDRESS, 'ovs.vlna': '10' }, 'UnknownLabel', /ovs\.vlna: .*no such label/],
  [{ ...ADDRESS, 'ovs.eth1.ip_address': '10.3.0.3/24' }, 'LabelConflict', /says something else/],
  [{ ...ADDRESS, 'ovs.tenant': 'a\nb: $(reboot)' }, 'BadInput', /ovs\.tenant: "a\\u000ab/],
]

describe('labels that are wrong', () => {
  it('each kind is refused with one line, and nothing more is said or done in two more looks', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`, '--resync=5'])
    using wrong = await together(WRONG.map(([labels]) => labels))
    await wrong.start()
    const made = wrong.all
    using good = labelled('10.3.0.9/24')
    await watcher.sees({ event: 'port.attached', container: good.name })
    for (const [i, { name }] of made.entries()) {
      const [, code, words] = WRONG[i] ?? []
      const line = await watcher.sees({ event: 'port.refused', container: name })
      assert.equal(line.level, 'warn')
      assert.equal(line['code'], code)
      assert.match(line.msg, words ?? /^$/)
    }
    const from = watcher.lines.length
    const idle = { pid: watcher.pid, cpu: cpuSeconds(watcher.pid) }
    assert.deepEqual(await watcher.during(11.5), [])
    assert.ok(cpuSeconds(idle.pid) - idle.cpu < 1, 'two looks at everything take a second')
    assert.equal(watcher.lines.length, from)
    for (const { name } of made) assert.equal(watcher.all({ container: name }).length, 1)
    const state = tool('docker', 'inspect', '--format={{.State.Status}} {{.RestartCount}}', ...made.map(({ id }) => id))
    assert.deepEqual(new Set(state.trim().split('\n')), new Set(['running 0']))
    await holds({ containers: [good], bridge: bridge.name, before, watcher, expected: ['port.refused'] })
  })

  it('in each life of a container: it is said in the first one', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using wrong = labelled({ addresses: ['10.3.0.2/24'], vlan: 9999 })
    await watcher.sees({ event: 'port.refused', container: wrong.name })
    for (let i = 0; i < 3; i++) tool('docker', 'restart', '--time=0', wrong.name)
    assert.deepEqual(await watcher.during(1), [])
    assert.equal(watcher.all({ container: wrong.name }).length, 1)
  })

  it('one wrong interface of two: the other one is attached', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = container(...labelOptions({ ...ADDRESS, 'ovs.eth2.ip_address': 'x' }))
    await watcher.sees({ event: 'port.attached', container: a.name, interface: 'eth1' })
    await watcher.sees({ event: 'port.refused', container: a.name, interface: 'eth2', msg: /ovs\.eth2\.ip_address/ })
    assert.equal(ownPortsSeen().length, 1)
  })
})

describe('networks that are not the own of a container', () => {
  it('of the host, of another container: refused in words, and the other one keeps its own', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using owner = labelled('10.3.0.9/24')
    using onHost = container('--network=host', ...labelOptions(ADDRESS))
    using sharer = container(`--network=container:${owner.name}`, ...labelOptions(ADDRESS))
    await watcher.sees({ event: 'port.refused', container: onHost.name, msg: /uses the network of the host/ })
    await watcher.sees({
      event: 'port.refused',
      container: sharer.name,
      msg: new RegExp(`shares the network of container ${owner.id.slice(0, 12)}`),
    })
    await holds({ containers: [owner], bridge: bridge.name, before, watcher, expected: ['port.refused'] })
  })
})

describe('one address for two', () => {
  it('one gets it; when that one goes, the other gets it within a second', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using first = labelled('10.3.0.2/24')
    await watcher.sees({ event: 'port.attached', container: first.name })
    using second = labelled('10.3.0.2/24')
    using third = labelled('10.3.0.3/24')
    await watcher.sees({ event: 'port.attached', container: third.name })
    const { msg } = await watcher.sees({ event: 'port.refused', container: second.name, code: 'AddressInUse' })
    assert.match(msg, new RegExp(`10\\.3\\.0\\.2 belongs to eth1 of ${first.name} on ${bridge.name}`))
    await holds({ containers: [first, third], bridge: bridge.name, before, watcher, expected: ['port.refused'] })
    const detached = { event: 'port.detached', container: first.name }
    const attached = { event: 'port.attached', container: second.name }
    const { time: gone } = await watcher.after(() => tool('docker', 'kill', first.name), detached)
    const { time: got } = await watcher.sees(attached, { seconds: 1 })
    assert.ok(Date.parse(got) - Date.parse(gone) < 1000)
    await holds({ containers: [second, third], bridge: bridge.name, before, watcher, expected: ['port.refused'] })
    assert.ok(answers(third.name, '10.3.0.2'))
    // Who was first comes back, and is second now.
    await watcher.after(() => tool('docker', 'start', first.name), { event: 'port.refused', container: first.name })
    await holds({ containers: [second, third], bridge: bridge.name, before, watcher, expected: ['port.refused'] })
  })

  it('both at the same moment: exactly one gets it', async () => {
    using bridge = testBridge()
    using a = labelled('10.3.0.2/24')
    using b = labelled('10.3.0.2/24')
    await using watcher = await watch([`--bridge=${bridge.name}`])
    const { container: winner } = await watcher.sees('port.attached')
    const { container: loser } = await watcher.sees({ event: 'port.refused', code: 'AddressInUse' })
    assert.deepEqual([winner, loser].sort(), [a.name, b.name].sort())
    const only = winner === a.name ? a : b
    assert.ok(portOf(only.id) !== undefined)
    await holds({ containers: [only], bridge: bridge.name, watcher, expected: ['port.refused'] })
  })
})

/** What a process has used so far, in seconds (proc_pid_stat(5): utime and stime, in ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const fields = tool('cat', `/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
