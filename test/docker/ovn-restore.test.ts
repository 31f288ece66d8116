// The databases of central are lost, and begun again: networks come back from what the hosts know, with all ports and addresses.
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { netCreate, portOf, TwoHosts, type Guest } from '../support/cloud.ts'
import { logicalHolds } from '../support/logical-invariants.ts'
import { errorOf } from '../support/ovsd.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { echoes } from '../support/place.ts'

describe('networks on OVN whose databases were lost', function () {
  this.timeout(180_000)
  let hosts: TwoHosts
  before(async () => {
    hosts = await TwoHosts.start()
  })
  after(() => hosts.end())
  afterEach(() => hosts.clear())

  it('an empty one is refused; with --restore it is begun, and watch and net create put everything back', async () => {
    const { near, far } = hosts
    const create = [...netCreate(), '--dhcp=ovn', '--tenant=acme']
    await hosts.both(...create)
    const watcher = await hosts.follow(far)
    const [a, kept] = [await hosts.run(near), await hosts.run(near)]
    for (const { name } of [a, kept]) await near.ok('net', 'connect', 'blue', name)
    const b = await hosts.run(far, { 'ovs.network': 'blue' })
    await watcher.sees({ event: 'port.attached', container: b.name })
    const addresses = await Promise.all(
      [a, kept, b].map(async ({ site, id }) => (await hosts.addresses(site, [id]))[0] ?? ''),
    )
    await near.run('docker', 'stop', '--time=0', kept.id)
    assert.match(await near.ok('gc'), new RegExp(`eth1 of ${kept.name}`))
    const settings = ['external_ids:ovsd_id', 'external_ids:tenant_id', 'external_ids:ovsd_net']
    const told = () => hosts.nbctl('get', 'Logical_Switch', 'ls-blue', ...settings)
    const before = await told()

    await near.run(OVN_CTL, 'stop_northd')
    await near.run('sh', '-c', 'rm /var/lib/ovn/*.db')
    const again = ['ovn', 'bootstrap', '--central=local', `--listen=${near.address}`, '--insecure']
    const refused = await near.ovsd(...again, '--json')
    assert.equal(errorOf(refused).code, 'CentralDataLost')
    assert.match(errorOf(refused).message, /blue/)
    assert.equal(existsSync('/var/lib/ovn/ovnnb_db.db'), false)
    assert.match((await near.ovsd('ovn', 'status')).stdout, /unreachable|does not answer|down/i)

    await near.ok(...again, '--restore')
    // The daemon of the one host, and a command on the other.
    await watcher.sees({ event: 'upkeep.mended' }, { seconds: 40 })
    assert.match(await near.ok(...create), /complete/i)
    assert.match(await near.ok(...create, '--may-exist'), /was there already/)
    const all = [a, b, kept].map(portOf).sort()
    await comesTrue(async () => (await hosts.logicalPorts()).join() === all.join(), all.join(), 30)
    assert.equal(await told(), before)
    const hosting = await hosts.nbctl('get', 'Logical_Switch', 'ls-blue', 'external_ids')
    assert.equal(hosting.match(/ovsd_host\./g)?.length, 2, hosting)
    for (const [i, guest] of [a, kept, b].entries()) {
      assert.match(await hosts.nbctl('lsp-get-addresses', portOf(guest)), new RegExp(` ${addresses[i] ?? ''}$`))
      assert.notEqual(await hosts.nbctl('get', 'Logical_Switch_Port', portOf(guest), 'dhcpv4_options'), '[]')
    }
    const isUp = async (guest: Guest) =>
      (await hosts.nbctl('get', 'Logical_Switch_Port', portOf(guest), 'up')) === 'true'
    for (const guest of [a, b]) await comesTrue(() => isUp(guest), `${guest.name} works`)
    await comesTrue(() => echoes(a, addresses[2] ?? '', { tries: 1 }), 'frames between the hosts')
    logicalHolds()
    // Nobody gets what is kept for one that does not run.
    const c = await hosts.run(near)
    const { addresses: given } = JSON.parse(await near.ok('net', 'connect', 'blue', c.name, '--json')) as {
      addresses: string[]
    }
    assert.equal(addresses.includes(given[0]?.replace('/24', '') ?? ''), false)
    await near.run('docker', 'start', kept.id)
    assert.match(await near.ok('net', 'connect', 'blue', kept.name), new RegExp(addresses[1] ?? ''))
    assert.ok(await echoes(b, addresses[1] ?? ''))
    logicalHolds()
  })
})
