// The policy over networks of Docker on OVN: whoever names a logical switch is in what others have there.
import { strict as assert } from 'node:assert'
import { called, callDriver, dockerId, networkCall } from '../support/plugin-call.ts'
import { northboundDump, startCentral } from '../support/ovn.ts'
import { settingsFile } from '../support/settings-file.ts'
import { snapshot } from '../support/snapshot.ts'
import { underlay } from '../support/underlay.ts'
import { plugin } from '../support/watch.ts'

const NETWORK = dockerId('f')
const ask = (options: Readonly<Record<string, string>>) => callDriver('CreateNetwork', networkCall(NETWORK, options))

describe('the policy over networks of Docker on OVN', function () {
  this.timeout(180_000)

  it('refuses switches, routers, physical networks and a central that it does not allow, and makes what it allows', async () => {
    await using hosts = await underlay(1)
    const [far] = hosts.far
    assert.ok(far)
    await using _central = await startCentral(far)
    await hosts.near.ok('ovn', 'join', `tcp:${far.address}`, '--insecure')
    await using held = new AsyncDisposableStack()
    held.defer(async () => {
      await hosts.near.ok('ovn', 'leave')
    })
    using file = settingsFile('networks: ["*-blue"]\nbridges: [br9]\nvlans: [100]\n')
    await using driver = await plugin([`--policy=${file.path}`])
    const before = [snapshot(), await northboundDump(far)]
    const blue = { 'ovn.switch': 'ls-blue' }
    for (const [options, words] of [
      [
        { 'ovn.switch': 'ls-red' },
        /--opt ovn\.switch: the logical switch ls-red is not allowed; allowed: \*-blue\. \(rule: networks\)/,
      ],
      [{ ...blue, 'ovn.router': 'lr-red' }, /--opt ovn\.router: the router lr-red is not allowed/],
      [
        { ...blue, 'ovn.physnet': 'lan', vlan: '100' },
        /--opt ovn\.physnet: lan is not allowed\. \(rule: built-in: uplinks\)/,
      ],
      [{ ...blue, 'ovn.auto_create': 'true' }, /--opt ovn\.auto_create: a central of OVN is not made/],
    ] as const) {
      const { status, body } = await ask(options)
      assert.equal(status, 500)
      assert.match(String(body['Err']), words)
    }
    assert.deepEqual([snapshot(), await northboundDump(far)], before)
    const { status, body } = await ask({ ...blue, 'ovn.router': 'lr-blue' })
    assert.equal(status, 200, String(body['Err']))
    await called('DeleteNetwork', { NetworkID: NETWORK })
    file.write('networks: true\ncentral: true\n')
    await driver.after(() => driver.signal('SIGHUP'), 'policy.loaded')
    assert.equal((await ask({ 'ovn.switch': 'ls-red' })).status, 200)
    await called('DeleteNetwork', { NetworkID: NETWORK })
  })
})
