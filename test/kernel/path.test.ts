// `ovsd path`: one packet, and what keeps it.
import { strict as assert } from 'node:assert'
import { answers } from '../support/asking.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { tool, toolIn } from '../support/tool.ts'

interface Said {
  readonly arrives: boolean | null
  readonly said: string
  readonly cause: string | null
  readonly check: string | null
  readonly fix: readonly string[]
}

const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args).trim()
const portOf = ({ path }: BareNamespace): string =>
  vsctl('--bare', '--columns=name', 'find', 'Interface', `external_ids:ovsd_netns=${path}`)

/** What to type about these shows more, and changes nothing: what is meant only people know. */
const LOOKS_ONLY: readonly string[] = ['flow', 'no-route', 'no-way-back']

const stale = (address: string): [string, ...string[]] => [
  ...(['ip', 'neighbour', 'replace', address] as const),
  ...['lladdr', '02:00:00:00:00:99', 'dev', 'eth1', 'nud', 'permanent'],
]

function path(...args: string[]): Said & { readonly status: number } {
  const { status, stdout } = ovsd(['path', ...args, '--json'])
  return { status, ...(JSON.parse(stdout) as Said) }
}

describe('path', function () {
  this.timeout(60_000)
  let web: BareNamespace
  let db: BareNamespace

  beforeEach(() => {
    web = bareNamespace()
    db = bareNamespace()
    vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev')
    ok('add-port', 'br0', 'eth1', 'web', `--netns=${web.path}`, '--ipaddress=10.9.0.2/24', '--ipaddress=fd09::2/64')
    ok('add-port', 'br0', 'eth1', 'db', `--netns=${db.path}`, '--ipaddress=10.9.0.3/24', '--ipaddress=fd09::3/64')
  })
  afterEach(() => {
    for (const one of [web, db]) one[Symbol.dispose]()
    ok('gc')
    vsctl('--if-exists', 'del-br', 'br0')
    vsctl('--if-exists', 'del-br', 'br1')
  })

  it('gets there by ping and TCP, IPv4 and IPv6; a port without a service is refused', async () => {
    assert.deepEqual(
      { ...path('web', 'db'), said: '' },
      { ...path('web', 'db'), said: '', arrives: true, cause: null, status: 0 },
    )
    assert.match(
      path('web', 'db').said,
      /^web reaches db: icmp from 10\.9\.0\.2 \(eth1\) to 10\.9\.0\.3 is answered\.$/,
    )
    assert.equal(path('web', 'fd09::3').arrives, true)
    await using _server = await answers(db.path, 'db', 5432)
    assert.deepEqual([path('web', 'db', 'tcp/5432').arrives, path('web', '10.9.0.3', 'tcp/5432').status], [true, 0])
    const { status, arrives, cause, said } = path('web', 'db', 'tcp/5433')
    assert.deepEqual([status, arrives, cause], [1, true, 'refused'])
    assert.match(said, /^web reaches db by tcp\/5433: db answers that nothing listens on tcp\/5433\.$/)
  })

  for (const [name, breaks, cause, says] of [
    [
      'the interface of B is down',
      () => toolIn(db.path, 'ip', 'link', 'set', 'eth1', 'down'),
      'port',
      /eth1 is down inside/,
    ],
    [
      "the host's end of A is down",
      () => tool('ip', 'link', 'set', portOf(web), 'down'),
      'port',
      /host's end of the pair is down.*of web/,
    ],
    [
      'B has lost its address',
      () => toolIn(db.path, 'ip', 'address', 'flush', 'dev', 'eth1'),
      'port',
      /10\.9\.0\.3\/24.*missing on eth1/,
    ],
    [
      'B is in another VLAN',
      () => vsctl('set', 'Port', portOf(db), 'tag=20'),
      'vlan',
      /on br0 web is in no VLAN, and db in VLAN 20/,
    ],
    [
      'a flow drops it',
      () => tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,icmp,actions=drop'),
      'flow',
      /bridge br0 drops it \(table 0: /,
    ],
    [
      'A has no route',
      () => toolIn(web.path, 'ip', 'route', 'del', '10.9.0.0/24'),
      'no-route',
      /web has no route to 10\.9\.0\.3/,
    ],
    [
      'A has an old entry for B',
      () => toolIn(web.path, ...stale('10.9.0.3')),
      'neighbour',
      /web sends what is for 10\.9\.0\.3 to the MAC 02:00:00:00:00:99, and not to /,
    ],
    [
      'B has an old entry for A',
      () => toolIn(db.path, ...stale('10.9.0.2')),
      'neighbour',
      /db sends what is for 10\.9\.0\.2 to the MAC 02:00:00:00:00:99, and not to /,
    ],
    [
      'B has no route back',
      () => toolIn(db.path, 'ip', 'route', 'del', '10.9.0.0/24'),
      'no-way-back',
      /db has no route back to 10\.9\.0\.2/,
    ],
  ] as const)
    it(`says why it does not: ${name}`, () => {
      breaks()
      const found = path('web', 'db')
      assert.deepEqual([found.status, found.arrives, found.cause], [1, false, cause], found.said)
      assert.match(found.said, says)
      // What it says to type can be typed.
      for (const line of found.fix) tool('sh', '-c', line)
      if (LOOKS_ONLY.includes(cause)) return
      const mended = path('web', 'db')
      assert.equal(mended.arrives, true, `${found.fix.join('; ')}: ${mended.said}`)
    })

  it('names the interface that the kernel chooses of two on one subnet, and what to type makes it go by the other', () => {
    using other = bareNamespace()
    vsctl('add-br', 'br1', '--', 'set', 'Bridge', 'br1', 'datapath_type=netdev')
    ok('add-port', 'br1', 'eth2', 'web', `--netns=${web.path}`, '--ipaddress=10.9.0.4/24')
    ok('add-port', 'br1', 'eth1', 'app', `--netns=${other.path}`, '--ipaddress=10.9.0.9/24')
    const { cause, said, fix } = path('web', 'app')
    assert.equal(cause, 'other-interface', said)
    assert.match(
      said,
      /web sends what is for 10\.9\.0\.9 by eth1, and not by eth2, which is in the same place as app\.$/,
    )
    for (const line of fix) tool('sh', '-c', line)
    assert.equal(path('web', 'app').arrives, true)
  })

  it('tells a question from an answer, and knows connections', async () => {
    const flows = (...all: string[]) => {
      tool('ovs-ofctl', 'del-flows', 'br0')
      for (const one of all) tool('ovs-ofctl', 'add-flow', 'br0', one)
    }
    flows('priority=9,icmp,icmp_type=0,actions=drop', 'priority=1,actions=NORMAL')
    assert.match(path('web', 'db').said, /it gets there, and the bridge br0 drops the answer of db/)
    flows('priority=9,icmp,icmp_type=8,actions=drop', 'priority=1,actions=NORMAL')
    assert.match(path('web', 'db').said, /the bridge br0 drops it \(table 0: icmp,icmp_type=8/)
    // Whoever asks first may be answered, and nobody else may ask.
    const port = vsctl('get', 'Interface', portOf(web), 'ofport')
    flows(
      'priority=1,actions=NORMAL',
      'priority=9,ip,ct_state=-trk,actions=ct(table=1)',
      `table=1,priority=9,ip,ct_state=+trk+new,in_port=${port},actions=ct(commit),NORMAL`,
      'table=1,priority=9,ip,ct_state=+trk+est,actions=NORMAL',
    )
    await using _server = await answers(db.path, 'db', 5432)
    assert.equal(path('web', 'db', 'tcp/5432').arrives, true)
    assert.match(path('db', 'web').said, /the bridge br0 drops it/)
    toolIn(db.path, 'nft', 'add table ip f; add chain ip f in { type filter hook input priority 0; }')
    toolIn(db.path, 'nft', 'add rule ip f in tcp dport 5432 drop')
    const { cause, said, fix } = path('web', 'db', 'tcp/5432')
    assert.equal(cause, 'unanswered', said)
    assert.match(said, /db answers pings, but not tcp\/5432: something inside it, or before it, drops that/)
    assert.match(tool('sh', '-c', fix[0] ?? ''), /tcp dport 5432 drop/)
  })

  it('shows with --verbose what the bridge says of the packet, of one that arrives too', () => {
    assert.doesNotMatch(ok('path', 'web', 'db'), /Datapath actions/)
    assert.match(ok('path', 'web', 'db', '--verbose'), /web reaches db[\s\S]*Flow: icmp,[\s\S]*Datapath actions: \d+/)
    tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,icmp,actions=drop')
    assert.match(ovsd(['path', 'web', 'db', '-v']).stdout, /does not reach[\s\S]*Datapath actions: drop/)
  })

  for (const [name, breaks, says, check] of [
    [
      'the MTU of B is smaller',
      () => {
        toolIn(db.path, 'ip', 'link', 'set', 'eth1', 'mtu', '1400')
        tool('ip', 'link', 'set', portOf(db), 'mtu', '1400')
      },
      /those of 1500 bytes do not: eth1 of db takes 1400 bytes at most\.$/,
      null,
    ],
    [
      "the MTU of B's end on the host is smaller",
      () => tool('ip', 'link', 'set', portOf(db), 'mtu', '1300'),
      /those of 1500 bytes do not: the MTU is 1300 on the host and 1500 in the container \(.*of db\)/,
      'port.mtu',
    ],
  ] as const)
    it(`says that only small packets get there: ${name}`, () => {
      breaks()
      const found = path('web', 'db')
      assert.deepEqual([found.status, found.arrives, found.cause, found.check], [1, true, 'mtu', check], found.said)
      assert.match(found.said, says)
      for (const line of found.fix) tool('sh', '-c', line)
      assert.equal(path('web', 'db').cause, null)
    })

  it('says what to type about a router that is gone', () => {
    ok('add-port', 'br0', 'eth2', 'web', `--netns=${web.path}`, '--ipaddress=10.8.0.2/24', '--gateway=10.8.0.1')
    toolIn(web.path, 'ip', 'route', 'del', 'default')
    const { cause, check, said, fix } = path('web', '192.0.2.1')
    assert.deepEqual([cause, check], ['port', 'port.default-route'], said)
    for (const line of fix) tool('sh', '-c', line)
    assert.match(path('web', '192.0.2.1').said, /nobody on the segment of eth2 answers for the router 10\.8\.0\.1/)
  })

  it('says that an answer is dropped, and that ovs-vswitchd stands', async () => {
    await using _server = await answers(db.path, 'db', 5432)
    tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,tcp,tp_src=5432,actions=drop')
    assert.match(
      path('web', 'db', 'tcp/5432').said,
      /it gets there, and the bridge br0 drops the answer of db to web \(table 0: /,
    )
    const pid = Number(tool('cat', '/run/openvswitch/ovs-vswitchd.pid'))
    process.kill(pid, 'SIGSTOP')
    try {
      assert.equal(path('web', 'db').cause, 'switch')
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })

  it('knows checksums on userspace bridges, silent neighbours, and bridges that nothing joins', async () => {
    await using _server = await answers(db.path, 'db', 5432)
    toolIn(db.path, 'ethtool', '-K', 'eth1', 'tx', 'on')
    assert.equal(path('web', 'db', 'tcp/5432').cause, 'checksum')
    assert.match(path('web', '10.9.0.77').said, /nobody on the segment of eth1 answers for 10\.9\.0\.77/)
    ok('del-port', 'br0', 'eth1', 'db')
    vsctl('add-br', 'br1', '--', 'set', 'Bridge', 'br1', 'datapath_type=netdev')
    ok('add-port', 'br1', 'eth1', 'db', `--netns=${db.path}`, '--ipaddress=10.9.0.3/24')
    assert.match(path('web', 'db').said, /different bridges, which nothing joins: web on br0, db on br1/)
  })

  it('refuses what it cannot read, and names what is not there', () => {
    for (const words of [
      ['web', 'db', 'tcp'],
      ['web', 'db', 'tcp/0'],
      ['web', 'db', 'udp/70000'],
      ['web;', 'db'],
    ])
      assert.equal(ovsd(['path', ...words]).status, 2, words.join(' '))
  })
})
