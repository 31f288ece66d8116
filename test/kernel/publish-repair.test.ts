// Published ports on a real host: whose they are, what becomes of them when rules are taken away, and the step.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { openHost } from '../../src/lib/host.ts'
import { lookAtNat } from '../../src/lib/network/nat.ts'
import { natOfHost } from '../../src/lib/plan/steps/nat-rules.ts'
import { portsForget } from '../../src/lib/plan/steps/ports-forget.ts'
import { portsPublish } from '../../src/lib/plan/steps/ports-publish.ts'
import { answers, asks } from '../support/asking.ts'
import { dockerChains } from '../support/docker-chains.ts'
import { HOST6, internet } from '../support/internet.ts'
import { createNat, missingOf } from '../support/nat.ts'
import { HOST, OUT } from '../support/outside.ts'
import { BLUE, eachFirewall, endpoint, HERE, localnet, ports, publish, wish } from '../support/publishing.ts'
import { tool } from '../support/tool.ts'

const signal = new AbortController().signal

eachFirewall('published ports, kept,', ({ firewall, hide, unhide }) => {
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

  it('the step for ports whose rows are gone: takes their rules away, and only when it is applied', async () => {
    hide()
    using host = openHost()
    const blue = await createNat(BLUE)
    await using a = await endpoint(blue, '1', '10.3.0.2/24')
    await using b = await endpoint(blue, '2', '10.3.0.3/24')
    await publish(blue, a.id, wish(80, 8080))
    await publish(blue, b.id, wish(80, 8081))
    tool('ovs-vsctl', 'del-port', a.port)
    const step = portsForget(host, [a.port], await lookAtNat(host, await natOfHost(host)))
    assert.ok(step.commands().length > 0)
    assert.equal(await step.isDone(signal), false)
    await step.undo(signal)
    assert.equal(await step.isDone(signal), false)
    await step.apply(signal)
    assert.equal(await step.isDone(signal), true)
    const rules =
      firewall === 'nftables' ? tool('nft', 'list', 'table', 'inet', 'ovsd_nat') : tool('iptables', '-t', 'nat', '-S')
    assert.match(rules, /8081/)
    assert.doesNotMatch(rules, /8080/)
  })
})
