// Published ports on a real host, with endpoints as Docker would have them: who reaches what, and what is left afterwards.
import { strict as assert } from 'node:assert'
import { answers, asks } from '../support/asking.ts'
import { HOST6, internet } from '../support/internet.ts'
import { createNat, missingOf, removeNat } from '../support/nat.ts'
import { HOST, OUT } from '../support/outside.ts'
import {
  BLUE,
  eachFirewall,
  endpoint,
  HERE,
  localnet,
  ports,
  publish,
  RED,
  revoke,
  wish,
} from '../support/publishing.ts'
import { tool, toolIn } from '../support/tool.ts'

eachFirewall('published ports', ({ firewall, hide, state }) => {
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

  it('of one IP version each are not in each other’s way: a container may be in a network of each', async () => {
    using net = internet()
    hide()
    const [blue, red] = [await createNat(BLUE), await createNat(RED)]
    await using four = await endpoint(blue, '1', '10.3.0.2/24')
    await using six = await endpoint(red, '2', 'fd04::2/64')
    await using both = await endpoint(red, '3', '10.4.0.3/24', 'fd04::3/64')
    await using _four = await answers(four.path, 'four', 80)
    await using _six = await answers(six.path, 'six', 80)
    await publish(blue, four.id, wish(80, 8080))
    await publish(red, six.id, wish(80, 8080))
    assert.equal(asks(net.path, 'tcp', HOST, 8080), `four ${OUT}`)
    assert.equal(asks(net.path, 'tcp', HOST6, 8080), 'six 2001:db8::9')
    const taken = /TCP port 8080 of the host is taken: endpoint (1{12} in b{12}|2{12} in c{12}) has published it/
    await assert.rejects(publish(red, both.id, wish(80, 8080)), taken)
    await revoke(four.id)
    assert.equal(asks(net.path, 'tcp', HOST, 8080), 'ECONNREFUSED')
    await assert.rejects(publish(red, both.id, wish(80, 8080)), /endpoint 222222222222 in c{12} has published it/)
    await publish(red, both.id, wish(80, 8080, { hostIp: '0.0.0.0' }))
    assert.equal(asks(net.path, 'tcp', HOST6, 8080), 'six 2001:db8::9')
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
})
