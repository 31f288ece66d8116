// External addresses on real interfaces: reached from outside, guarded, and gone without a trace.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { endName } from '../../src/lib/attach/external-leg.ts'
import { openHost } from '../../src/lib/host.ts'
import { strayLegs, strayRemoval } from '../../src/lib/plan/external.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { addLeg, external, removeLegs } from '../support/legs.ts'
import { bareNamespace, networkedNamespace } from '../support/namespace.ts'
import { hears, hostState, OUT, outside, pings, reaches } from '../support/outside.ts'
import { tool, toolIn } from '../support/tool.ts'

const IP = '203.0.113.50'
const OTHER = '203.0.113.51'

describe('an external address', function () {
  this.timeout(60_000)

  it('is reached from outside by ping and by TCP, and by the host; after its removal everything is as before', async () => {
    using net = outside()
    using namespace = networkedNamespace()
    toolIn(namespace.path, 'ip', 'link', 'set', 'lo', 'up')
    const before = hostState(namespace.path)
    const leg = await addLeg(namespace, external(IP, net.link))
    assert.notDeepEqual(hostState(namespace.path), before)
    assert.equal(reaches(net.path, IP), true)
    assert.equal(await hears(net.path, namespace.path, IP, 'words from outside\n'), 'words from outside')
    assert.equal(reaches(`/proc/${String(process.pid)}/ns/net`, IP), true)
    // What the container sends from the address goes there too, although its default route is another.
    assert.equal(reaches(namespace.path, OUT, '-I', IP), true)
    assert.match(toolIn(namespace.path, 'ip', 'route', 'show', 'default'), /^default via 192\.0\.2\.1 dev eth0/)
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(namespace.path), before)
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(namespace.path), before)
    assert.equal(pings(net.path, IP), false)
  })

  it('is reached where every packet is checked for the way it came (rp_filter=1)', async () => {
    using net = outside()
    using namespace = networkedNamespace()
    tool('sysctl', '-qw', 'net/ipv4/conf/all/rp_filter=1')
    try {
      toolIn(namespace.path, 'sysctl', '-qw', 'net/ipv4/conf/all/rp_filter=1')
      const leg = await addLeg(namespace, external(IP, net.link, OUT))
      assert.equal(reaches(net.path, IP), true)
      await removeLegs(leg.marks)
    } finally {
      tool('sysctl', '-qw', 'net/ipv4/conf/all/rp_filter=0')
    }
  })

  it('is announced: a neighbour that knew it elsewhere believes it at once', async () => {
    using net = outside()
    using namespace = bareNamespace()
    const elsewhere = ['lladdr', '02:00:00:00:00:99', 'nud', 'stale']
    toolIn(net.path, 'ip', 'neigh', 'replace', IP, 'dev', net.far, ...elsewhere)
    const leg = await addLeg(namespace, external(IP, net.link))
    await pause(200)
    const [, mac = ''] = /link\/ether (\S+)/.exec(tool('ip', 'link', 'show', 'dev', net.link)) ?? []
    assert.match(toolIn(net.path, 'ip', 'neigh', 'show', IP), new RegExp(` lladdr ${mac} `))
    await removeLegs(leg.marks)
  })

  it('with a gateway is reached from behind it, and from neighbours without it', async () => {
    using net = outside()
    using namespace = networkedNamespace()
    // Far away, behind OUT; the host itself knows no way there.
    toolIn(net.path, 'ip', 'address', 'add', '198.51.100.7/32', 'dev', 'lo')
    const before = hostState()
    const without = await addLeg(namespace, external(IP, net.link))
    assert.equal(pings(net.path, IP, '-I', '198.51.100.7'), false)
    await removeLegs(without.marks)
    assert.deepEqual(hostState(), before)
    const leg = await addLeg(namespace, external(IP, net.link, OUT))
    assert.equal(reaches(net.path, IP, '-I', '198.51.100.7'), true)
    assert.equal(reaches(net.path, IP), true)
    assert.equal(reaches(namespace.path, '198.51.100.7', '-I', IP), true)
    assert.equal(reaches(`/proc/${String(process.pid)}/ns/net`, IP), true)
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(), before)
  })

  it('of two containers: both are reached, also by each other; the first to go leaves the second alone', async () => {
    using net = outside()
    using first = networkedNamespace()
    using second = bareNamespace()
    const before = hostState()
    const [one, two] = await Promise.all([
      addLeg(first, external(IP, net.link, OUT)),
      addLeg(second, external(OTHER, net.link)),
    ])
    assert.equal(pings(net.path, IP) && reaches(net.path, OTHER), true)
    assert.equal(reaches(first.path, OTHER, '-I', IP), true)
    assert.equal(reaches(second.path, IP, '-I', OTHER), true)
    await removeLegs(one.marks)
    assert.equal(reaches(net.path, OTHER), true)
    assert.equal(pings(net.path, IP), false)
    await removeLegs(two.marks)
    assert.deepEqual(hostState(), before)
  })

  it('goes although the container went first, and its link with it', async () => {
    using net = outside()
    const before = hostState()
    let leg
    {
      using namespace = bareNamespace()
      leg = await addLeg(namespace, external(IP, net.link, OUT))
    }
    const end = endName(leg.target.id, 'eth1')
    for (let tries = 0; tries < 100 && tool('ip', 'link').includes(end); tries++) await pause(20)
    assert.notDeepEqual(hostState(), before)
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(), before)
  })

  it('goes although the interface of the host went first', async () => {
    const before = hostState()
    using namespace = bareNamespace()
    const inside = hostState(namespace.path)
    let leg
    {
      using net = outside()
      leg = await addLeg(namespace, external(IP, net.link, OUT))
    }
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(), before)
    assert.deepEqual(hostState(namespace.path), inside)
  })

  it('that has been given to another container stays when the marks of the first are cleared up', async () => {
    using net = outside()
    using second = bareNamespace()
    const before = hostState()
    let stale
    {
      using first = bareNamespace()
      stale = await addLeg(first, external(IP, net.link, OUT))
    }
    await pause(300)
    const leg = await addLeg(second, external(IP, net.link, OUT))
    await removeLegs(stale.marks)
    assert.equal(reaches(net.path, IP), true)
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(), before)
  })

  it('whose marks are lost is found by what the host says, and removed', async () => {
    using net = outside('br-x.7')
    using namespace = bareNamespace()
    using host = openHost()
    const before = hostState()
    const leg = await addLeg(namespace, external(IP, net.link, OUT))
    assert.deepEqual(await strayLegs(host, [leg.marks]), [])
    const stray = await strayLegs(host, [])
    assert.deepEqual(stray, [{ end: endName(leg.target.id, 'eth1'), ip: IP, link: net.link }])
    const stages = [await strayRemoval(host, stray)]
    await runPlan({ onFailure: 'continue', title: 'gc', stages }, new AbortController().signal, nobody)
    assert.deepEqual(hostState(), before)
  })

  it('leaves nothing behind at the interface with the oddest name', async () => {
    using net = outside('w@n+1.2-x')
    using namespace = bareNamespace()
    const before = hostState()
    const leg = await addLeg(namespace, external(IP, net.link))
    assert.equal(reaches(net.path, IP), true)
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(), before)
  })
})
