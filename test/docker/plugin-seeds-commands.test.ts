// What the READMEs of other Docker network drivers tell people to type beside making networks: a manager of Open vSwitch, a central of
// OVN of their own, and what to look at when something is wrong.
import { strict as assert } from 'node:assert'
import { execa } from 'execa'
import { addressOf, refusedLine, sh } from '../support/docker-cli.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { container } from '../support/containers.ts'
import { hostLink } from '../support/host-link.ts'
import { comesTrue } from '../support/ovn.ts'
import { ovnBase, ovnImage } from '../support/ovn-image.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'
const CONNECTIONS = '--opt ovn.nb_connection=tcp:172.30.0.5:6641 --opt ovn.sb_connection=tcp:172.30.0.5:6642'

describe('what READMEs of other drivers say beside networks', function () {
  this.timeout(180_000)
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  before(async () => {
    untouched = snapshot()
    driver = await plugin()
  })
  after(() => driver[Symbol.asyncDispose]())
  const logs = holdsThroughout(() => driver)
  afterEach(() => {
    assert.deepEqual(snapshot(), untouched)
  })

  it('docker-ovs-plugin: a manager of Open vSwitch at a port of the host is nothing to the driver, and stays', async () => {
    sh('ovs-vsctl set-manager ptcp:6640')
    await until(() => sh('ss -lnt').includes(':6640 '), 'the database to listen')
    await driver.stop()
    // As the driver of the README had it: that may be the database of any host.
    driver = await plugin(['--db=tcp:127.0.0.1:6640'])
    logs.except(/call\.failed|Handler for POST/)
    const create = 'docker network create -d ovsd --subnet=172.18.40.0/24 mynet'
    assert.match(
      await refusedLine(create),
      /of tcp:127\.0\.0\.1:6640 has something on the host.* not known to be this one/,
    )
    await driver.stop()
    driver = await plugin()
    sh(create)
    {
      using one = container('--network=mynet')
      using other = container('--network=mynet')
      assert.ok(reaches(one.name, addressOf(other.name)))
      assert.match(sh('ovs-vsctl --db=tcp:127.0.0.1:6640 show'), /Manager "ptcp:6640"[\s\S]*Bridge ovsbr0/)
    }
    sh('docker network rm mynet')
    assert.equal(sh('ovs-vsctl get-manager'), 'ptcp:6640')
    sh('ovs-vsctl del-manager')
  })

  it('ovs-container-network: what is typed when it cannot be installed, or nothing works', async () => {
    logs.except(/plugins\/pull/)
    assert.match(
      await refusedLine('docker plugin install ovsd-from-a-registry:latest --grant-all-permissions'),
      /registry|dial|lookup/,
    )
    assert.equal(sh('docker plugin ls --quiet'), '')
    sh('docker network create --driver ovsd --subnet 10.0.0.0/24 my-network')
    assert.match(sh('docker network inspect my-network | grep Subnet'), /10\.0\.0\.0\/24/)
    assert.equal(sh('docker run --rm --network my-network busybox /bin/busybox echo works'), 'works')
    assert.equal(sh('docker images | grep -c ovn-central || :'), '0')
    assert.match(sh('ovs-appctl dpif/show'), /netdev@ovs-netdev[\s\S]*ovsbr0/)
    assert.match(sh('tail -n 20 /var/log/docker.log'), /\S/)
    sh('docker network rm my-network')
    // What docker-ovn-driver wants to find before it is enabled, and ovsd does not need.
    assert.match(
      await refusedLine('ovs-vsctl --timeout=5 -vconsole:off get Open_vSwitch . external_ids:ovn-nb'),
      /no key "?ovn-nb/,
    )
  })

  it('ovs-container-network: a central that somebody has started with docker run, without auto_create', async () => {
    logs.except(/not reachable at tcp:172\.30\.0\.5:6641|call\.failed|Handler for POST/)
    using base = ovnBase()
    using _image = ovnImage(base, 'ovn-central:latest')
    using _link = hostLink()
    assert.match(sh('docker images | grep ovn-central'), /^ovn-central +latest/)
    sh('docker network create --driver bridge --subnet 172.30.0.0/24 transit-overlay')
    const create = `docker network create --driver ovsd \\
      --subnet 10.0.0.0/24 \\
      --opt ovn.switch=ls-my-network \\
      ${CONNECTIONS} \\
      my-network`
    assert.match(
      await refusedLine(create),
      /OVN central not reachable at tcp:172\.30\.0\.5:6641 and auto-create not enabled/,
    )
    sh(`docker run -d --name ovn-central \\
      --network transit-overlay \\
      --ip 172.30.0.5 \\
      -p 6641:6641 -p 6642:6642 \\
      ovn-central:latest`)
    const isUp = (db: string) => async () =>
      (await execa('ovn-nbctl', [`--db=tcp:${db}:6641`, 'show'], { reject: false })).exitCode === 0
    for (const db of ['172.30.0.5', '127.0.0.1']) await comesTrue(isUp(db), `central at ${db}`, 30)
    // Nobody but a person joins a host to a central that ovsd has not made.
    const { status, stderr } = ovsd(['ovn', 'join', 'tcp:172.30.0.5', '--insecure'])
    assert.equal(status, 0, stderr)
    sh(create)
    {
      using one = container('--network=my-network')
      using other = container('--network=my-network')
      await comesTrue(() => Promise.resolve(reaches(one.name, addressOf(other.name))), 'both reach each other', 60)
      assert.match(sh('docker exec ovn-central ovn-nbctl show'), /switch .*ls-my-network[\s\S]*port lsp-/)
    }
    sh('docker network rm my-network')
    ok('ovn', 'leave')
    sh('docker rm --force --volumes ovn-central')
    sh('docker network rm transit-overlay')
  })

  it('ovs-container-network: with all subnets for its central in use it says so, and how to make a network for it', async () => {
    logs.except(/call\.failed|Handler for POST|upkeep\.failed/)
    using base = ovnBase()
    using _image = ovnImage(base)
    using _link = hostLink()
    const taken = ['172.30.0.0/24', '172.31.0.0/24', '192.168.200.0/24', '192.168.201.0/24']
    for (const [i, subnet] of taken.entries())
      sh(`docker network create --driver bridge --subnet ${subnet} taken${String(i)}`)
    sh(`docker network create --driver ovsd --subnet 10.0.0.0/24 --opt ovn.switch=ls-my-network \\
      ${CONNECTIONS} --opt ovn.auto_create=true my-network`)
    const { msg } = await driver.sees({ event: 'upkeep.failed' }, { seconds: 60 })
    for (const subnet of taken) assert.ok(msg.includes(subnet.replace(/\/24/, '')), msg)
    sh('docker network rm my-network')
    for (const i of taken.keys()) sh(`docker network rm taken${String(i)}`)
    // The integration bridge was made already: an endpoint needs nothing else of this host.
    ok('ovn', 'leave')
  })
})
