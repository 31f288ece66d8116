// nat networks beside what else there is on a host: Docker's firewall, external addresses, no nft.
import { strict as assert } from 'node:assert'
import { endName } from '../../src/lib/attach/external-leg.ts'
import { openHost } from '../../src/lib/host.ts'
import type { Gateway } from '../../src/lib/network/gateway.ts'
import { gatewaysOf } from '../../src/lib/network/gateway.ts'
import { lookAtNat } from '../../src/lib/network/nat.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { gatewayLink } from '../../src/lib/plan/steps/gateway-link.ts'
import { gatewayOwnPort } from '../../src/lib/plan/steps/gateway-own-port.ts'
import { gatewayPort } from '../../src/lib/plan/steps/gateway-port.ts'
import { natRules } from '../../src/lib/plan/steps/nat-rules.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { testBridge } from '../support/bridge.ts'
import { HOST6, internet, OUT6 } from '../support/internet.ts'
import { dockerChains } from '../support/docker-chains.ts'
import { addLeg, external, removeLegs } from '../support/legs.ts'
import { carries, createNat, member, missingOf, nat, natState, removeAll, removeNat } from '../support/nat.ts'
import { bareNamespace, networkedNamespace } from '../support/namespace.ts'
import { answering, hears, HOST, OUT, pings, reaches } from '../support/outside.ts'
import { tool, toolIn } from '../support/tool.ts'
import { withoutNft } from '../support/without-nft.ts'

const BLUE = { name: 'blue', bridge: 'bn0', subnet: ['10.3.0.0/24', 'fd03::/64'] }
const RED = { name: 'red', bridge: 'bn0', subnet: ['10.4.0.0/24', 'fd04::/64'] }
const IP = '203.0.113.50'

const value = (key: string): string => tool('sysctl', '-n', `net/${key}`).trim()
const HERE = `/proc/${String(process.pid)}/ns/net`

describe("a nat network beside Docker's firewall", function () {
  // Chains that iptables has made once stay, empty.
  after(() => tool('nft', 'flush', 'ruleset'))
  this.timeout(120_000)
  afterEach(removeAll)

  it('is admitted, for its own ways only, and dismissed with its removal', async () => {
    using net = internet()
    using _chains = dockerChains()
    const before = natState()
    const blue = await createNat({ ...BLUE, tenant: 'acme' })
    const red = await createNat({ ...RED, tenant: 'acme' })
    {
      using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
      using r = member(red, '10.4.0.2/24', 'fd04::2/64')
      for (const ip of [OUT, OUT6, '10.4.0.2', 'fd04::2']) assert.equal(reaches(b.path, ip), true, ip)
      assert.equal(reaches(r.path, OUT), true)
      // Docker's own containers stay what Docker makes of them.
      assert.doesNotMatch(tool('iptables', '-S', 'DOCKER-USER'), new RegExp(`-i ${blue.link} -m|-i ${blue.link} -j`))
      for (const [name, ip] of [
        ['iptables', OUT],
        ['ip6tables', OUT6],
      ] as const) {
        tool(name, '-F', 'DOCKER-USER')
        assert.equal(pings(b.path, ip), false, 'it is these rules that admit it')
        tool(name, '-A', 'DOCKER-USER', '-j', 'RETURN')
        assert.deepEqual(await missingOf('blue'), ["Docker's firewall has other rules for it"])
        await createNat({ ...BLUE, tenant: 'acme' })
        assert.deepEqual(await missingOf('blue'), [])
        assert.equal(reaches(b.path, ip), true)
      }
      assert.ok(net.link)
    }
    await removeNat('red')
    assert.deepEqual(await missingOf('blue'), [])
    await removeNat('blue')
    assert.deepEqual(natState(), before)
  })
})

describe('a nat network beside an external address', function () {
  this.timeout(180_000)
  afterEach(removeAll)

  for (const [first, last] of [
    ['network', 'network'],
    ['network', 'address'],
    ['address', 'network'],
    ['address', 'address'],
  ] as const)
    it(`both work, and the host is as before: the ${first} comes first, the ${last} goes last`, async () => {
      using net = internet()
      using namespace = networkedNamespace()
      toolIn(namespace.path, 'ip', 'link', 'set', 'lo', 'up')
      const before = natState()
      const early = first === 'network' ? undefined : await addLeg(namespace, external(IP, net.link))
      const blue = await createNat(BLUE)
      const leg = early ?? (await addLeg(namespace, external(IP, net.link)))
      const end = endName(leg.target.id, 'eth1')
      const both = async (what: string): Promise<void> => {
        using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
        assert.ok(pings(b.path, OUT) && pings(b.path, OUT6) && carries(b.path, net.path, OUT), `network ${what}`)
        assert.ok(pings(net.path, IP) && pings(namespace.path, OUT, '-I', IP), `address ${what}`)
        assert.equal(await hears(net.path, namespace.path, IP, 'words\n'), 'words')
        // From one to the other: under the host's address, and the container itself is not to be reached.
        assert.ok(pings(b.path, IP), `${what}: an external address from a network`)
        toolIn(namespace.path, 'ip', 'route', 'add', '10.3.0.0/24', 'dev', 'ext-eth1', 'table', '3405803826')
        assert.ok(!pings(namespace.path, '10.3.0.2', '-I', IP))
        toolIn(net.path, 'ip', 'route', 'replace', '10.3.0.0/24', 'via', HOST)
        assert.ok(!pings(net.path, '10.3.0.2'))
        toolIn(namespace.path, 'ip', 'route', 'del', '10.3.0.0/24', 'dev', 'ext-eth1', 'table', '3405803826')
      }
      await both('at first')
      assert.deepEqual(await missingOf('blue'), [])
      // Each table guards the interface for itself.
      for (const name of ['inet ovsd_nat', `inet ovsd_ext_${net.link}`])
        assert.match(tool('nft', 'list', 'table', ...name.split(' ')), /ip_forward=0/)
      if (last === 'network') {
        await removeLegs(leg.marks)
        {
          using b = member(blue, '10.3.0.2/24')
          assert.ok(pings(b.path, OUT) && !pings(net.path, IP))
        }
        assert.deepEqual(await missingOf('blue'), [])
        assert.equal(value(`ipv4/conf/${net.link}/forwarding`), '1')
        await removeNat('blue')
      } else {
        await removeNat('blue')
        assert.ok(pings(net.path, IP) && pings(namespace.path, OUT, '-I', IP))
        assert.equal(value(`ipv4/conf/${net.link}/forwarding`), '1')
        await removeLegs(leg.marks)
      }
      assert.ok(end)
      assert.deepEqual(natState(), before)
    })
})

/** The links of ports do not answer for the host's addresses, as ovsd's own do not. */
function silencePorts(): void {
  const links = tool('sh', '-c', 'ip -o link | sed -n "s/^[0-9]*: \\(m[0-9]*-[0-9]*\\)@.*/\\1/p"')
  for (const link of links.trim().split('\n')) tool('ip', 'link', 'set', link, 'arp', 'off')
}

describe('a nat network without nft', function () {
  // Chains that iptables has made once stay, empty.
  after(() => tool('nft', 'flush', 'ruleset'))
  this.timeout(180_000)
  afterEach(removeAll)

  it('does the same with iptables', async () => {
    using net = internet()
    // Tables that iptables has made once stay; what is in them does not.
    const ipt = (): string =>
      ['iptables', 'ip6tables']
        .map(
          (name) =>
            tool(`${name}-save`)
              .match(/^-A.*|.*OVSD.*/gm)
              ?.join('\n') ?? '',
        )
        .join('\n')
    const before = ipt()
    const sysctls = (): string => tool('sysctl', '-a', '--pattern', 'net\\.ipv[46]\\..*forwarding')
    const earlier = sysctls()
    {
      using _hidden = withoutNft()
      const blue = await createNat(BLUE)
      const red = await createNat(RED)
      const green = await createNat({ name: 'green', bridge: 'bn1', subnet: ['10.5.0.0/24'], tenant: 'acme' })
      const lime = await createNat({ name: 'lime', bridge: 'bn1', subnet: ['10.6.0.0/24'], tenant: 'acme' })
      {
        using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
        using r = member(red, '10.4.0.2/24', 'fd04::2/64')
        using g = member(green, '10.5.0.2/24')
        using l = member(lime, '10.6.0.2/24')
        // Only nft can say that the links of ports do not answer; ovsd's own do not do so anyway.
        silencePorts()
        for (const ip of [OUT, OUT6, '10.3.0.1', 'fd03::1', HOST, HOST6]) assert.equal(reaches(b.path, ip), true, ip)
        // Outside nobody knows a way to the container: answers come to the host's address.
        assert.ok(
          carries(b.path, net.path, OUT) && carries(b.path, net.path, OUT6) && carries(HERE, b.path, '10.3.0.2'),
        )
        const others = ['10.4.0.2', 'fd04::2', '10.4.0.1', 'fd04::1', '10.5.0.2', '10.5.0.1']
        assert.deepEqual(await answering(b.path, others), [])
        for (const ip of ['10.6.0.2', '10.6.0.1', OUT]) assert.equal(reaches(g.path, ip), true, ip)
        toolIn(net.path, 'ip', 'route', 'add', '10.0.0.0/8', 'via', HOST)
        toolIn(net.path, 'ip', 'route', 'add', 'fd00::/8', 'via', HOST6)
        assert.deepEqual(await answering(net.path, ['10.3.0.2', 'fd03::2']), [])
        toolIn(b.path, 'ip', 'address', 'add', '10.9.9.9/32', 'dev', 'lo')
        assert.equal(pings(b.path, OUT, '-I', '10.9.9.9'), false)
        tool('iptables', '-F', 'OVSD-NAT-PASS')
        assert.equal(reaches(net.path, '10.3.0.2'), true, 'it is these rules that stop it')
        assert.deepEqual(await missingOf('blue'), ['the rules of iptables are others'])
        await createNat(BLUE)
        assert.equal(pings(net.path, '10.3.0.2'), false)
        assert.match(tool('iptables', '-S', 'OVSD-NAT-PASS'), new RegExp(`/${net.link}/ip_forward=0`))
        assert.ok(r.path && l.path)
      }
      tool('iptables', '-D', 'FORWARD', '-j', 'OVSD-NAT-PASS')
      assert.deepEqual(await missingOf('red'), ['the rules of iptables are others'])
      await createNat(RED)
      for (const name of ['blue', 'red', 'green', 'lime']) assert.deepEqual(await missingOf(name), [])
      for (const name of ['blue', 'lime', 'red']) await removeNat(name)
      assert.deepEqual(await missingOf('green'), [])
      assert.doesNotMatch(tool('ip6tables-save'), /OVSD/)
      await removeNat('green')
      tool('ovs-vsctl', '--if-exists', 'del-br', 'bn0', '--', '--if-exists', 'del-br', 'bn1')
      assert.equal(ipt(), before)
      assert.equal(sysctls(), earlier)
    }
    tool('nft', 'flush', 'ruleset')
  })
})

/** A Linux bridge of somebody else with two machines on it, which the host knows, too. */
function linuxBridge(name: string, n: number): Disposable & { readonly one: string; readonly two: string } {
  const machines = [bareNamespace(), bareNamespace()] as const
  tool('ip', 'link', 'add', name, 'type', 'bridge')
  tool('ip', 'link', 'set', name, 'up')
  tool('ip', 'address', 'add', `10.7${String(n)}.0.254/24`, 'dev', name)
  tool('ip', 'address', 'add', `fd7${String(n)}::fe/64`, 'dev', name, 'nodad')
  for (const [i, { name: inside, path }] of machines.entries()) {
    const port = `${name}-${String(i)}`
    tool('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inside)
    tool('ip', 'link', 'set', port, 'master', name, 'up')
    toolIn(path, 'ip', 'link', 'set', 'eth0', 'up')
    toolIn(path, 'ip', 'address', 'add', `10.7${String(n)}.0.${String(i + 1)}/24`, 'dev', 'eth0')
    toolIn(path, 'ip', 'address', 'add', `fd7${String(n)}::${String(i + 1)}/64`, 'dev', 'eth0', 'nodad')
    toolIn(path, 'ip', 'route', 'add', 'default', 'via', `10.7${String(n)}.0.254`)
    toolIn(path, 'ip', 'route', 'add', 'default', 'via', `fd7${String(n)}::fe`)
  }
  return {
    one: machines[0].path,
    two: machines[1].path,
    [Symbol.dispose]() {
      for (const i of [0, 1]) tool('ip', 'link', 'del', 'dev', `${name}-${String(i)}`)
      tool('ip', 'link', 'del', 'dev', name)
      for (const machine of machines) machine[Symbol.dispose]()
    },
  }
}

/** The value of a network's record is another one until the end of the `using` block. */
function damaged({ bridge, network }: Gateway): Disposable {
  const key = `external_ids:ovsd_net.${network}`
  const record = tool('ovs-vsctl', 'get', 'Bridge', bridge, key).trim()
  tool('ovs-vsctl', 'set', 'Bridge', bridge, `${key}="{"`)
  return {
    [Symbol.dispose]() {
      tool('ovs-vsctl', 'set', 'Bridge', bridge, `${key}=${record}`)
    },
  }
}

for (const firewall of ['nftables', 'iptables'])
  describe(`a nat network with ${firewall}`, function () {
    // Chains that iptables has made once stay, empty.
    after(() => tool('nft', 'flush', 'ruleset'))
    this.timeout(180_000)
    let hidden: Disposable | undefined
    beforeEach(() => {
      if (firewall === 'iptables') hidden = withoutNft()
    })
    afterEach(async () => {
      await removeAll()
      hidden?.[Symbol.dispose]()
      hidden = undefined
    })

    it('does not touch what a Linux bridge of somebody else carries, and makes no router between such bridges', async () => {
      using mine = linuxBridge('lb0', 0)
      using other = linuxBridge('lb1', 1)
      tool('sysctl', '-qw', ...['ip', 'ip6'].map((ip) => `net.bridge.bridge-nf-call-${ip}tables=1`))
      // The host's way out is this bridge: it is guarded for IPv4.
      tool('ip', 'route', 'add', 'default', 'via', '10.70.0.9', 'dev', 'lb0')
      const near = ['10.70.0.2', 'fd70::2']
      for (const ip of near) assert.equal(reaches(mine.one, ip), true, ip)
      const blue = await createNat(BLUE)
      assert.deepEqual(await missingOf('blue'), [])
      for (const ip of near) assert.equal(reaches(mine.one, ip), true, `${ip} beside a nat network`)
      assert.equal(reaches(other.one, 'fd71::2'), true)
      // What the host would have to route stays where it was.
      assert.deepEqual(await answering(mine.one, ['10.71.0.1', 'fd71::1', '10.3.0.2']), [])
      assert.equal(pings(other.one, 'fd70::1'), false)
      {
        using inside = member(blue, '10.3.0.2/24', 'fd03::2/64')
        silencePorts()
        // Out by a Linux bridge with iptables and a userspace bridge is not looked at here.
        if (firewall === 'nftables')
          for (const ip of ['10.70.0.1', 'fd71::1']) assert.equal(reaches(inside.path, ip), true, ip)
        assert.deepEqual(await answering(mine.one, ['10.3.0.2', 'fd03::2']), [])
      }
      await removeNat('blue')
      for (const ip of near) assert.equal(reaches(mine.one, ip), true, ip)
    })

    it('whose record is damaged is kept apart when others come and go, to the last that can be read', async () => {
      const words = (n: number) => ({
        bridge: 'bn0',
        tenant: `t${String(n)}`,
        subnet: [`10.3${String(n)}.0.0/24`, `fd3${String(n)}::/64`],
      })
      const [na, nb] = [await createNat({ name: 'na', ...words(1) }), await createNat({ name: 'nb', ...words(2) })]
      using a = member(na, '10.31.0.2/24', 'fd31::2/64')
      using b = member(nb, '10.32.0.2/24', 'fd32::2/64')
      silencePorts()
      const apart = async (what: string): Promise<void> => {
        const [ofA, ofB] = await Promise.all([
          answering(a.path, ['10.31.0.1', 'fd31::1', '10.32.0.2', 'fd32::2']),
          answering(b.path, ['10.32.0.1', 'fd32::1', '10.31.0.2', 'fd31::2']),
        ])
        assert.deepEqual(
          [ofA, ofB],
          [
            ['10.31.0.1', 'fd31::1'],
            ['10.32.0.1', 'fd32::1'],
          ],
          what,
        )
      }
      await apart('at first')
      {
        using _one = damaged(na)
        const nc = await createNat({ name: 'nc', ...words(3) })
        await apart('one is damaged')
        {
          using c = member(nc, '10.33.0.2/24', 'fd33::2/64')
          silencePorts()
          assert.deepEqual(await answering(c.path, ['10.31.0.2', 'fd31::2']), [])
          assert.equal(pings(a.path, '10.33.0.2'), false)
        }
        assert.deepEqual(await missingOf('nc'), [])
        using _other = damaged(nb)
        await removeNat('nc')
        await apart('both are damaged, and no other is left')
      }
      await createNat({ name: 'na', ...words(1) })
      for (const name of ['na', 'nb']) assert.deepEqual(await missingOf(name), [])
      await apart('put right')
    })
  })

const signal = new AbortController().signal

type Make = (gateway: Gateway) => ReversibleStep | Promise<ReversibleStep>

/** The three tests that every step has. */
function stepTests(id: string, words: NetworkWords, make: Make, before: readonly Make[] = []): void {
  const within = async (body: (step: ReversibleStep) => Promise<void>): Promise<void> => {
    using _net = internet()
    using bridge = testBridge()
    if (words.bridge === 'made') tool('ovs-vsctl', 'set', 'Bridge', bridge.name, 'external_ids:ovsd_made_for=net')
    using host = openHost()
    const [gateway] = await gatewaysOf(host, [parseNetworkSpec({ ...words, bridge: bridge.name })])
    if (gateway === undefined) throw new Error('no gateway')
    const done: ReversibleStep[] = []
    try {
      for (const one of before) {
        const step = await one(gateway)
        done.unshift(step)
        await step.apply(signal)
      }
      await body(await make(gateway))
    } finally {
      for (const step of done) await step.undo(signal)
    }
  }
  describe(id, () => {
    it('is done after apply, and not before', () =>
      within(async (step) => {
        assert.equal(step.id, id)
        assert.equal(await step.isDone(signal), false)
        await step.apply(signal)
        assert.equal(await step.isDone(signal), true)
        await step.undo(signal)
      }))
    it('leaves nothing after undo', () =>
      within(async (step) => {
        const earlier = natState()
        await step.apply(signal)
        assert.notDeepEqual(natState(), earlier, 'what is looked at does not show this step')
        await step.undo(signal)
        assert.deepEqual(natState(), earlier)
      }))
    it('can be undone without having been applied', () =>
      within(async (step) => {
        const earlier = natState()
        await step.undo(signal)
        assert.deepEqual(natState(), earlier)
      }))
  })
}

describe('steps of a nat network', function () {
  this.timeout(60_000)
  const host = openHost()
  after(() => {
    host[Symbol.dispose]()
  })
  const own = { name: 'blue', bridge: 'made', subnet: ['10.3.0.0/24', 'fd03::/64'] }
  const tagged = { ...own, bridge: 'other', vlan: '7', mtu: '1400' }
  const port: Make = (gateway) => gatewayPort(host, gateway)
  const ownPort: Make = (gateway) => gatewayOwnPort(host, gateway)
  const link: Make = (gateway) => gatewayLink(host, gateway)
  const rules: Make = async (gateway) =>
    natRules(host, await lookAtNat(host, { gateways: [gateway], hadSome: false }), { gateways: [], hadSome: false })
  stepTests('gateway.port', tagged, port)
  stepTests('gateway.own-port', own, ownPort)
  stepTests('gateway.link', tagged, link, [port])
  stepTests('gateway.link', own, link, [ownPort])
  stepTests('nat.rules', tagged, rules, [port])
  stepTests('nat.rules', own, rules)
  it('undone, takes nothing from a network that was there before', async () => {
    using _net = internet()
    await using blue = await nat(BLUE)
    const all = [blue, ...(await gatewaysOf(host, [parseNetworkSpec(RED)]))]
    const step = natRules(host, await lookAtNat(host, { gateways: all, hadSome: true }), {
      gateways: [blue],
      hadSome: true,
    })
    const before = natState()
    await step.apply(signal)
    assert.notDeepEqual(natState(), before)
    await step.undo(signal)
    assert.deepEqual(natState(), before)
    assert.deepEqual(await missingOf('blue'), [])
  })
})
