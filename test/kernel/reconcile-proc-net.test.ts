// What /proc shows of a namespace, beside what ip(8) says of it.
import { strict as assert } from 'node:assert'
import { parseIp } from '../../src/lib/net/ip-address.ts'
import { defaultRouteFamilies, procHex, procNet, type ProcNet } from '../../src/lib/net/proc-net.ts'
import { execaSync } from 'execa'
import { bareNamespace } from '../support/namespace.ts'
import { sleeping, type Sleeping } from '../support/sleepers.ts'
import { toolIn } from '../support/tool.ts'

interface Address {
  readonly local: string
  readonly prefixlen: number
}

interface Route {
  readonly dst: string
  readonly gateway?: string
  readonly dev: string
}

const hex = (text: string): string => {
  const { bits, family } = parseIp(text, 'address')
  return procHex(bits, family)
}

/** The same as ip(8) has it. */
function asIpSays(netns: string): ProcNet {
  const ask = (...args: string[]): unknown => JSON.parse(toolIn(netns, 'ip', '-json', ...args) || '[]')
  const links = ask('address', 'show') as { ifname: string; addr_info: Address[] }[]
  const addresses = links.flatMap(({ ifname, addr_info: all }) => all.map((one) => ({ ...one, ifname })))
  const routes = [4, 6].flatMap((family) =>
    (ask(`-${family}`, 'route', 'show') as Route[]).map(({ dst, gateway, dev }) => {
      const none = family === 4 ? '0.0.0.0' : '::'
      const [to = '', prefix = family === 4 ? '32' : '128'] = (dst === 'default' ? `${none}/0` : dst).split('/')
      return `${hex(to)}/${prefix} ${hex(gateway ?? none)} ${dev}`
    }),
  )
  return {
    interfaces: new Set(links.map(({ ifname }) => ifname)),
    v4: new Set(addresses.filter(({ local }) => !local.includes(':')).map(({ local }) => local)),
    v6: new Set(
      addresses
        .filter(({ local }) => local.includes(':'))
        .map(({ local, prefixlen, ifname }) => `${hex(local)}/${prefixlen} ${ifname}`),
    ),
    routes: new Set(routes),
  }
}

/** Besides, /proc tells of multicast, of addresses as routes, and of routes that nobody may take. */
function assertSame(pid: number, netns: string): ProcNet {
  const said = asIpSays(netns)
  const seen = procNet(pid) ?? assert.fail('nothing is seen')
  assert.deepEqual([...seen.interfaces].sort(), [...said.interfaces].sort())
  assert.deepEqual([...seen.v4].sort(), [...said.v4].sort())
  assert.deepEqual([...seen.v6].sort(), [...said.v6].sort())
  const missing = [...said.routes].filter((route) => !seen.routes.has(route))
  assert.deepEqual(missing, [])
  const more = [...seen.routes].filter((route) => !said.routes.has(route) && route.length < 40)
  assert.deepEqual(more, [], 'IPv4 routes that ip does not know')
  return seen
}

describe('procNet', () => {
  let all: AsyncDisposableStack
  let netns: string
  let process: Sleeping

  beforeEach(async () => {
    all = new AsyncDisposableStack()
    const namespace = all.use(bareNamespace())
    netns = namespace.path
    process = all.use(await sleeping(namespace))
    ip('link add eth1 type veth peer name far1', 'link add eth1.100 type veth peer name far2', 'link set lo up')
    ip(...['eth1', 'eth1.100', 'far1', 'far2'].map((link) => `link set ${link} up`))
  })

  afterEach(() => all.disposeAsync())

  const ip = (...lines: readonly string[]): void => {
    execaSync('nsenter', [`--net=${netns}`, 'ip', '-batch', '-'], { input: lines.join('\n') })
  }

  it('sees addresses and routes of both families', () => {
    ip(
      ...['10.0.0.2/24', '10.0.1.2/16', '10.9.0.0/31', '172.16.0.5/32', '192.168.77.1/25', '255.0.0.1/30'].map(
        (address) => `address add ${address} dev eth1`,
      ),
      ...['10.0.0.9/24', '10.3.0.1/32'].map((address) => `address add ${address} dev eth1.100`),
      ...['fd00::2/64', 'fd00:1::ffff/128', '2001:db8::1/48'].map((address) => `address add ${address} dev eth1 nodad`),
      'route add default via 10.0.0.1 dev eth1',
      'route add ::/0 via fd00::1 dev eth1',
      'route add 10.7.0.0/16 via 10.0.0.254 dev eth1',
      'route add 10.8.0.1 dev eth1.100',
      'route add fd07::/48 via fd00::9 dev eth1',
      'route add fd08::1/128 dev eth1.100',
    )
    const seen = assertSame(process.pid, netns)
    assert.ok(seen.v4.has('10.9.0.0') && seen.v4.has('172.16.0.5') && !seen.v4.has('10.0.0.1'))
    assert.ok(seen.v6.has('fd000000000000000000000000000002/64 eth1'))
    assert.ok(seen.routes.has('00000000/0 0100000A eth1'))
    assert.ok(seen.routes.has(`${'0'.repeat(32)}/0 fd000000000000000000000000000001 eth1`))
  })

  it('sees what changes, and that an interface is down', () => {
    ip('address add 10.0.0.2/24 dev eth1', 'address add fd00::2/64 dev eth1 nodad')
    ip('route add default via 10.0.0.1 dev eth1')
    assertSame(process.pid, netns)
    ip('link set eth1 down')
    const down = procNet(process.pid)
    assert.deepEqual(
      [down?.interfaces.has('eth1'), [...(down?.routes ?? [])].filter((one) => one.endsWith(' eth1'))],
      [...[true, []]],
    )
    ip('link set eth1 up', 'address del 10.0.0.2/24 dev eth1')
    assert.equal(assertSame(process.pid, netns).v4.has('10.0.0.2'), false)
    ip('link del eth1')
    assert.equal(assertSame(process.pid, netns).interfaces.has('eth1'), false)
  })

  it('sees addresses of which there is a route as well, and with rules of routing', () => {
    ip('address add 10.0.0.2/24 dev eth1', 'address add 10.3.0.1/32 dev eth1', 'route add 10.3.0.1 dev eth1.100')
    assert.ok(assertSame(process.pid, netns).v4.has('10.3.0.1'))
    // The kernel then keeps local addresses in a trie of their own.
    ip('rule add from 10.0.0.0/24 table 100', 'route add default via 10.0.0.9 table 100')
    assert.ok(assertSame(process.pid, netns).v4.has('10.0.0.2'))
  })

  it('sees each of a thousand addresses among four thousand routes, in little time', () => {
    const addresses = Array.from({ length: 1000 }, (_, i) => `10.${i >> 8}.${i & 255}.${(i * 7) % 250 || 1}`)
    ip(
      ...addresses.map((address, i) => `address add ${address}/${i % 3 === 0 ? 32 : 24} dev eth1`),
      ...Array.from({ length: 4000 }, (_, i) => `route add 11.${i >> 8}.${i & 255}.0/24 dev eth1`),
    )
    const seen = assertSame(process.pid, netns)
    for (const address of addresses) assert.ok(seen.v4.has(address), address)
    const begun = performance.now()
    procNet(process.pid)
    assert.ok(performance.now() - begun < 500)
  })

  it('sees nothing any more when the process is gone', async () => {
    await process[Symbol.asyncDispose]()
    assert.equal(procNet(process.pid), undefined)
  })
})

describe('defaultRouteFamilies', () => {
  let all: AsyncDisposableStack
  let process: Sleeping

  beforeEach(async () => {
    all = new AsyncDisposableStack()
    process = all.use(await sleeping(all.use(bareNamespace())))
    ip('link add eth1 type veth peer name far1', 'link set eth1 up', 'link set far1 up', 'link set lo up')
    ip('address add 10.0.0.2/24 dev eth1', 'address add fd00::2/64 dev eth1 nodad')
  })

  afterEach(() => all.disposeAsync())

  const ip = (...lines: readonly string[]): void => {
    execaSync('nsenter', [`--net=${process.netns}`, 'ip', '-batch', '-'], { input: lines.join('\n') })
  }
  const families = (): readonly number[] => [...(defaultRouteFamilies(process.netns) ?? assert.fail())].sort()
  /** Those of which ip(8) prints one. */
  const asIpSays = (): readonly number[] =>
    [4, 6].filter((family) => toolIn(process.netns, 'ip', `-${family}`, 'route', 'show', 'default') !== '')

  const ROUTES: Readonly<Record<string, readonly number[]>> = {
    'route add default via 10.0.0.1': [4],
    'route add default dev eth1': [4],
    'route add default nexthop via 10.0.0.1 nexthop via 10.0.0.3': [4],
    'route add unreachable default': [4],
    'route add default via 10.0.0.1 metric 4294967295': [4],
    'route add ::/0 via fd00::1': [6],
    'route add ::/0 via fe80::1 dev eth1 metric 4294967295': [6],
    'route add ::/0 nexthop via fd00::1 nexthop via fd00::3': [6],
    'route add unreachable ::/0': [6],
    'route add 0.0.0.0/1 via 10.0.0.1': [],
    'route add 10.9.0.0/16 via 10.0.0.1': [],
    'route add ::/1 via fd00::1': [],
  }
  for (const [line, expected] of Object.entries(ROUTES))
    it(`sees ${line}`, () => {
      assert.deepEqual([families(), asIpSays()], [[], []])
      ip(line)
      assert.deepEqual([families(), asIpSays()], [expected, expected])
      ip(line.replace(' add ', ' del '))
      assert.deepEqual(families(), [])
    })

  it('does not tell of namespaces by other paths, nor of processes that are gone', async () => {
    assert.equal(defaultRouteFamilies('/run/netns/web'), undefined)
    const { netns } = process
    await process[Symbol.asyncDispose]()
    assert.equal(defaultRouteFamilies(netns), undefined)
  })
})
