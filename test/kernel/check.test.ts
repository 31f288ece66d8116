// `ovsd check`: who reaches whom, compared with who should.
import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../support/asking.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { errorOf, ok, ovsd } from '../support/ovsd.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool, toolIn } from '../support/tool.ts'

interface Answer {
  readonly holds: boolean
  readonly held: number
  readonly violated: number
  readonly unproven: number
  readonly expectations: readonly {
    readonly from: string
    readonly to: string
    readonly address: string | null
    readonly by: string
    readonly expected: string
    readonly status: string
    readonly cause: string | null
    readonly said: string
    readonly fix: readonly string[]
  }[]
}

const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args).trim()
const portOf = ({ path }: BareNamespace): string =>
  vsctl('--bare', '--columns=name', 'find', 'Interface', `external_ids:ovsd_netns=${path}`)

function check(...args: string[]): Answer & { readonly exit: number } {
  const { status, stdout } = ovsd(['check', ...args, '--json'])
  return { exit: status, ...(JSON.parse(stdout) as Answer) }
}

/** "web>db violated same-segment" of everything that does not hold. */
const wrong = ({ expectations }: Answer): readonly string[] =>
  expectations
    .filter(({ status }) => status !== 'holds')
    .map(({ from, to, status, cause }) => `${from}>${to} ${status} ${cause ?? ''}`.trim())

describe('check', function () {
  this.timeout(120_000)
  /** Two of each tenant, with the same addresses. */
  let made: Readonly<Record<'web' | 'db' | 'shop' | 'till', BareNamespace>>

  beforeEach(() => {
    made = { web: bareNamespace(), db: bareNamespace(), shop: bareNamespace(), till: bareNamespace() }
    vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev')
    for (const [name, tenant, vlan, last] of [
      ['web', 'acme', 7, 2],
      ['db', 'acme', 7, 3],
      ['shop', 'zeta', 8, 2],
      ['till', 'zeta', 8, 4],
    ] as const) {
      const where = [`--netns=${made[name].path}`, `--tenant=${tenant}`, `--vlan=${String(vlan)}`]
      const addresses = [`--ipaddress=10.9.0.${String(last)}/24`, `--ipaddress=fd09::${String(last)}/64`]
      ok('add-port', 'br0', 'eth1', name, ...where, ...addresses)
    }
  })
  afterEach(() => {
    for (const one of Object.values(made)) one[Symbol.dispose]()
    ok('gc')
    vsctl('--if-exists', 'del-br', 'br0')
  })

  it('of tenants with equal addresses: all holds, for both IP versions', () => {
    const answer = check()
    assert.deepEqual(wrong(answer), [])
    // Four in each tenant, sixteen between them.
    assert.deepEqual([answer.exit, answer.holds, answer.held], [0, true, 24])
    const other = answer.expectations.find(({ from, to }) => from === 'db' && to === 'shop')
    assert.ok(
      other?.said.includes('10.9.0.2 is also the address of another one, which answers to db in its place: web'),
    )
    assert.match(ok('check'), /^1 {2}db +· {2}· {2}✓$/m)
    assert.match(ok('check', '--tenants'), /^24 ways, all as they should be: 8 should be open, 16 should not\.$/m)
  })

  it('finds one that is in the VLAN of the others', () => {
    vsctl('set', 'Port', portOf(made.till), 'tag=7')
    const answer = check()
    assert.equal(answer.exit, 1)
    assert.deepEqual([...new Set(wrong(answer))].sort(), [
      'db>till violated same-segment',
      'till>db violated same-segment',
      'till>web violated same-segment',
      'web>till violated same-segment',
    ])
  })

  it('finds a trunk port among tenants', () => {
    vsctl('clear', 'Port', portOf(made.till), 'tag')
    const trunk = check().expectations.filter(({ from, status }) => from === 'till' && status === 'violated')
    assert.ok(trunk.some(({ said }) => said.includes('till has a trunk port on br0, and can send into VLAN 7 of web')))
  })

  it('does not take what is broken for what is kept apart', () => {
    toolIn(made.db.path, 'ip', 'link', 'set', 'eth1', 'down')
    const answer = check()
    assert.ok(wrong(answer).includes('web>db violated port'))
    assert.ok(wrong(answer).includes('db>shop unproven port'), wrong(answer).join())
    assert.equal(answer.exit, 1)
  })

  it('of a file: by ports, and what must not get through', async () => {
    using folder = temporaryFolder()
    const [file, report] = [join(folder.path, 'e.yaml'), join(folder.path, 'r.xml')]
    await using _server = await answers(made.db.path, 'db', 5432)
    writeFileSync(
      file,
      'reach:\n  - { from: web, to: db, by: [icmp, tcp/5432] }\ndeny:\n  - { from: "w*", to: [shop, till], by: tcp/5432 }\n',
    )
    const first = check('-f', file, `--junit=${report}`)
    assert.deepEqual([first.exit, wrong(first), first.held], [0, [], 6])
    assert.match(readFileSync(report, 'utf8'), /tests="6" failures="0"/)
    tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,tcp,tp_dst=5432,actions=drop')
    const closed = check('-f', file, `--junit=${report}`)
    assert.deepEqual([closed.exit, wrong(closed)], [1, ['web>db violated flow']])
    assert.match(readFileSync(report, 'utf8'), /failures="1"[^]*<failure message="web does not reach db by tcp\/5432/)
    // What must not, and does, by each IP version; a service that refuses has been reached.
    writeFileSync(file, 'deny:\n  - { from: web, to: db, by: [icmp, tcp/22] }\n')
    const open = ['web>db violated', 'web>db violated refused']
    assert.deepEqual(wrong(check('-f', file)), [...open, ...open])
  })

  it('a way in one direction is a way', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'e.yaml')
    writeFileSync(file, 'deny:\n  - { from: web, to: db }\n')
    // Answers are dropped, questions are not; by IPv6 nothing passes at all.
    tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,icmp,icmp_type=0,actions=drop')
    tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,icmp6,icmp_type=128,actions=drop')
    const answer = check('-f', file)
    assert.deepEqual(wrong(answer), ['web>db violated flow'])
    assert.match(answer.expectations[0]?.said ?? '', /^What web sends to db by icmp gets there, and only no answer/)
  })

  it('what a firewall refuses in the name of others has not got there; and of UDP the receiver says whether it has', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'e.yaml')
    writeFileSync(file, 'deny:\n  - { from: web, to: db, by: [tcp/80, udp/53] }\n')
    const open = ['web>db violated refused', 'web>db violated refused']
    assert.deepEqual(wrong(check('-f', file)), [...open, ...open])
    // A refusal of the sender's own kernel comes to it by lo.
    toolIn(made.web.path, 'ip', 'link', 'set', 'lo', 'up')
    const nft = (...words: string[]) => toolIn(made.web.path, 'nft', ...words)
    nft('add table inet mine; add chain inet mine out { type filter hook output priority 0; }')
    nft('add rule inet mine out meta l4proto tcp reject; add rule inet mine out meta l4proto udp drop')
    const answer = check('-f', file)
    assert.deepEqual([wrong(answer), answer.held], [[], 4])
    assert.match(answer.expectations[0]?.said ?? '', /refused in the name of db, which has got nothing of it/)
    nft('delete table inet mine')
    // Dropped on its way, where nobody says so.
    tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,udp,tp_dst=53,actions=drop')
    tool('ovs-ofctl', 'add-flow', 'br0', 'priority=100,udp6,tp_dst=53,actions=drop')
    assert.deepEqual(wrong(check('-f', file)), ['web>db violated refused', 'web>db violated refused'])
  })

  it('of interfaces: each that must not be reached is tried, and only the one that is named counts', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'e.yaml')
    // Else shop answers in VLAN 7 for the address of its other interface, which web has there, too: whoever is faster gets what db sends.
    toolIn(made.shop.path, 'sysctl', '-qw', 'net.ipv4.conf.all.arp_ignore=1')
    ok('add-port', 'br0', 'eth2', 'shop', `--netns=${made.shop.path}`, '--vlan=7', '--ipaddress=10.9.1.2/24')
    ok('add-port', 'br0', 'eth2', 'web', `--netns=${made.web.path}`, '--vlan=7', '--ipaddress=10.9.1.3/24')
    writeFileSync(file, 'deny:\n  - { from: db, to: shop, apart: segments }\n  - { from: web, to: shop }\n')
    // By its second interface web reaches shop; db has no address of that subnet, and is in its VLAN.
    const answer = check('-f', file)
    assert.deepEqual(wrong(answer), ['db>shop violated same-segment', 'web>shop violated'])
    writeFileSync(
      file,
      'reach:\n  - { from: "web:eth1", to: "shop:eth2" }\ndeny:\n  - { from: "web:eth1", to: "shop:eth2" }\n',
    )
    const bound = check('-f', file)
    assert.deepEqual(wrong(bound), ['web>shop violated other-interface'])
    assert.match(bound.expectations[0]?.said ?? '', /^web sends that by eth2, and not by eth1, which is meant\.$/)
    ok('del-port', 'br0', 'eth2', 'shop')
    ok('del-port', 'br0', 'eth2', 'web')
  })

  it('of a file that means nobody: that is no success', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'e.yaml')
    writeFileSync(file, 'deny:\n  - { from: tenant:acne, to: "x*" }\n  - { from: web, to: web }\n')
    const answer = check('-f', file)
    assert.deepEqual([answer.exit, answer.unproven, answer.holds], [1, 3, false])
    assert.match(answer.expectations[0]?.said ?? '', /line 2: no container that runs here is meant by tenant:acne/)
    writeFileSync(file, 'deny: []')
    assert.equal(errorOf(ovsd(['check', '-f', file, '--json'])).code, 'ExpectationsInvalid')
    assert.equal(errorOf(ovsd(['check', '-f', `${file}-none`, '--json'])).code, 'ExpectationsUnread')
  })

  it('what --print writes holds as a file', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'e.yaml')
    writeFileSync(file, ok('check', '--print'))
    assert.equal(ok('check', '--dry-run'), readFileSync(file, 'utf8'))
    assert.match(readFileSync(file, 'utf8'), /^ {2}- \{ from: web, to: db, by: icmp \} # both are in VLAN 7 of br0$/m)
    const answer = check('-f', file)
    assert.deepEqual([wrong(answer), answer.held, answer.exit], [[], 24, 0])
    assert.equal(ok('check', '-f', file, '--dry-run').split('\n').length, readFileSync(file, 'utf8').split('\n').length)
    // It finds what check itself finds.
    vsctl('set', 'Port', portOf(made.till), 'tag=7')
    assert.ok(wrong(check('-f', file)).includes('till>web violated same-segment'))
  })

  it('of a host that has nothing', () => {
    for (const name of ['web', 'db', 'shop', 'till']) ok('del-port', 'br0', 'eth1', name)
    assert.match(ok('check'), /^Nothing to check/)
    assert.equal(check().holds, true)
  })
})
