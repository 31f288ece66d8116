// The bridge that ovn-controller works with is no place for networks of Open vSwitch alone; on a host without OVN it is one like others.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { callDriver, called, dockerId, networkCall } from '../support/plugin-call.ts'
import { errorOf } from '../support/ovsd.ts'
import { chassisNames, startCentral, startControllers } from '../support/ovn.ts'
import { snapshot } from '../support/snapshot.ts'
import { underlay, type FarSite, type Underlay } from '../support/underlay.ts'
import { plugin } from '../support/watch.ts'

const NETWORK = dockerId('c')
const PLAIN = ['net', 'create', 'plain', '--bridge=br-int', '--mode=l2', '--vlan=7']

describe('the integration bridge of OVN', function () {
  this.timeout(180_000)
  let hosts: Underlay
  let far: FarSite
  let central: AsyncDisposable
  before(async () => {
    // The driver puts back what the database has lost: copies that other tests left are no part of this.
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
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

  it('takes a network of Open vSwitch alone where the host is no chassis', async () => {
    await using _driver = await plugin()
    const before = snapshot()
    await hosts.near.ok(...PLAIN)
    await hosts.near.ok('net', 'rm', 'plain')
    await called('CreateNetwork', networkCall(NETWORK, { bridge: 'br-int', mode: 'l2' }))
    await called('DeleteNetwork', { NetworkID: NETWORK })
    assert.deepEqual(snapshot(), before)
  })

  it('takes none where it is one, by the command and by Docker; one that was there before stays', async () => {
    await hosts.near.ok('net', 'create', 'early', '--bridge=br-int', '--mode=l2', '--vlan=8')
    await using _controllers = await startControllers(far, [hosts.near])
    assert.equal((await chassisNames(far)).length, 1)
    await using _driver = await plugin()
    const before = snapshot()
    const refused = await hosts.near.ovsd(...PLAIN, '--json')
    assert.equal(refused.status, 1)
    assert.equal(errorOf(refused).code, 'BridgeOfOvn')
    const { status, body } = await callDriver('CreateNetwork', networkCall(NETWORK, { bridge: 'br-int', mode: 'l2' }))
    assert.equal(status, 500)
    assert.match(String(body['Err']), /^br-int is OVN's on this host: .*\n.*--opt ovn\.switch=NAME$/)
    assert.match(
      await hosts.near.ok('net', 'create', 'early', '--bridge=br-int', '--mode=l2', '--vlan=8', '--may-exist'),
      /early/,
    )
    assert.deepEqual(snapshot(), before)
    await hosts.near.ok('net', 'rm', 'early')
  })

  it('is the one that ovn-bridge names', async () => {
    await hosts.near.run('ovs-vsctl', 'set', 'Open_vSwitch', '.', 'external_ids:ovn-bridge=br-ovn')
    try {
      await using _controllers = await startControllers(far, [hosts.near])
      const other = await hosts.near.ovsd('net', 'create', 'plain', '--bridge=br-ovn', '--mode=l2', '--json')
      assert.equal(errorOf(other).code, 'BridgeOfOvn')
      await hosts.near.ok(...PLAIN)
      await hosts.near.ok('net', 'rm', 'plain')
    } finally {
      await hosts.near.run('ovs-vsctl', 'remove', 'Open_vSwitch', '.', 'external_ids', 'ovn-bridge')
      await hosts.near.run('ovs-vsctl', '--if-exists', 'del-br', 'br-ovn')
    }
  })
})
