// Published ports on a real host, with endpoints as Docker would have them: who reaches what, and what is left afterwards.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { findEndpoint, linksOf } from '../../src/lib/attach/endpoint.ts'
import { openHost } from '../../src/lib/host.ts'
import { parseHostCidr } from '../../src/lib/net/cidr.ts'
import type { Gateway } from '../../src/lib/network/gateway.ts'
import { lookAtNat } from '../../src/lib/network/nat.ts'
import { networkNamed } from '../../src/lib/network/networks.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { createEndpoint } from '../../src/lib/plan/create-endpoint.ts'
import type { PortWish } from '../../src/lib/plan/host-ports.ts'
import { publishPorts, revokePorts } from '../../src/lib/plan/publish-ports.ts'
import { removeEndpoint } from '../../src/lib/plan/remove-endpoint.ts'
import { natOfHost } from '../../src/lib/plan/steps/nat-rules.ts'
import { portsPublish } from '../../src/lib/plan/steps/ports-publish.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Prepared } from '../../src/lib/plan/prepared.ts'
import { answers, asks } from '../support/asking.ts'
import { dockerChains } from '../support/docker-chains.ts'
import { HOST6, internet } from '../support/internet.ts'
import { bareNamespace } from '../support/namespace.ts'
import { createNat, missingOf, natState, removeAll, removeNat } from '../support/nat.ts'
import { HOST, OUT } from '../support/outside.ts'
import { dockerId } from '../support/plugin-call.ts'
import { tool, toolIn } from '../support/tool.ts'
import { withoutNft } from '../support/without-nft.ts'

const signal = new AbortController().signal
const HERE = `/proc/${String(process.pid)}/ns/net`
const words = (digit: string, subnet: readonly string[]): NetworkWords => ({
  ...{ name: digit.repeat(12), id: dockerId(digit), owner: 'plugin', bridge: 'bn0', mode: 'nat' },
  ...{ vlan: digit === 'b' ? '7' : '8', subnet },
})
const BLUE = words('b', ['10.3.0.0/24', 'fd03::/64'])
const RED = words('c', ['10.4.0.0/24', 'fd04::/64'])
const wish = (port: number, hostPort: number, more: Partial<PortWish> = {}): PortWish => ({
  ...{ protocol: 'tcp', port, hostIp: '', hostPort, hostPortEnd: hostPort },
  ...more,
})

async function carriedOut<T extends object>(prepare: Promise<Prepared<T>>): Promise<T> {
  const { plan, result } = await prepare
  if (plan !== undefined) await runPlan(plan, signal, nobody)
  return result
}

/** An endpoint whose link is in a namespace, as Docker puts it there. */
async function endpoint({ network: name, sides }: Gateway, digit: string, ...addresses: readonly string[]) {
  using host = openHost()
  const [id, network] = [dockerId(digit), await networkNamed(host, name)]
  const all = addresses.map((text) => parseHostCidr(text, 'address'))
  await carriedOut(createEndpoint(host, { network, id, addresses: all, mac: undefined }))
  const namespace = bareNamespace()
  const { far } = linksOf(id)
  tool('ip', 'link', 'set', 'dev', far, 'netns', namespace.name, 'name', 'eth0')
  const inside = (...args: string[]): string => toolIn(namespace.path, 'ip', ...args)
  for (const text of addresses) inside('address', 'add', text, 'dev', 'eth0', ...(text.includes(':') ? ['nodad'] : []))
  for (const link of ['lo', 'eth0']) inside('link', 'set', link, 'up')
  for (const { family, ip } of sides)
    if (addresses.some((text) => text.includes(':') === (family === 6)))
      inside(`-${String(family)}`, 'route', 'add', 'default', 'via', ip)
  return {
    ...{ id, path: namespace.path, port: linksOf(id).port },
    async [Symbol.asyncDispose]() {
      using again = openHost()
      await carriedOut(removeEndpoint(again, id))
      namespace[Symbol.dispose]()
    },
  }
}

async function publish({ network: name }: Gateway, id: string, ...wishes: readonly PortWish[]) {
  using host = openHost()
  const found = await findEndpoint(host, id)
  assert.ok(found)
  return await carriedOut(publishPorts(host, await networkNamed(host, name), found, wishes))
}

async function revoke(id: string) {
  using host = openHost()
  const found = await findEndpoint(host, id)
  assert.ok(found)
  return await carriedOut(revokePorts(host, found))
}

const localnet = (link: string): string => readFileSync(`/proc/sys/net/ipv4/conf/${link}/route_localnet`, 'utf8').trim()
const ports = ({ port }: { readonly port: string }): string =>
  tool('ovs-vsctl', '--if-exists', 'get', 'Interface', port, 'external_ids:ovsd_ports').trim()

for (const firewall of ['nftables', 'iptables'] as const)
  describe(`published ports with ${firewall}`, function () {
    // Chains that iptables has made once stay, empty.
    after(() => tool('nft', 'flush', 'ruleset'))
    this.timeout(180_000)
    let hidden: Disposable | undefined
    const hide = (): void => {
      hidden = firewall === 'iptables' ? withoutNft() : undefined
    }
    const unhide = (): void => {
      hidden?.[Symbol.dispose]()
      hidden = undefined
    }
    afterEach(async () => {
      await removeAll()
      unhide()
    })
    /** The host, compared with nft at hand; what iptables has made once stays, empty. */
    const state = (): unknown => {
      unhide()
      if (firewall === 'iptables') {
        assert.doesNotMatch(tool('iptables-save') + tool('ip6tables-save'), /OVSD|ovsd/)
        tool('nft', 'flush', 'ruleset')
      }
      const seen = natState()
      hide()
      return seen
    }

    it('are reached from outside, by the host, by 127.0.0.1 and by containers; and by nothing when they are gone', async () => {
      using net = internet()
      const before = state()
      const [blue, red] = [await createNat(BLUE), await createNat(RED)]
      const clean = await missingOf(blue.network)
      assert.deepEqual(clean, [])
      {
        await using a = await endpoint(blue, '1', '10.3.0.2/24', 'fd03::2/64')
        await using b = await endpoint(blue, '2', '10.3.0.3/24', 'fd03::3/64')
        await using c = await endpoint(red, '3', '10.4.0.2/24', 'fd04::2/64')
        await using _web = await answers(a.path, 'web', 80)
        for (const from of [net.path, HERE, b.path]) assert.match(asks(from, 'tcp', HOST, 8080), /^(ECONNREFUSED)?$/)
        const both = [wish(80, 8080), wish(80, 8080, { protocol: 'udp' })]
        assert.deepEqual((await publish(blue, a.id, ...both)).ports, [
          { protocol: 'tcp', port: 80, hostIp: '', hostPort: 8080 },
          { protocol: 'udp', port: 80, hostIp: '', hostPort: 8080 },
        ])
        assert.equal((await publish(blue, a.id, ...both)).status, 'unchanged')
        assert.deepEqual(await missingOf(blue.network), [])
        assert.deepEqual(await missingOf(red.network), [])
        for (const protocol of ['tcp', 'udp'] as const) {
          // Who asks from outside is seen as himself.
          assert.equal(asks(net.path, protocol, HOST, 8080), `web ${OUT}`, protocol)
          assert.equal(asks(net.path, protocol, HOST6, 8080), 'web 2001:db8::9', protocol)
          assert.equal(asks(HERE, protocol, HOST, 8080), `web ${HOST}`, protocol)
          assert.match(asks(HERE, protocol, HOST6, 8080), /^web /, protocol)
          for (const ip of ['127.0.0.1', '127.0.0.9']) assert.equal(asks(HERE, protocol, ip, 8080), 'web 10.3.0.1', ip)
          // Of the same network, itself, and of another one.
          assert.equal(asks(b.path, protocol, HOST, 8080), 'web 10.3.0.1', protocol)
          assert.equal(asks(b.path, protocol, HOST6, 8080), 'web fd03::1', protocol)
          assert.equal(asks(b.path, protocol, '10.3.0.1', 8080), 'web 10.3.0.1', protocol)
          assert.equal(asks(a.path, protocol, HOST, 8080), 'web 10.3.0.1', protocol)
          assert.equal(asks(c.path, protocol, HOST, 8080), 'web 10.4.0.2', protocol)
          assert.equal(asks(c.path, protocol, HOST6, 8080), 'web fd04::2', protocol)
        }
        assert.equal(asks(HERE, 'tcp', '::1', 8080), 'ECONNREFUSED')
        // What is not published is not reached, nor past the host's address.
        toolIn(net.path, 'ip', 'route', 'add', '10.3.0.0/24', 'via', HOST)
        for (const [from, ip, port] of [
          [net.path, '10.3.0.2', 80],
          [c.path, '10.3.0.2', 80],
        ] as const)
          assert.equal(asks(from, 'tcp', ip, port), '')
        assert.equal(asks(net.path, 'tcp', HOST, 80), 'ECONNREFUSED')
        await revoke(a.id)
        assert.equal(localnet(blue.link), '0')
        assert.equal(ports(a), '')
        assert.deepEqual(await missingOf(blue.network), [])
        for (const from of [net.path, HERE, b.path, c.path]) assert.equal(asks(from, 'tcp', HOST, 8080), 'ECONNREFUSED')
        // With the endpoint everything goes that Docker forgot to end.
        await publish(blue, a.id, wish(80, 8080))
        assert.equal(localnet(blue.link), '1')
      }
      assert.deepEqual(await missingOf(blue.network), [])
      assert.equal(localnet(blue.link), '0')
      for (const one of [blue, red]) await removeNat(one.network)
      assert.deepEqual(state(), before)
    })

    it('at one address are at no other; and 127.0.0.1 of the host stays closed to containers', async () => {
      using net = internet()
      hide()
      const blue = await createNat(BLUE)
      await using a = await endpoint(blue, '1', '10.3.0.2/24', 'fd03::2/64')
      await using b = await endpoint(blue, '2', '10.3.0.3/24', 'fd03::3/64')
      await using _web = await answers(a.path, 'web', 80)
      await using _secret = await answers(HERE, 'secret', 9999)
      await publish(
        ...([blue, a.id] as const),
        wish(80, 8081, { hostIp: '127.0.0.1' }),
        wish(80, 8082, { hostIp: HOST }),
        wish(80, 8083, { hostIp: HOST6 }),
        wish(80, 8084, { hostIp: '0.0.0.0' }),
        wish(80, 8085, { hostIp: '::' }),
      )
      for (const [from, ip, port, answer] of [
        [HERE, '127.0.0.1', 8081, 'web 10.3.0.1'],
        [HERE, HOST, 8081, 'ECONNREFUSED'],
        [net.path, HOST, 8081, 'ECONNREFUSED'],
        [net.path, HOST, 8082, `web ${OUT}`],
        [b.path, HOST, 8082, 'web 10.3.0.1'],
        [HERE, '127.0.0.1', 8082, 'ECONNREFUSED'],
        [b.path, '10.3.0.1', 8082, 'ECONNREFUSED'],
        [net.path, HOST6, 8083, 'web 2001:db8::9'],
        [net.path, HOST, 8083, 'ECONNREFUSED'],
        [net.path, HOST, 8084, `web ${OUT}`],
        [net.path, HOST6, 8084, 'ECONNREFUSED'],
        [net.path, HOST6, 8085, 'web 2001:db8::9'],
        [net.path, HOST, 8085, 'ECONNREFUSED'],
      ] as const)
        assert.equal(asks(from, 'tcp', ip, port), answer, `${ip}:${String(port)} from ${from}`)
      // CVE-2020-8558: a container sends packets for 127.0.0.1 to the host, and for what is published there alone.
      assert.equal(localnet(blue.link), '1')
      toolIn(b.path, 'ip', 'address', 'del', '127.0.0.1/8', 'dev', 'lo')
      toolIn(b.path, 'sysctl', '-qw', 'net.ipv4.conf.eth0.route_localnet=1')
      toolIn(b.path, 'ip', 'route', 'add', '127.0.0.1', 'via', '10.3.0.1', 'src', '10.3.0.3')
      assert.equal(asks(HERE, 'tcp', '127.0.0.1', 9999), 'secret 127.0.0.1')
      for (const protocol of ['tcp', 'udp'] as const)
        for (const port of [9999, 8081, 8084]) assert.equal(asks(b.path, protocol, '127.0.0.1', port), '', String(port))
      if (firewall === 'nftables') tool('nft', 'flush', 'chain', 'inet', 'ovsd_nat', 'entering')
      else tool('iptables', '-F', 'OVSD-NAT-IN')
      assert.equal(asks(b.path, 'tcp', '127.0.0.1', 9999), 'secret 10.3.0.3', 'it is this rule that stops it')
    })

    it('come back when the firewall was emptied, and pass where others drop what is forwarded', async () => {
      using net = internet()
      using _chains = dockerChains()
      // The chains go by nft, too.
      using _hidden = { [Symbol.dispose]: unhide }
      hide()
      const blue = await createNat(BLUE)
      const before = tool('iptables', '-S', 'DOCKER-USER')
      {
        await using a = await endpoint(blue, '1', '10.3.0.2/24', 'fd03::2/64')
        await using _web = await answers(a.path, 'web', 80)
        await publish(blue, a.id, wish(80, 8080), wish(80, 8080, { protocol: 'udp' }))
        const works = (): void => {
          assert.deepEqual(missing, [])
          for (const protocol of ['tcp', 'udp'] as const) {
            assert.equal(asks(net.path, protocol, HOST, 8080), `web ${OUT}`)
            assert.equal(asks(net.path, protocol, HOST6, 8080), 'web 2001:db8::9')
          }
          assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080), 'web 10.3.0.1')
        }
        let missing = await missingOf(blue.network)
        works()
        const spoiled: readonly (() => void)[] = [
          () => tool('sysctl', '-qw', `net/ipv4/conf/${blue.link}/route_localnet=0`),
          () => {
            for (const name of ['iptables', 'ip6tables']) {
              tool(name, '-F', 'DOCKER-USER')
              tool(name, '-A', 'DOCKER-USER', '-j', 'RETURN')
            }
          },
          ...(firewall === 'nftables'
            ? [
                () => tool('nft', 'delete', 'table', 'inet', 'ovsd_nat'),
                () => tool('nft', 'flush', 'chain', 'inet', 'ovsd_nat', 'published'),
              ]
            : [
                () => tool('iptables', '-t', 'nat', '-F'),
                () => tool('iptables', '-t', 'nat', '-D', 'PREROUTING', '-j', 'OVSD-NAT-ARRIVING'),
              ]),
        ]
        for (const spoil of spoiled) {
          spoil()
          assert.notDeepEqual(await missingOf(blue.network), [])
          await createNat({ ...BLUE }, { mayExist: true })
          missing = await missingOf(blue.network)
          works()
        }
      }
      assert.equal(tool('iptables', '-S', 'DOCKER-USER'), before)
    })

    it('are the first comer’s: another endpoint, and a program of the host, are told who has them', async () => {
      hide()
      const blue = await createNat(BLUE)
      await using a = await endpoint(blue, '1', '10.3.0.2/24')
      await using b = await endpoint(blue, '2', '10.3.0.3/24')
      const refused = (code: string, text: RegExp) => (error: unknown) => {
        assert.equal((error as { code?: string }).code, code)
        assert.match((error as Error).message, text)
        return true
      }
      await publish(blue, a.id, wish(80, 8080))
      const inUse = /TCP port 8080 of the host is taken: endpoint 111111111111 in b{12} has published it/
      for (const hostIp of ['', '0.0.0.0', '127.0.0.1'])
        await assert.rejects(publish(blue, b.id, wish(80, 8080, { hostIp })), refused('HostPortInUse', inUse))
      await publish(blue, b.id, wish(80, 8080, { protocol: 'udp' }))
      {
        await using _other = await answers(HERE, 'other', 8090)
        const listens = /port 8090 of the host is taken: node\S* \(process \d+\) of the host is there/
        for (const protocol of ['tcp', 'udp'] as const)
          await assert.rejects(publish(blue, b.id, wish(80, 8090, { protocol })), refused('HostPortInUse', listens))
        // Of a range the first that is free.
        const [one] = (await publish(blue, b.id, wish(80, 8090, { hostPortEnd: 8092 }))).ports
        assert.equal(one?.hostPort, 8091)
      }
      assert.equal((await publish(blue, b.id, wish(80, 8090, { hostPortEnd: 8092 }))).status, 'unchanged')
      const [free] = (await publish(blue, b.id, wish(80, 0))).ports
      const [from, to] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number)
      assert.ok(free && free.hostPort >= Number(from) && free.hostPort <= Number(to))
      assert.deepEqual((await publish(blue, b.id, wish(80, 0))).ports, [free])
      await assert.rejects(
        publish(blue, b.id, wish(80, 8100), wish(81, 8100)),
        refused('HostPortInUse', /asked for twice/),
      )
      await assert.rejects(
        publish(blue, b.id, wish(80, 8100, { hostIp: '192.0.2.77' })),
        refused('HostAddressMissing', /no address 192\.0\.2\.77/),
      )
      await assert.rejects(
        publish(blue, b.id, wish(80, 8100, { hostIp: '::' })),
        refused('PortsNotPublished', /no IPv6 address/),
      )
      // Nothing of what was refused is there.
      assert.deepEqual(JSON.parse(JSON.parse(ports(b)) as string), [free])
    })

    it('that are published no more lead nobody on, who has asked there before, to who has the address now', async () => {
      using net = internet()
      hide()
      const blue = await createNat(BLUE)
      const ask = (port = 7777): string => asks(net.path, 'udp', HOST, 8080, port)
      {
        await using a = await endpoint(blue, '1', '10.3.0.2/24')
        await using _first = await answers(a.path, 'first', 80)
        await publish(blue, a.id, wish(80, 8080, { protocol: 'udp' }))
        assert.equal(ask(), `first ${OUT}`)
        assert.equal(ask(), `first ${OUT}`)
      }
      await using b = await endpoint(blue, '2', '10.3.0.2/24')
      await using _second = await answers(b.path, 'second', 80)
      assert.equal(ask(), '')
      assert.equal(ask(7778), '')
      await publish(blue, b.id, wish(80, 8080, { protocol: 'udp' }))
      assert.equal(ask(), `second ${OUT}`)
    })

    it('the step: done after apply, undone as before, also without apply', async () => {
      hide()
      using host = openHost()
      const blue = await createNat(BLUE)
      await using a = await endpoint(blue, '1', '10.3.0.2/24', 'fd03::2/64')
      const rules = (): string =>
        firewall === 'nftables'
          ? tool('nft', '--stateless', 'list', 'table', 'inet', 'ovsd_nat')
          : [tool('iptables-save'), tool('ip6tables-save')].join('').replace(/^#.*|\[\d+:\d+\]/gm, '')
      const seen = (): unknown => [rules(), localnet(blue.link), ports(a)]
      const before = seen()
      const after = [{ protocol: 'tcp', port: 80, hostIp: '', hostPort: 8080 }] as const
      const wished = { ...(await natOfHost(host)), ports: { of: a.port, are: after } }
      const step = portsPublish(host, { port: a.port, before: [], after }, await lookAtNat(host, wished))
      assert.ok(step.commands().length >= 3)
      assert.equal(await step.isDone(signal), false)
      await step.undo(signal)
      assert.deepEqual(seen(), before)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      assert.equal(localnet(blue.link), '1')
      assert.match(rules(), /8080/)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      await step.undo(signal)
      assert.equal(await step.isDone(signal), false)
      assert.deepEqual(seen(), before)
    })
  })
