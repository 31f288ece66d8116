// Compose files with networks of the driver, as the READMEs of other drivers have them, with a real compose and a real engine.
import { strict as assert } from 'node:assert'
import { answers as serving, asks } from '../support/asking.ts'
import { listed } from '../support/attachments.ts'
import { project, type Project } from '../support/compose.ts'
import { inside, netnsOf } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { hostLink } from '../support/host-link.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { comesTrue } from '../support/ovn.ts'
import { ovnBase, ovnImage } from '../support/ovn-image.ts'
import { json, ok } from '../support/ovsd.ts'
import { pairs } from '../support/pairs.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { daemon, plugin } from '../support/watch.ts'

const HERE = `/proc/${String(process.pid)}/ns/net`
const SLEEP = `
    image: busybox
    command: /bin/busybox sleep 100000
    stop_grace_period: 1s`

/** A shop: its front is a network that leads out and publishes a port, its back one that leads nowhere. */
const SHOP = `
version: '3.8'
services:
  web:${SLEEP}
    ports: ["8080:80"]
    networks:
      front:
        aliases: [shop]
      back: {}
  db:${SLEEP}
    networks:
      back:
        ipv4_address: 10.61.0.20
        aliases: [store]
  worker:${SLEEP}
    networks: [back]
networks:
  front:
    driver: ovsd
    driver_opts:
      bridge: br-int
      tenant_id: prod
      vlan: 100
    ipam:
      config:
        - subnet: 10.60.0.0/24
  back:
    driver: ovsd
    internal: true
    driver_opts:
      vlan: "200"
      mtu: "1400"
    ipam:
      config:
        - subnet: 10.61.0.0/24
`

/** The compose file of ovs-container-network, whose VLAN is said to be a mistake, and without it. */
const ON_OVN = (vlan: string): string => `
version: '3.8'
networks:
  ovn-net:
    driver: ovsd
    driver_opts:
      ovn.switch: ls-development
      ovn.nb_connection: tcp:172.30.0.5:6641
      ovn.sb_connection: tcp:172.30.0.5:6642
      ovn.auto_create: "true"
      bridge: br-int
      tenant_id: development${vlan}
    ipam:
      config:
        - subnet: 10.0.0.0/24
services:
  web:${SLEEP}
    networks:
      - ovn-net
  db:${SLEEP}
    networks:
      - ovn-net
`

/** The compose file of ovs-port-manager: labels, beside a network of the engine's own. */
const LABELLED = `
version: '3.8'
services:
  web:${SLEEP}
    labels:
      - "ovs.ip_address=192.168.1.100/24"
      - "ovs.bridge=web-bridge"
      - "ovs.gateway=192.168.1.1"
  app:${SLEEP}
    labels:
      - "ovs.ip_address=192.168.1.101/24"
      - "ovs.bridge=web-bridge"
      - "ovs.gateway=192.168.1.1"
    networks: [blue]
networks:
  blue:
    driver: ovsd
    ipam:
      config:
        - subnet: 10.9.0.0/24
`

/** Addresses and MTU of every interface of a container, by name. */
const linksIn = (id: string): Readonly<Record<string, readonly unknown[]>> =>
  Object.fromEntries(
    [...insideSeen(netnsOf(id))]
      .filter(([name]) => name !== 'lo')
      .map(([name, { addresses, mtu }]) => [name, [...addresses, mtu]]),
  )
const addressIn = (id: string, subnet: string): string =>
  [...insideSeen(netnsOf(id)).values()]
    .flatMap(({ addresses }) => addresses)
    .find((text) => text.startsWith(subnet))
    ?.replace(/\/.*/, '') ?? ''
const only = (one: Project, service: string): string => {
  const [id = '', ...more] = one.idsOf(service)
  assert.deepEqual(more, [])
  return id
}
/** What a second `up` must not change: containers, their lives, their ports. */
const state = (one: Project): unknown => ({
  lives: ['web', 'db', 'worker'].map((service) =>
    one.idsOf(service).map((id) => tool('docker', 'inspect', '--format={{.Id}} {{.State.StartedAt}}', id).trim()),
  ),
  host: snapshot(),
})

describe('compose with ovsd as the network driver', function () {
  this.timeout(240_000)
  const logs = holdsThroughout(() => undefined)

  it('brings up two networks, aliases and a published port; again is no change; restart, scale, down', async () => {
    const before = snapshot()
    {
      await using driver = await plugin()
      using shop = project(SHOP)
      shop.compose('up', '--detach')
      const [web, db] = [only(shop, 'web'), only(shop, 'db')]
      assert.deepEqual(linksIn(db), { eth0: ['10.61.0.20/24', 1400] })
      assert.deepEqual(
        Object.values(linksIn(web))
          .map(([address, mtu]) => `${String(address).replace(/\d+\/24/, '')} ${String(mtu)}`)
          .sort(),
        ['10.60.0. 1500', '10.61.0. 1400'],
      )
      const { networks } = json('net', 'ls') as { networks: readonly Readonly<Record<string, unknown>>[] }
      assert.deepEqual(networks.map(({ bridge, vlan, tenant, mode }) => [bridge, vlan, tenant, mode]).sort(), [
        ['br-int', 100, 'prod', 'nat'],
        ['ovsbr0', 200, null, 'l2'],
      ])
      inside(web, 'ping', '-c', '1', '-W', '2', 'store')
      inside(web, 'ping', '-c', '1', '-W', '2', 'db')
      inside(db, 'ping', '-c', '1', '-W', '2', 'web')
      inside(web, 'ping', '-c', '1', '-W', '2', 'shop')
      // What is in front alone is no name behind.
      assert.throws(() => inside(db, 'ping', '-c', '1', '-W', '2', 'shop'))
      const published = async (): Promise<string> => {
        await using _web = await serving(netnsOf(only(shop, 'web')), 'web', 80)
        return asks(HERE, 'tcp', '127.0.0.1', 8080)
      }
      assert.match(await published(), /^web /)

      await until(() => listed().every(({ container }) => /web|db|worker/.test(container)), 'whose ports they are', 20)
      const was = state(shop)
      shop.compose('up', '--detach')
      assert.deepEqual(state(shop), was)

      const links = linksIn(db)
      shop.compose('restart', '--timeout=0')
      assert.deepEqual([only(shop, 'web'), only(shop, 'db')], [web, db])
      assert.deepEqual(linksIn(db), links)
      assert.ok(reaches(web, '10.61.0.20'))
      assert.match(await published(), /^web /)
      assert.equal(pairs().length, 4)

      shop.compose('up', '--detach', '--scale', 'worker=3')
      const workers = shop.idsOf('worker')
      assert.equal(workers.length, 3)
      const addresses = workers.map((id) => addressIn(id, '10.61.0.'))
      assert.equal(new Set([...addresses, addressIn(web, '10.61.0.'), '10.61.0.20']).size, 5)
      for (const address of addresses) assert.ok(reaches(db, address))
      shop.compose('up', '--detach', '--scale', 'worker=1')
      assert.equal(shop.idsOf('worker').length, 1)
      await until(() => pairs().length === 4, 'the pairs of two workers to go')

      shop.compose('down', '--timeout=0')
      assert.deepEqual(pairs(), [])
      assert.equal(tool('docker', 'network', 'ls', '--quiet', '--filter=driver=ovsd'), '')
      assert.deepEqual(
        driver.all(({ level }) => /warn|error/.test(level)).map(({ msg }) => msg),
        [],
      )
    }
    assert.deepEqual(snapshot(), before)
  })

  it('a network on OVN brings its central; with a VLAN in it compose says what the driver says', async () => {
    logs.except(/tunnels of OVN carry no VLANs/)
    const before = snapshot()
    {
      using base = ovnBase()
      using _image = ovnImage(base)
      using _link = hostLink()
      await using driver = await plugin(['--require-ovn'])
      {
        using refused = project(ON_OVN('\n      vlan: "100"'))
        const { status, said } = refused.tries('up', '--detach')
        assert.notEqual(status, 0)
        assert.match(said.replaceAll(/\s+/g, ' '), /--opt vlan: tunnels of OVN carry no VLANs/)
      }
      {
        using development = project(ON_OVN(''))
        development.compose('up', '--detach')
        await driver.sees({ event: 'upkeep.mended', about: 'OVN' }, { seconds: 90 })
        const [web, db] = [only(development, 'web'), only(development, 'db')]
        await comesTrue(() => Promise.resolve(reaches(web, addressIn(db, '10.0.0.'))), 'web reaches db', 60)
        inside(web, 'ping', '-c', '1', '-W', '2', 'db')
        const switches = tool(
          'docker',
          'exec',
          'ovn-central',
          'ovn-nbctl',
          '--columns=external_ids',
          'list',
          'Logical_Switch',
        )
        assert.match(switches, /tenant_id"?="?development/)
        development.compose('down', '--timeout=0')
      }
      ok('ovn', 'leave')
      ok('ovn', 'teardown', '--delete-data')
    }
    assert.deepEqual(snapshot(), before)
  })

  it('labels in a compose file, with and without a network of the driver beside them', async () => {
    tool('ovs-vsctl', 'add-br', 'web-bridge', '--', 'set', 'Bridge', 'web-bridge', 'datapath_type=netdev')
    const before = snapshot()
    {
      await using _both = await daemon(['--bridge=web-bridge'])
      using labelled = project(LABELLED)
      labelled.compose('up', '--detach')
      const [web, app] = [only(labelled, 'web'), only(labelled, 'app')]
      await until(() => listed().length === 3 && listed().every(({ state: how }) => how === 'ok'), 'three ports', 20)
      assert.ok(reaches(web, '192.168.1.101'))
      assert.ok(reaches(app, '10.9.0.1'))
      labelled.compose('restart', '--timeout=0')
      await until(() => reaches(web, '192.168.1.101'), 'the other again', 20)
      labelled.compose('down', '--timeout=0')
      await until(() => pairs().length === 0, 'every pair to go', 20)
    }
    assert.deepEqual(snapshot(), before)
    tool('ovs-vsctl', 'del-br', 'web-bridge')
  })
})
