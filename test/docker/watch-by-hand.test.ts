// Commands on ports that labels ask for, while watch runs: what they say is what comes of it.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { holds } from '../support/invariants.ts'
import { labelled } from '../support/labelled.ts'
import { portOf } from '../support/ovs-rows.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { watch } from '../support/watch.ts'

const about = (event: string, { name }: { readonly name: string }) => ({ event, container: name })
const BACK =
  /^ovsd: warning: labels of \S+ ask for (.*): where ovsd watch runs and its policy allows it, .* attached again\./

describe('a port that labels ask for', () => {
  it('set-vlan is refused, and changes nothing; with the VLAN that the port has it says so', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`, '--policy=none'])
    using a = labelled({ addresses: ['10.3.0.2/24'], vlan: 7 })
    await watcher.sees(about('port.attached', a))
    const said = await watcher.during(0.5, () => {
      for (const to of [['8'], ['--none'], ['--trunks=7']]) {
        const { status, stdout } = ovsd(['set-vlan', bridge.name, 'eth1', a.name, ...to, '--json'])
        assert.equal(status, 1)
        const { error } = JSON.parse(stdout) as { error: { code: string; message: string; next: string } }
        assert.equal(error.code, 'KeptByWatch')
        assert.match(error.message, new RegExp(`^Labels of ${a.name} ask for eth1, and say its VLAN`))
        assert.match(error.next, /ovs\.vlan/)
      }
      assert.match(ok('set-vlan', bridge.name, 'eth1', a.name, '7'), /: 7 \(as it was\)/)
    })
    assert.deepEqual(said, [])
    await holds({ containers: [a], bridge: bridge.name, watcher })
  })

  it('del-port detaches it and says that it comes back, as it does', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled('10.3.0.2/24')
    await watcher.sees(about('port.attached', a))
    const { uuid } = portOf(a.id) ?? assert.fail()
    await watcher.after(
      () => {
        const { status, stdout, stderr } = ovsd(['del-port', bridge.name, 'eth1', a.name])
        assert.equal(status, 0, stderr)
        assert.match(stdout, /^eth1 of \S+ detached from /)
        assert.equal(BACK.exec(stderr)?.[1], 'eth1')
      },
      about('port.attached', a),
    )
    assert.notEqual(portOf(a.id)?.uuid, uuid)
    await watcher.after(
      () => {
        const { stdout, stderr } = ovsd(['del-port', bridge.name, 'eth1', a.name, '--json'])
        assert.equal(stderr, '')
        assert.deepEqual((JSON.parse(stdout) as { askedByLabels: string[] }).askedByLabels, ['eth1'])
      },
      about('port.attached', a),
    )
    await holds({ containers: [a], bridge: bridge.name, watcher })
  })

  it('del-ports says it of each that comes back, and of no other', () => {
    using bridge = testBridge()
    using a = labelled('10.3.0.2/24', { iface: 'eth2', bridge: bridge.name, addresses: ['10.4.0.2/24'] })
    const once = ['watch', '--once', `--bridge=${bridge.name}`]
    ok(...once)
    ok('add-port', bridge.name, 'eth3', a.name)
    const detach = () => ovsd(['del-ports', bridge.name, a.name]).stderr
    assert.equal(BACK.exec(detach())?.[1]?.split(', ').sort().join(), 'eth1,eth2')
    assert.equal(detach(), '')
    ok(...once)
    assert.deepEqual(
      [portOf(a.id)?.bridge, portOf(a.id, 'eth2')?.bridge, portOf(a.id, 'eth3')],
      [bridge.name, bridge.name, undefined],
    )
    // Nothing asks for what is left of a container that is gone.
    a[Symbol.dispose]()
    const { status, stderr } = ovsd(['del-ports', bridge.name, a.id])
    assert.deepEqual([status, stderr], [0, ''])
  })
})
