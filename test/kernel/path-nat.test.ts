// `ovsd path` out of a nat network: the host is the router, and may be what keeps it.
import { strict as assert } from 'node:assert'
import { internet, type Internet } from '../support/internet.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { OUT } from '../support/outside.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { tool, toolIn } from '../support/tool.ts'

interface Said {
  readonly arrives: boolean | null
  readonly said: string
  readonly cause: string | null
  readonly check: string | null
  readonly fix: readonly string[]
}

const path = (...args: string[]): Said => JSON.parse(ovsd(['path', ...args, '--json']).stdout) as Said

describe('path out of a nat network', function () {
  this.timeout(60_000)
  let net: Internet
  let web: BareNamespace

  beforeEach(() => {
    net = internet()
    web = bareNamespace()
    ok('net', 'create', 'blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    ok('add-port', 'bn0', 'eth1', 'web', `--netns=${web.path}`, '--ipaddress=10.3.0.2/24', '--gateway=10.3.0.1')
  })
  afterEach(() => {
    web[Symbol.dispose]()
    net[Symbol.dispose]()
    ok('gc')
    // By the program, which takes away the copies in its store, too.
    for (const name of ['blue', 'red']) ovsd(['net', 'rm', name, '--force'])
  })

  it('gets there, and to the host', () => {
    for (const address of [OUT, '10.3.0.1']) {
      const { arrives, cause, said } = path('web', address)
      assert.deepEqual([arrives, cause], [true, null], said)
    }
  })

  for (const [name, breaks, cause, check, says] of [
    [
      'the address of the gateway is gone',
      () => tool('ip', 'address', 'flush', 'dev', 'bn0'),
      'gateway',
      'network.parts',
      /gateway of the nat network blue on this host is not whole: .*10\.3\.0\.1/,
    ],
    [
      'the link of the gateway is down',
      () => tool('ip', 'link', 'set', 'bn0', 'down'),
      'gateway',
      'network.parts',
      /is not whole: .*bn0 is down/,
    ],
    [
      'somebody has emptied the firewall',
      () => tool('nft', 'flush', 'ruleset'),
      'gateway',
      'network.parts',
      /is not whole: .*the rules of nftables are missing/,
    ],
    [
      'forwarding is turned off',
      () => tool('sysctl', '-qw', 'net.ipv4.conf.bn0.forwarding=0'),
      'gateway',
      'network.parts',
      /is not whole: .*bn0 does not forward/,
    ],
    [
      'answers go by another route',
      () => tool('ip', 'route', 'add', '10.3.0.0/25', 'via', OUT),
      'gateway',
      'network.way-back',
      /the host sends what is for 10\.3\.0\.0\/24 of the network blue by wan\d+, not by its gateway bn0/,
    ],
    [
      'the bridge waits for flows',
      () => {
        tool('ovs-vsctl', 'set-fail-mode', 'bn0', 'secure')
        tool('ovs-ofctl', 'del-flows', 'bn0')
        toolIn(web.path, 'ip', 'neighbour', 'flush', 'dev', 'eth1')
      },
      'flow',
      'bridge.fail-mode',
      /the bridge bn0 drops it: it has fail_mode secure, and no flow for that/,
    ],
    [
      'a firewall of somebody else drops what is forwarded',
      () => {
        tool('nft', 'add table ip other')
        tool('nft', 'add chain ip other onward { type filter hook forward priority 10; }')
        tool('nft', 'add rule ip other onward iifname "bn0" drop')
      },
      'firewall',
      null,
      /this host reaches 203\.0\.113\.9 by wan\d+, and what comes from web does not: a firewall of this host/,
    ],
    [
      'nobody is there, for the host either',
      () => toolIn(net.path, 'ip', 'link', 'set', 'o0', 'down'),
      'outside',
      null,
      /this host gets no answer to icmp from 203\.0\.113\.9 either, by wan\d+/,
    ],
  ] as const)
    it(`says why it does not get out: ${name}`, () => {
      try {
        breaks()
        const found = path('web', OUT)
        assert.deepEqual([found.arrives, found.cause, found.check], [false, cause, check], found.said)
        assert.match(found.said, says)
        assert.notEqual(found.fix.length, 0)
        for (const line of found.fix) tool('sh', '-c', line)
        // What doctor heals is healed by what it says to type.
        if (check === 'network.parts') assert.equal(path('web', OUT).cause, null)
      } finally {
        ovsd(['doctor', '--fix', '--yes', '--only=network.parts'])
        for (const words of ['route del 10.3.0.0/25', 'link set bn0 up'])
          tool('sh', '-c', `ip ${words} 2>/dev/null; true`)
        tool('sh', '-c', 'nft delete table ip other 2>/dev/null; true')
      }
    })

  it('says that networks are kept apart, and not those of one tenant', () => {
    using db = bareNamespace()
    const attach = (bridge: string, gateway: string) =>
      ok('add-port', bridge, 'eth1', 'db', `--netns=${db.path}`, '--ipaddress=10.4.0.2/24', `--gateway=${gateway}`)
    ok('net', 'create', 'red', '--bridge=bn1', '--subnet=10.4.0.0/24')
    attach('bn1', '10.4.0.1')
    for (const to of ['db', '10.4.0.2', '10.4.0.1']) {
      const { arrives, cause, said } = path('web', to)
      assert.deepEqual([arrives, cause], [false, 'isolated'], said)
      assert.match(said, /not of one tenant: web is in blue, and 10\.4\.0\.[12] is of red\.$/)
    }
    ok('del-port', 'bn1', 'eth1', 'db')
    for (const name of ['red', 'blue']) ok('net', 'rm', name, '--force')
    ok('net', 'create', 'blue', '--bridge=bn0', '--subnet=10.3.0.0/24', '--tenant=acme', '--vlan=3')
    ok('net', 'create', 'red', '--bridge=bn1', '--subnet=10.4.0.0/24', '--tenant=acme', '--vlan=4')
    ok(
      'add-port',
      'bn1',
      'eth1',
      'db',
      `--netns=${db.path}`,
      '--ipaddress=10.4.0.2/24',
      '--gateway=10.4.0.1',
      '--vlan=4',
    )
    ok('set-vlan', 'bn0', 'eth1', 'web', '3')
    // The gateway of the new network has another MAC than that of the old one.
    const { cause, said, fix } = path('web', 'db')
    assert.equal(cause, 'neighbour', said)
    assert.match(said, /web sends what is for 10\.3\.0\.1 to the MAC \S+, and not to \S+: an old entry/)
    for (const line of fix) tool('sh', '-c', line)
    assert.equal(path('web', 'db').arrives, true, path('web', 'db').said)
  })

  it('says that the host has no route', () => {
    const { cause, said } = path('web', '192.0.2.77')
    assert.equal(cause, 'no-host-route', said)
    assert.match(said, /this host, which is the router of web, has no route to 192\.0\.2\.77/)
  })
})
