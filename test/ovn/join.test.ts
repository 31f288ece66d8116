// A host becomes a chassis, and stops being one.
import { strict as assert } from 'node:assert'
import { errorOf } from '../support/ovsd.ts'
import { chassisNames, startCentral, stopCentral } from '../support/ovn.ts'
import { snapshot } from '../support/snapshot.ts'
import { underlay, type FarSite, type Underlay } from '../support/underlay.ts'

const settings = (site: { run: (...argv: string[]) => Promise<string> }) =>
  site.run('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch')

describe('ovn join and ovn leave', function () {
  this.timeout(180_000)
  let hosts: Underlay
  let far: FarSite
  let central: AsyncDisposable
  before(async () => {
    hosts = await underlay(1)
    const [first] = hosts.far
    assert.ok(first)
    far = first
    central = await startCentral(far)
  })
  after(async () => {
    await central[Symbol.asyncDispose]()
    await hosts[Symbol.asyncDispose]()
  })
  const at = () => `tcp:${far.address}`

  it('plain TCP to another host is refused, and allowed with --insecure', async () => {
    const refused = await hosts.near.ovsd('ovn', 'join', at(), '--json')
    assert.equal(errorOf(refused).code, 'PlainTcp')
    const dry = await hosts.near.ok('ovn', 'join', at(), '--insecure', '--dry-run')
    assert.match(dry, /^ovs-vsctl .*ovn-remote=.*198\.51\.100\.2:6642/m)
    assert.match(dry, /ovn-ctl start_controller$/m)
    assert.match(dry, /^ovn-nbctl --db=tcp:198\.51\.100\.2:6641 --timeout=20 --wait=sb sync$/m)
  })

  it('joins, twice without a change, and leaves as if nothing had been', async () => {
    const before = { host: snapshot(), settings: await settings(hosts.near) }
    const said = await hosts.near.ok('ovn', 'join', at(), '--insecure')
    assert.match(said, /^This host is chassis ovsd-lab-\S+ of tcp:198\.51\.100\.2:6642, geneve at 198\.51\.100\.1$/m)
    assert.deepEqual(await chassisNames(far), [
      await hosts.near
        .run('ovs-vsctl', 'get', 'Open_vSwitch', '.', 'external_ids:system-id')
        .then((text) => text.replaceAll('"', '')),
    ])
    const inStep = await far.run('ovn-sbctl', '--bare', '--columns=nb_cfg', 'list', 'Chassis_Private')
    assert.equal(inStep, await far.run('ovn-nbctl', '--bare', '--columns=nb_cfg', 'list', 'NB_Global'))
    const joined = { host: snapshot(), settings: await settings(hosts.near) }
    assert.match(await hosts.near.ok('ovn', 'join', at(), '--insecure'), /^Nothing to do: /)
    assert.match(await hosts.near.ok('ovn', 'join'), /^Nothing to do: /)
    assert.deepEqual({ host: snapshot(), settings: await settings(hosts.near) }, joined)
    const left = JSON.parse(await hosts.near.ok('ovn', 'leave', '--json')) as { status: string; bridgeRemoved: boolean }
    assert.deepEqual([left.status, left.bridgeRemoved], ['left', true])
    assert.deepEqual(await chassisNames(far), [])
    assert.deepEqual({ host: snapshot(), settings: await settings(hosts.near) }, before)
    assert.match(await hosts.near.ok('ovn', 'leave'), /^Nothing to do: /)
  })

  it('both encapsulations, an address of one’s choice, a bridge mapping; a change of them, and what others wrote stays', async () => {
    await hosts.near.run('ovs-vsctl', 'add-br', 'br-ex', '--', 'set', 'Bridge', 'br-ex', 'datapath_type=netdev')
    await hosts.near.run('ovs-vsctl', 'set', 'Open_vSwitch', '.', 'external_ids:ovn-bridge-mappings="other:br-other"')
    try {
      const before = await settings(hosts.near)
      await hosts.near.ok(
        'ovn',
        'join',
        at(),
        '--insecure',
        '--encap=geneve,vxlan',
        '--encap-ip=198.51.100.1',
        '--bridge-mapping=ext:br-ex',
      )
      const row = () => far.run('ovn-sbctl', '--bare', '--columns=other_config', 'list', 'Chassis')
      assert.match(await row(), /ovn-bridge-mappings=other:br-other,ext:br-ex/)
      assert.equal(
        await far
          .run('ovn-sbctl', '--bare', '--columns=type', 'list', 'Encap')
          .then((text) => text.split(/\s+/).sort().join()),
        'geneve,vxlan',
      )
      assert.match(await hosts.near.ok('ovn', 'join', '--encap=vxlan'), /, vxlan at 198\.51\.100\.1$/m)
      assert.equal(await far.run('ovn-sbctl', '--bare', '--columns=type', 'list', 'Encap'), 'vxlan')
      await hosts.near.ok('ovn', 'leave')
      assert.equal(await settings(hosts.near), before)
    } finally {
      await hosts.near.run('ovs-vsctl', 'remove', 'Open_vSwitch', '.', 'external_ids', 'ovn-bridge-mappings')
      await hosts.near.run('ovs-vsctl', '--if-exists', 'del-br', 'br-ex')
    }
  })

  it('an address or a name that central knows of another host is refused, and nothing is changed', async () => {
    const before = { host: snapshot(), settings: await settings(hosts.near) }
    const add = (name: string, ip: string) => far.run('ovn-sbctl', 'chassis-add', name, 'geneve', ip)
    await add('old', '198.51.100.1')
    const taken = await hosts.near.ovsd('ovn', 'join', at(), '--insecure', '--json')
    assert.equal(errorOf(taken).code, 'EncapTaken')
    assert.match(taken.stdout + taken.stderr, /chassis-del old/)
    await far.run('ovn-sbctl', 'chassis-del', 'old')
    const own = (await hosts.near.run('ovs-vsctl', 'get', 'Open_vSwitch', '.', 'external_ids:system-id')).replaceAll(
      '"',
      '',
    )
    await add(own, '198.51.100.77')
    const namesake = await hosts.near.ovsd('ovn', 'join', at(), '--insecure', '--json')
    assert.equal(errorOf(namesake).code, 'ChassisTaken')
    await far.run('ovn-sbctl', 'chassis-del', own)
    assert.deepEqual({ host: snapshot(), settings: await settings(hosts.near) }, before)
  })

  it('a central that does not answer: said at once, and nothing is changed', async () => {
    const before = { host: snapshot(), settings: await settings(hosts.near) }
    const start = performance.now()
    const failed = await hosts.near.ovsd(
      'ovn',
      'join',
      'tcp:198.51.100.2:7641',
      '--southbound=tcp:198.51.100.2:7642',
      '--insecure',
      '--json',
    )
    assert.equal(errorOf(failed).code, 'CentralUnreachable')
    assert.ok(performance.now() - start < 5000)
    assert.deepEqual({ host: snapshot(), settings: await settings(hosts.near) }, before)
  })

  it('another central than the one that it has is refused; a controller that is gone is put back by the same command', async () => {
    await hosts.near.ok('ovn', 'join', at(), '--insecure')
    const other = await hosts.near.ovsd('ovn', 'join', 'tcp:198.51.100.9', '--insecure', '--json')
    assert.equal(errorOf(other).code, 'ChassisElsewhere')
    await hosts.near.run('ovn-appctl', '-t', 'ovn-controller', 'exit')
    await hosts.near.run('ovs-vsctl', 'del-br', 'br-int')
    const again = JSON.parse(await hosts.near.ok('ovn', 'join', '--json')) as {
      status: string
      bridgeCreated: boolean
      controllerStarted: boolean
    }
    assert.deepEqual(again, { ...again, status: 'changed', bridgeCreated: true, controllerStarted: true })
    assert.match(await hosts.near.ok('ovn', 'status'), /All is well/)
    await hosts.near.run(
      'ovs-vsctl',
      'add-port',
      'br-int',
      'p0',
      '--',
      'set',
      'Interface',
      'p0',
      'type=internal',
      'external_ids:iface-id=p0',
    )
    assert.equal(errorOf(await hosts.near.ovsd('ovn', 'leave', '--json')).code, 'ChassisInUse')
    await hosts.near.run('ovs-vsctl', 'del-port', 'p0')
    await hosts.near.ok('ovn', 'leave')
  })

  it('leaving while central is away does what can be done here, and names what is left there', async () => {
    await hosts.near.ok('ovn', 'join', at(), '--insecure')
    const before = snapshot().ovs
    assert.ok(before.some((line) => line.includes('br-int')))
    await stopCentral(far)
    const left = await hosts.near.ovsd('ovn', 'leave')
    assert.equal(left.status, 3, left.stderr)
    assert.match(
      left.stderr,
      /chassis ovsd-lab-\S+ in tcp:198\.51\.100\.2:6642, to be removed there: ovn-sbctl chassis-del/,
    )
    assert.ok(!snapshot().ovs.some((line) => line.includes('br-int')))
    await far.run('/usr/share/ovn/scripts/ovn-ctl', 'start_northd')
    for (const name of await chassisNames(far)) await far.run('ovn-sbctl', 'chassis-del', name)
  })
})
