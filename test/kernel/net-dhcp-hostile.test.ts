// What a DHCP server says is anybody's text: whatever it is, nothing of it reaches a command but what it should be.
import { strict as assert } from 'node:assert'
import { execaSync } from 'execa'
import { existsSync } from 'node:fs'
import { prepareScriptFolder } from '../../src/lib/dhcp/script-folder.ts'
import { listed } from '../support/attachments.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { dhcpServer, hex, HONEST, ipHex, seconds, SERVER, type Saying } from '../support/dhcp-server.ts'
import { alone, clientProcesses, lease } from '../support/dhcp-site.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { portsSeen } from '../support/ovs-rows.ts'
import { tool, toolIn } from '../support/tool.ts'
import { until } from '../support/until.ts'

/** What the texts below would make, were they commands: scripts of events run in this folder. */
const PWNED = '/run/ovsd/dhcp/pwned'

/** What udhcpc would set for an honest answer. */
const GOOD = { ip: '10.78.0.20', mask: '24', router: SERVER, lease: '60', serverid: SERVER }

describe('hostile DHCP servers', function () {
  this.timeout(60_000)
  let all: DisposableStack
  let bridge: TestBridge
  let inside: BareNamespace

  before(() => {
    all = new DisposableStack()
    bridge = all.use(testBridge())
    inside = all.use(bareNamespace())
    toolIn(inside.path, 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'far')
    for (const link of ['eth1', 'far']) toolIn(inside.path, 'ip', 'link', 'set', link, 'up')
    prepareScriptFolder()
  })
  beforeEach(() => {
    toolIn(inside.path, 'ip', '-4', 'address', 'flush', 'dev', 'eth1')
    toolIn(inside.path, 'ip', 'link', 'set', 'eth1', 'mtu', '1500')
    tool('ovs-vsctl', 'set', 'Interface', bridge.name, 'external_ids={ovsd_dhcp_client="1:1"}')
  })
  after(() => {
    all.dispose()
  })

  /** Runs the script of an event as udhcpc does, in the namespace, with these variables. */
  function event(name: string, says: Readonly<Record<string, string>>): void {
    const command = 'cd /run/ovsd/dhcp && exec 6</proc/1/ns/net && exec "$@"'
    execaSync('sh', ['-c', command, 'sh', 'nsenter', `--net=${inside.path}`, 'sh', name], {
      input: '',
      env: {
        ...{ OVSD_RECORD: bridge.name, OVSD_BRIDGE: bridge.name, OVSD_IFACE: 'eth1', OVSD_MTU: '1500' },
        ...{ OVSD_DB: 'unix:/run/openvswitch/db.sock', OVSD_CLIENT: '1:1', OVSD_SUPERVISOR: '4194303', ...says },
      },
      reject: false,
    })
  }

  const seen = () => {
    const { addresses, routes, mtu } = insideSeen(inside.path).get('eth1') ?? {}
    const ids = portsSeen().find(({ port }) => port === bridge.name)?.ids ?? {}
    return { addresses, routes, mtu, lease: ids['ovsd_lease'], keys: Object.keys(ids).sort() }
  }
  const NOTHING = { addresses: [], routes: [], mtu: 1500, lease: undefined, keys: ['ovsd_dhcp_client'] }

  it('an honest answer is taken by the script, so that what follows means something', () => {
    event('bound', GOOD)
    const { addresses, routes, lease: text, keys } = seen()
    assert.deepEqual([addresses, routes], [['10.78.0.20/24'], [`0.0.0.0/0,${SERVER}`]])
    assert.match(text ?? '', /^10\.78\.0\.20\/24 10\.78\.0\.1 10\.78\.0\.1 \d+$/)
    assert.deepEqual(keys, ['ovsd_dhcp_client', 'ovsd_ip.10.78.0.20', 'ovsd_lease'])
    event('deconfig', {})
    assert.deepEqual(seen(), NOTHING)
  })

  const injected = (join_: string): readonly string[] => [
    `10.78.0.20${join_}touch pwned`,
    `$(touch pwned)`,
    '`touch pwned`',
    `10.78.0.20'${join_}touch pwned${join_}'`,
    `10.78.0.20"${join_}touch pwned${join_}"`,
  ]
  const ADDRESSES = [
    ...['', '0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['10.78.0', '10.78.0.20.1', '10.78.0.256', '300.1.1.1', '1000.1.1.1', '010.78.0.20', '10.078.0.20', '10..0.20'],
    ...['.10.78.0.20', '10.78.0.20.', '10.78.0.20/8', '10.78.0.20 dev lo', '10.78.0.20\nroute add default dev eth1'],
    ...[
      'fe80::1',
      'web',
      '-1.2.3.4',
      '--',
      '*',
      '10.78.0.20 -- --all destroy Port',
      ...injected(';'),
      ...injected('\n'),
    ],
  ]
  for (const ip of ADDRESSES)
    it(`address ${JSON.stringify(ip)}: no lease`, () => {
      event('bound', { ...GOOD, ip })
      assert.deepEqual(seen(), NOTHING)
      assert.ok(!existsSync(PWNED))
    })

  for (const mask of [
    '0',
    '1',
    '7',
    '33',
    '024',
    '-24',
    '24;touch pwned',
    '255.255.255.0',
    '2 4',
    '99999999999999999999',
  ])
    it(`prefix length ${JSON.stringify(mask)}: no lease`, () => {
      event('bound', { ...GOOD, mask })
      assert.deepEqual(seen(), NOTHING)
      assert.ok(!existsSync(PWNED))
    })

  for (const text of ['', '0', '-1', '1e9', '60;touch pwned', '$(touch pwned)', '99999999999', '060'])
    it(`time ${JSON.stringify(text)}: no lease`, () => {
      event('bound', { ...GOOD, lease: text })
      assert.deepEqual(seen(), NOTHING)
      assert.ok(!existsSync(PWNED))
    })

  for (const router of ADDRESSES.filter((text) => !/^10\.78\.0\.20[ \n]/.test(text)))
    it(`router ${JSON.stringify(router)}: an address, and no route`, () => {
      event('bound', { ...GOOD, router })
      const { addresses, routes } = seen()
      // What only ip(8) can tell is no address makes the whole lease fail.
      assert.ok(addresses?.length === 0 || addresses?.[0] === '10.78.0.20/24')
      assert.deepEqual(routes, [])
      assert.ok(!existsSync(PWNED))
    })

  for (const mtu of ['0', '67', '576', '1279', '1501', '9000', '65535', '-1', 'x', '1400;touch pwned', '01400'])
    it(`MTU ${JSON.stringify(mtu)}: stays as it is`, () => {
      event('bound', { ...GOOD, mtu })
      assert.deepEqual([seen().addresses, seen().mtu], [['10.78.0.20/24'], 1500])
      assert.ok(!existsSync(PWNED))
    })

  it('a server, and options that nobody asked for, are as bad as they like', () => {
    const text = `x";touch pwned;$(touch pwned)\n-- --all destroy Port`
    event('bound', { ...GOOD, serverid: text, domain: text, dns: text, hostname: text, opt250: text, PS4: text })
    assert.match(seen().lease ?? '', /^10\.78\.0\.20\/24 10\.78\.0\.1 - \d+$/)
    assert.ok(!existsSync(PWNED))
    assert.ok(portsSeen().some(({ port }) => port === bridge.name))
  })

  it('a lease for ever has no end; one that is too short has the one that the client gives it', () => {
    event('bound', { ...GOOD, lease: '4294967295' })
    assert.match(seen().lease ?? '', / -$/)
    assert.match(toolIn(inside.path, 'ip', '-4', 'address', 'show', 'eth1'), /valid_lft forever/)
    event('renew', { ...GOOD, lease: '1' })
    const end = Number(/ (\d+)$/.exec(seen().lease ?? '')?.[1])
    assert.ok(Math.abs(end - Date.now() / 1000 - 30) < 5)
  })

  it('a damaged mark of an earlier lease takes nothing away', () => {
    tool('ovs-vsctl', 'set', 'Interface', bridge.name, 'external_ids:ovsd_lease="$(touch pwned) x/y"')
    toolIn(inside.path, 'ip', 'address', 'add', '192.0.2.9/24', 'dev', 'eth1')
    event('bound', GOOD)
    assert.deepEqual(seen().addresses, ['10.78.0.20/24', '192.0.2.9/24'])
    assert.ok(!existsSync(PWNED))
  })

  it('the event of a client that is no longer the one changes nothing', () => {
    tool('ovs-vsctl', 'set', 'Interface', bridge.name, 'external_ids:ovsd_dhcp_client="2:2"')
    event('bound', GOOD)
    assert.deepEqual(seen(), NOTHING)
  })

  const over = async (saying: Partial<Saying>, check: () => Promise<void> | void): Promise<void> => {
    await using _server = await dhcpServer(bridge.name, saying)
    await check()
    await until(() => clientProcesses().length === 0, 'clients to end', 5)
  }

  for (const [what, saying] of [
    ['the address 0.0.0.0', { first: '0.0.0.0' }],
    ['an address of a loopback', { first: '127.0.0.5' }],
    ['a multicast address', { first: '224.0.0.5' }],
    ['a prefix for everything', { options: { ...HONEST.options, 1: ipHex('128.0.0.0') } }],
  ] as const)
    it(`over the wire, ${what}: no lease, and everything undone`, () =>
      over(saying, async () => {
        await using web = await alone()
        await assert.rejects(lease(bridge.name, web), { code: 'NoLease' })
        assert.deepEqual(listed(`--bridge=${bridge.name}`), [])
        assert.equal(insideSeen(web.netns).get('eth1'), undefined)
      }))

  it('over the wire, everything else wrong at once: an address, and nothing of the rest', () =>
    over(
      {
        options: {
          ...{ 1: ipHex('255.255.255.0'), 51: seconds(60), 3: ipHex('0.0.0.0'), 26: hex(255, 255) },
          ...{ 15: Buffer.from('x;touch /tmp/pwned').toString('hex'), 12: Buffer.from('$(reboot)').toString('hex') },
          ...{ 250: 'ff'.repeat(100), 6: ipHex('255.255.255.255') },
        },
      },
      async () => {
        await using web = await alone()
        const { addresses, gateways } = await lease(bridge.name, web)
        assert.deepEqual([addresses, gateways], [['10.78.0.20/24'], []])
        assert.deepEqual(
          [insideSeen(web.netns).get('eth1')?.routes, insideSeen(web.netns).get('eth1')?.mtu],
          [[], 1500],
        )
        assert.ok(!existsSync('/tmp/pwned'))
      },
    ))
})
