// Labels ask, the administrator's policy decides.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelled, labelOptions, type Want } from '../support/labelled.ts'
import { bridgesSeen, ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { ovsd } from '../support/ovsd.ts'
import { settingsFile } from '../support/settings-file.ts'
import { tool } from '../support/tool.ts'
import { watch } from '../support/watch.ts'

describe('the policy of watch', () => {
  it('without a file: only the default bridge, access ports, no trunk, no external address', async () => {
    using bridge = testBridge()
    using other = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    const addresses = ['10.3.0.2/24']
    const refused: readonly (readonly [want: Want, rule: string, words: RegExp])[] = [
      [{ addresses, bridge: other.name }, 'built-in: bridges', /ovs\.bridge: .* is not allowed; allowed: bk/],
      [{ addresses, bridge: 'bk-new' }, 'built-in: bridges', /ovs\.bridge/],
      [{ addresses, bridge: 'br-int' }, 'built-in: ovn, built-in: bridges', /belongs to OVN/],
      [{ addresses, trunks: '10,20' }, 'built-in: trunks', /ovs\.trunks: trunks are not allowed/],
      [{ addresses, native: 5 }, 'built-in: trunks', /trunks are not allowed/],
    ]
    for (const [want, rule, words] of refused) {
      using a = labelled(want)
      const line = await watcher.sees({ event: 'port.refused', container: a.name })
      assert.deepEqual({ code: line['code'], rule: line['rule'] }, { code: 'PolicyRefused', rule })
      assert.match(line.msg, words)
      assert.ok(line.msg.includes(`(rule: ${rule})`), line.msg)
    }
    using external = container(...labelOptions({ 'ovs.ip_address': '10.3.0.2/24', 'ovs.external_ip': '203.0.113.5' }))
    await watcher.sees({ event: 'port.refused', container: external.name })
    await holds({ containers: [], bridge: bridge.name, before, watcher, expected: ['port.refused'] })
    assert.ok(!bridgesSeen().some(({ name }) => name === 'bk-new'))
  })

  it('without a VLAN of its own a container is in none: tagged frames do not leave it', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled('10.3.0.2/24')
    using b = labelled({ addresses: ['10.4.0.3/24'], vlan: 10 })
    for (const { name } of [a, b]) await watcher.sees({ event: 'port.attached', container: name })
    const { port = '', ofport = 0 } = portOf(a.id) ?? {}
    // Open vSwitch itself says what becomes of a frame: many kernels of test machines cannot tag one.
    const frame = (vlan: string): string =>
      tool('ovs-appctl', 'ofproto/trace', bridge.name, `in_port=${ofport},dl_src=02:00:00:00:00:01${vlan}`)
    assert.match(frame(',dl_vlan=10'), /Datapath actions: drop/)
    assert.doesNotMatch(frame(''), /Datapath actions: drop/)
    // As a trunk, which is what a port without any VLAN is, it would get through.
    await watcher.stop()
    tool('ovs-vsctl', 'clear', 'Port', port, 'tag')
    assert.doesNotMatch(frame(',dl_vlan=10'), /Datapath actions: drop/)
  })

  it('of a file: more and less; SIGHUP reads it again; a broken one changes nothing', async () => {
    using bridge = testBridge()
    using other = testBridge()
    using policy = settingsFile(`bridges: [${bridge.name}, ${other.name}]\ntrunks: [10-19]\nsubnets: [10.3.0.0/16]\n`)
    const args = [`--bridge=${bridge.name}`, `--policy=${policy.path}`]
    await using watcher = await watch(args)
    using elsewhere = labelled({ addresses: ['10.3.0.2/24'], bridge: other.name })
    using cut = labelled({ addresses: ['10.3.0.3/24'], bridge: other.name })
    using trunk = labelled({ iface: 'eth2', trunks: '10,15' })
    using outside = labelled('10.9.0.2/24')
    using wide = labelled({ iface: 'eth2', trunks: '10,20' })
    await watcher.sees({ event: 'port.attached', container: elsewhere.name, bridge: other.name })
    await watcher.sees({ event: 'port.attached', container: cut.name, bridge: other.name })
    await watcher.sees({ event: 'port.attached', container: trunk.name })
    await watcher.sees({ event: 'port.refused', container: outside.name, rule: 'subnets', msg: /10\.9\.0\.2\/24/ })
    await watcher.sees({ event: 'port.refused', container: wide.name, rule: 'trunks', msg: /VLAN 20/ })
    const expected = { bridge: bridge.name, watcher, expected: ['port.refused', 'policy.kept'] }
    await holds({ containers: [elsewhere, cut, trunk], ...expected })

    const reload = (text: string) => (): void => {
      policy.write(text)
      watcher.signal('SIGHUP')
    }
    const kept = await watcher.after(reload('bridges: [oops\n'), 'policy.kept')
    assert.equal(kept.level, 'error')
    assert.match(kept.msg, new RegExp(`${policy.path}, line [12]: .*The policy stays as it was`))
    const [word] = await watcher.during(0.3, reload('bridge: true\n'))
    assert.match(word?.msg ?? '', /there is no rule "bridge"/)

    // Stricter for what comes, and the network of what runs is not cut.
    const addressesOnly = 'trunks: [10-29]\n'
    await watcher.after(reload(addressesOnly), { event: 'port.attached', container: wide.name })
    await watcher.sees({ event: 'port.attached', container: outside.name })
    await watcher.sees({ event: 'port.refused', container: elsewhere.name, rule: 'built-in: bridges' })
    await watcher.sees({ event: 'port.refused', container: cut.name, rule: 'built-in: bridges' })
    await holds({ containers: [elsewhere, cut, trunk, wide, outside], ...expected })
    // Detached as ovsd-policy(5) says, it stays so while the container runs, also when everything is looked at again.
    assert.equal(ovsd(['del-port', other.name, 'eth1', cut.name]).status, 0)
    const since = await watcher.during(2, reload(addressesOnly))
    assert.deepEqual(
      since.map(({ event }) => event).filter((event) => event !== 'port.refused'),
      ['policy.loaded'],
    )
    await holds({ containers: [elsewhere, trunk, wide, outside], ...expected })
    const detached = { event: 'port.detached', container: elsewhere.name }
    await watcher.after(() => tool('docker', 'stop', '--time=0', elsewhere.name), detached)
    // Its refusal has been told already, for all of its lives.
    const again = await watcher.during(2, () => tool('docker', 'start', elsewhere.name))
    assert.deepEqual(
      again.map(({ event }) => event).filter((event) => event.startsWith('port.')),
      [],
    )
    await holds({ containers: [trunk, wide, outside], ...expected })
  })

  it('in a file that others can write, that is missing or a link: no start, and nothing is touched', () => {
    using bridge = testBridge()
    using writable = settingsFile('trunks: true\n', { mode: 0o666 })
    using fine = settingsFile('trunks: true\n')
    tool('chmod', '666', writable.path)
    const link = `${writable.path}-link`
    tool('ln', '-s', fine.path, link)
    using a = labelled({ iface: 'eth2', trunks: '10' })
    for (const [path, words] of [
      [writable.path, /others than its owner can write it/],
      [`${writable.path}-none`, /There is no policy file/],
      [link, /it is a symbolic link/],
    ] as const) {
      const { status, stderr } = ovsd(['watch', `--bridge=${bridge.name}`, `--policy=${path}`])
      assert.equal(status, 1, stderr)
      assert.match(stderr, words)
    }
    assert.deepEqual(ownPortsSeen(), [])
    assert.equal(portOf(a.id), undefined)
  })

  it('none: everything goes', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`, '--policy=none'])
    using other = testBridge()
    using a = labelled({ addresses: ['10.3.0.2/24'], bridge: other.name }, { iface: 'eth2', trunks: '10,20' })
    for (const interfaceName of ['eth1', 'eth2'])
      await watcher.sees({ event: 'port.attached', container: a.name, interface: interfaceName })
    await holds({ containers: [a], bridge: bridge.name, watcher, allTrunks: true })
  })
})

describe('labels of an image', () => {
  const image = 'labelled-busybox'
  before(() => {
    const change = '--change=LABEL ovs.ip_address=10.3.0.77/24 ovs.vlan=10'
    const shell = `id=$(docker create busybox); docker export $id | docker import '${change}' - ${image}; docker rm $id`
    tool('sh', '-c', shell)
  })
  after(() => tool('docker', 'rmi', image))

  /** A container of that image; `labels` are its own. */
  function ofImage(labels: Readonly<Record<string, string>> = {}): Disposable & { id: string; name: string } {
    const options = ['--detach', '--network=none', ...labelOptions(labels)]
    const id = tool('docker', 'run', ...options, image, '/bin/busybox', 'sleep', '100000').trim()
    const name = tool('docker', 'inspect', '--format={{.Name}}', id).trim().slice(1)
    return { id, name, [Symbol.dispose]: () => void tool('docker', 'rm', '--force', id) }
  }

  it('do not count; those of the container do', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`, '--log-level=debug'])
    using only = ofImage()
    using both = ofImage({ 'ovs.ip_address': '10.3.0.5/24' })
    await watcher.sees({ event: 'port.attached', container: both.name })
    const { msg } = await watcher.sees({ event: 'labels.dropped', container: only.name })
    assert.match(msg, /ovs\.ip_address, ovs\.vlan/)
    await holds({ containers: [{ ...both, wants: [{ addresses: ['10.3.0.5/24'] }] }], bridge: bridge.name, watcher })
  })

  it('count where the policy says so', async () => {
    using bridge = testBridge()
    using policy = settingsFile('image_labels: true\n')
    await using watcher = await watch([`--bridge=${bridge.name}`, `--policy=${policy.path}`])
    using a = ofImage()
    await watcher.sees({ event: 'port.attached', container: a.name })
    const wants = [{ addresses: ['10.3.0.77/24'], vlan: 10 }]
    await holds({ containers: [{ ...a, wants }], bridge: bridge.name, watcher })
  })
})
