// `ovsd check` of containers: networks of the host, of Docker by the driver, and on OVN, with what joins and parts them.
import { strict as assert } from 'node:assert'
import { container, type TestContainer } from '../support/containers.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { comesTrue } from '../support/ovn.ts'
import { tool } from '../support/tool.ts'
import { plugin, type Watcher } from '../support/watch.ts'

interface Answer {
  readonly holds: boolean
  readonly expectations: readonly {
    readonly from: string
    readonly to: string
    readonly expected: string
    readonly status: string
    readonly why: string
    readonly said: string
    readonly fix: readonly string[]
  }[]
}

const check = (): Answer => JSON.parse(ovsd(['check', '--json']).stdout) as Answer
const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args).trim()
const portOf = ({ id }: TestContainer): string =>
  vsctl('--bare', '--columns=name', 'find', 'Interface', `external_ids:ovsd_id=${id}`)

/** `name>name` of what is expected, with why. */
function expected(answer: Answer, names: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const called = (name: string): string => names.get(name) ?? name
  return Object.fromEntries(
    answer.expectations.map(({ from, to, expected: what, why }) => [
      `${called(from)}>${called(to)}`,
      `${what}: ${why}`,
    ]),
  )
}

const wrong = ({ expectations }: Answer): readonly string[] =>
  expectations.filter(({ status }) => status !== 'holds').map(({ status, said }) => `${status}: ${said}`)

describe('check, on hosts with an engine and the driver', function () {
  this.timeout(120_000)
  let driver: Watcher
  const made: TestContainer[] = []
  before(async () => {
    driver = await plugin()
  })
  after(() => driver.stop('SIGTERM'))
  afterEach(() => {
    for (const one of made.splice(0)) one[Symbol.dispose]()
    for (const name of ['red', 'blue', 'green', 'grey']) ovsd(['net', 'rm', name, '--force'])
    tool('sh', '-c', 'docker network rm dock >/dev/null 2>&1 || true')
    ovsd(['gc'])
  })

  it('nat networks of two tenants, and of one; and a network of Docker', async () => {
    ok('net', 'create', 'red', '--subnet=10.31.0.0/24', '--tenant=acme')
    ok('net', 'create', 'green', '--subnet=10.32.0.0/24', '--tenant=acme')
    ok('net', 'create', 'blue', '--subnet=10.33.0.0/24', '--tenant=zeta')
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.34.0.0/24', '--opt=vlan=34', 'dock')
    const [red, green, blue] = [container(), container(), container()]
    const [one, two] = [container('--network=dock'), container('--network=dock')]
    made.push(red, green, blue, one, two)
    for (const [net, who] of [
      ['red', red],
      ['green', green],
      ['blue', blue],
    ] as const)
      ok('net', 'connect', net, who.name)
    await comesTrue(() => Promise.resolve(portOf(two) !== ''), 'the driver knows whose ports they are')
    const names = new Map([
      [red.name, 'red'],
      [green.name, 'green'],
      [blue.name, 'blue'],
      [one.name, 'one'],
      [two.name, 'two'],
    ])
    const answer = check()
    assert.deepEqual(wrong(answer), [])
    const all = expected(answer, names)
    assert.equal(all['red>green'], 'reach: the host forwards between networks of the tenant acme')
    assert.equal(all['red>blue'], 'deny: the tenant acme and the tenant zeta are kept apart')
    assert.equal(all['one>two'], 'reach: both are in the network dock')
    assert.equal(all['two>blue'], 'deny: what is of no tenant and the tenant zeta are kept apart')
    assert.equal(Object.keys(all).length, 20)

    // Somebody moves one into the VLAN of another tenant.
    vsctl('set', 'Port', portOf(one), `tag=${vsctl('get', 'Port', portOf(blue), 'tag')}`)
    const moved = check()
    assert.ok(wrong(moved).some((said) => /violated: .* are both in VLAN \d+ of ovsbr0/.test(said)))
    // One line of what it says to type mends all of it.
    const lines = [...new Set(moved.expectations.flatMap(({ fix }) => fix))]
    const line = `ovs-vsctl set Port ${portOf(one)} tag=34 vlan_mode=access`
    assert.ok(lines.includes(line), lines.join('\n'))
    tool('sh', '-c', line)
    assert.deepEqual(wrong(check()), [])
  })

  it('who cannot be looked at is told of: without an engine, and restarted; paused and stopped', () => {
    ok('net', 'create', 'red', '--mode=l2', '--subnet=10.31.0.0/24')
    const [one, two, three] = [container(), container(), container()]
    made.push(one, two, three)
    for (const who of [one, two, three]) ok('net', 'connect', 'red', who.name)
    assert.deepEqual(wrong(check()), [])
    const blind = JSON.parse(ovsd(['check', '--json', '--docker=unix:///run/none.sock']).stdout) as Answer
    assert.deepEqual(
      [blind.holds, blind.expectations.map(({ status }) => status)],
      [false, ['unproven', 'unproven', 'unproven']],
    )
    tool('docker', 'stop', '--time=0', three.name)
    assert.deepEqual(wrong(check()), [])
    tool('docker', 'restart', '--time=0', two.name)
    const [said, ...more] = wrong(check())
    assert.deepEqual(more, [])
    assert.match(said ?? '', /^unproven: Nobody can say whom .* reaches: its container was restarted, and its port/)
  })

  it('a router that answers for others, and passes it on, is no wall', async () => {
    ok(
      'net',
      'create',
      'red',
      '--mode=l2',
      '--vlan=10',
      '--subnet=10.31.0.0/24',
      '--ip-range=10.31.0.0/26',
      '--tenant=acme',
    )
    ok(
      'net',
      'create',
      'blue',
      '--mode=l2',
      '--vlan=20',
      '--subnet=10.31.0.0/24',
      '--ip-range=10.31.0.128/26',
      '--tenant=zeta',
    )
    const [red, blue] = [container(), container()]
    made.push(red, blue)
    ok('net', 'connect', 'red', red.name)
    ok('net', 'connect', 'blue', blue.name)
    assert.deepEqual(wrong(check()), [])
    const addressOf = (one: TestContainer): string =>
      tool('docker', 'exec', one.name, 'ip', '-4', '-o', 'addr', 'show', 'eth1').split(/\s+/)[3]?.replace(/\/.*/, '') ??
      ''
    for (const [link, tag, own] of [
      ['svi10', '10', red],
      ['svi20', '20', blue],
    ] as const) {
      const columns = ['--', 'set', 'Interface', link, 'type=internal']
      vsctl('add-port', 'ovsbr0', link, `tag=${tag}`, ...columns)
      tool('ip', 'link', 'set', link, 'up')
      tool('ip', 'route', 'add', addressOf(own), 'dev', link)
      tool('sysctl', '-qw', `net.ipv4.conf.${link}.proxy_arp=1`, `net.ipv4.conf.${link}.rp_filter=0`)
    }
    const before = ['net.ipv4.ip_forward', 'net.ipv4.conf.all.rp_filter'].map(
      (name) => `${name}=${tool('sysctl', '-n', name).trim()}`,
    )
    tool('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0')
    try {
      const pings = `docker exec ${red.name} ping -c1 -W1 ${addressOf(blue)} >/dev/null 2>&1 && echo yes || true`
      await comesTrue(() => Promise.resolve(tool('sh', '-c', pings) !== ''), 'the router answers for the other one')
      const said = wrong(check())
      assert.equal(said.length, 2, said.join('\n'))
      assert.ok(
        said.every((text) => /^violated: \S+ reaches \S+: icmp /.test(text)),
        said.join('\n'),
      )
    } finally {
      tool('sysctl', '-qw', ...before)
      for (const link of ['svi10', 'svi20']) vsctl('del-port', 'ovsbr0', link)
    }
  })

  it('that the host forwards between tenants after all', () => {
    ok('net', 'create', 'red', '--subnet=10.31.0.0/24', '--tenant=acme')
    ok('net', 'create', 'blue', '--subnet=10.33.0.0/24', '--tenant=zeta')
    const [red, blue] = [container(), container()]
    made.push(red, blue)
    ok('net', 'connect', 'red', red.name)
    ok('net', 'connect', 'blue', blue.name)
    assert.deepEqual(wrong(check()), [])
    // Only ovsd's: the engine has rules of its own there.
    tool('nft', 'delete', 'table', 'inet', 'ovsd_nat')
    assert.deepEqual(
      wrong(check()).map((said) => said.replaceAll(red.name, 'red').replaceAll(blue.name, 'blue')),
      [
        'violated: red reaches blue: icmp from 10.31.0.2 (eth1) to 10.33.0.2 by 10.31.0.1 is answered.',
        'violated: blue reaches red: icmp from 10.33.0.2 (eth1) to 10.31.0.2 by 10.33.0.1 is answered.',
      ],
    )
  })
})

describe('check, on hosts with OVN', function () {
  this.timeout(120_000)
  const made: TestContainer[] = []
  before(() => {
    tool('ip', 'link', 'add', 'under0', 'type', 'veth', 'peer', 'name', 'under1')
    tool('ip', 'address', 'add', '198.51.100.1/24', 'dev', 'under0')
    for (const link of ['under0', 'under1']) tool('ip', 'link', 'set', link, 'up')
    ok('ovn', 'bootstrap', '--central=local', '--encap-ip=198.51.100.1')
  })
  after(() => {
    for (const one of made.splice(0)) one[Symbol.dispose]()
    for (const name of ['red', 'blue', 'grey', 'other']) ovsd(['net', 'rm', name, '--force'])
    ovsd(['gc'])
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    tool('ip', 'link', 'del', 'under0')
  })

  it('what a router joins is open, what nothing joins is not, and equal subnets of two tenants are apart', () => {
    const acme = ['--tenant=acme', '--router=vpc-acme']
    ok('net', 'create', 'red', '--switch=ls-red', '--subnet=10.41.0.0/24', ...acme)
    ok('net', 'create', 'blue', '--switch=ls-blue', '--subnet=10.42.0.0/24', ...acme)
    ok('net', 'create', 'grey', '--switch=ls-grey', '--subnet=10.41.0.0/24', '--tenant=zeta')
    const names = new Map<string, string>()
    for (const net of ['red', 'red', 'blue', 'grey', 'grey']) {
      const one = container()
      made.push(one)
      names.set(one.name, `${net}${String(made.length)}`)
      ok('net', 'connect', net, one.name)
    }
    const answer = check()
    assert.deepEqual(wrong(answer), [])
    const all = expected(answer, names)
    assert.equal(Object.keys(all).length, 20)
    assert.equal(all['red1>blue3'], 'reach: the router vpc-acme joins the network red and the network blue')
    assert.equal(all['red1>grey4'], 'deny: the tenant acme and the tenant zeta are kept apart')
    assert.equal(all['grey4>grey5'], 'reach: both are in the network grey')

    const { said = '' } =
      answer.expectations.find(({ from, to }) => names.get(from) === 'blue3' && names.get(to) === 'grey4') ?? {}
    assert.match(said, /10\.41\.0\.2 is also the address of another one, which answers to \S+ in its place: /)

    // A second router of somebody's leads into grey, whose own one does not lead back.
    const vpc = ['lrp-add', 'vpc-acme', 'rogue', '02:00:00:00:09:09', '10.49.0.254/24']
    const grey = [
      'net',
      'create',
      'other',
      '--switch=ls-other',
      '--subnet=10.49.0.0/24',
      '--tenant=zeta',
      '--router=vpc-zeta',
    ]
    ok(...grey)
    const other = container()
    made.push(other)
    names.set(other.name, 'other')
    ok('net', 'connect', 'other', other.name)
    assert.deepEqual(wrong(check()), [])
    const into = ['lsp-add', 'ls-other', 'rogue-p', '--', 'lsp-set-type', 'rogue-p', 'router', '--']
    const port = ['lsp-set-addresses', 'rogue-p', 'router', '--', 'lsp-set-options', 'rogue-p', 'router-port=rogue']
    tool('ovn-nbctl', '--wait=hv', ...vpc, '--', ...into, ...port)
    const oneWay = wrong(check())
    assert.ok(oneWay.length >= 3, oneWay.join('\n'))
    assert.ok(
      oneWay.every(
        (said) => said.startsWith(`violated: What `) && said.includes(` sends to ${other.name} by icmp gets there`),
      ),
      oneWay.join('\n'),
    )
    tool('ovn-nbctl', '--wait=hv', 'lrp-del', 'rogue', '--', 'lsp-del', 'rogue-p')

    // A rule of somebody's between two that should reach each other.
    const drop = ['to-lport', '1001', 'ip4.dst == 10.42.0.0/24 && icmp', 'drop']
    tool('ovn-nbctl', '--wait=hv', 'acl-add', 'ls-blue', ...drop)
    assert.deepEqual(
      wrong(check()).map((said) => said.slice(0, 9)),
      ['violated:', 'violated:', 'violated:', 'violated:'],
    )
    tool('ovn-nbctl', '--wait=hv', 'acl-del', 'ls-blue')
  })
})
