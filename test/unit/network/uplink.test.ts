import { strict as assert } from 'node:assert'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseInterface } from '../../../src/lib/net/ifname.ts'
import { readNic } from '../../../src/lib/net/nic.ts'
import { parseRoutes } from '../../../src/lib/net/nic-routes.ts'
import { isWireless } from '../../../src/lib/network/uplink-fit.ts'
import { addressesBackLines, addressLines, clearLines, moveLines } from '../../../src/lib/network/uplink-moving.ts'
import {
  isHostOn,
  readUplink,
  routesOf,
  uplinkKey,
  uplinkPair,
  type Moved,
} from '../../../src/lib/network/uplink-record.ts'
import { carries, uplinkVlan, vlanDevices } from '../../../src/lib/network/uplink-vlans.ts'
import { temporaryFolder } from '../../support/socket-server.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const place = { bridge: parseInterface('br0'), uplink: parseInterface('eno2') }

describe('routes of a NIC', () => {
  const V4 = `unicast default via 192.0.2.1 dev eno2 table main proto dhcp scope global src 192.0.2.5 metric 100 linkdown
unicast 192.0.2.0/24 dev eno2 table main proto kernel scope link src 192.0.2.5
unicast 10.0.0.0/8 via 192.0.2.1 dev eno22 table main proto boot scope global
broadcast 192.0.2.255 dev eno2 table local proto kernel scope link src 192.0.2.5
unicast 10.9.0.0/16 table main proto static scope global \\\tnexthop via 192.0.2.1 dev eno2 weight 1 \\\tnexthop via 198.51.100.1 dev eno3 weight 1`
  const V6 = `unicast fe80::/64 dev eno2 table main proto kernel scope global metric 256 pref medium
unicast default via fe80::1 dev eno2 table main proto ra scope global metric 1024 expires 1797sec hoplimit 64 pref medium`

  it('are those of this NIC, of every table but what comes with addresses, in words that ip takes', () => {
    const { routes, odd } = parseRoutes(V4, 4, 'eno2')
    assert.deepEqual(
      routes.map(({ words }) => words),
      [
        'unicast default via 192.0.2.1 table main proto dhcp scope global src 192.0.2.5 metric 100',
        'unicast 192.0.2.0/24 table main proto kernel scope link src 192.0.2.5',
      ],
    )
    assert.deepEqual(
      routes.map(({ isFar, isDefault, isKernels }) => [isFar, isDefault, isKernels]),
      [
        [true, true, false],
        [false, false, true],
      ],
    )
    assert.ok(odd.length === 1 && odd[0]?.startsWith('unicast 10.9.0.0/16'))
  })

  it('of IPv6: without the kernel’s own prefix; a default route says which family it is of; what runs out is no difference', () => {
    const { routes } = parseRoutes(V6, 6, 'eno2')
    const words =
      'unicast ::/0 via fe80::1 table main proto ra scope global metric 1024 expires 1797 hoplimit 64 pref medium'
    assert.deepEqual(
      routes.map((one) => [one.words, one.key]),
      [[words, words.replace(' expires 1797', '')]],
    )
  })
})

describe('addresses of a NIC', () => {
  const nic = {
    ...{ ifname: 'eno2', flags: ['UP'], mtu: 1500, link_type: 'ether', address: '52:54:00:12:34:56' },
    addr_info: [
      {
        family: 'inet',
        local: '192.0.2.5',
        prefixlen: 24,
        broadcast: '192.0.2.255',
        scope: 'global',
        dynamic: true,
        label: 'eno2',
        valid_life_time: 80,
        preferred_life_time: 40,
      },
      {
        family: 'inet6',
        local: 'fe80::5054:ff:fe12:3456',
        prefixlen: 64,
        scope: 'link',
        valid_life_time: 0xffffffff,
        preferred_life_time: 0xffffffff,
      },
      {
        family: 'inet6',
        local: 'fe80::1',
        prefixlen: 64,
        scope: 'link',
        valid_life_time: 0xffffffff,
        preferred_life_time: 0xffffffff,
      },
      {
        family: 'inet6',
        local: '2001:db8::7',
        prefixlen: 64,
        scope: 'global',
        temporary: true,
        valid_life_time: 80,
        preferred_life_time: 40,
      },
    ],
  }

  it('are told in words that ip takes; those that the kernel makes by itself are left out', async () => {
    const { run } = scriptedRunner({ 'ip -json -details address show dev eno2': [{ stdout: JSON.stringify([nic]) }] })
    assert.deepEqual((await readNic(run, 'eno2'))?.addresses, [
      {
        ...{ key: '192.0.2.5/24', isLeased: true },
        words: '192.0.2.5/24 broadcast 192.0.2.255 scope global label eno2 valid_lft 80 preferred_lft 40',
      },
      { key: 'fe80::1/64', isLeased: false, words: 'fe80::1/64 scope link' },
    ])
  })

  it('a NIC that is not there is none; another failure is no proof of that', async () => {
    const answer = (stderr: string) => scriptedRunner({ ip: [{ status: 1, stderr }] }).run
    assert.equal(await readNic(answer('Device "eno2" does not exist.\n'), 'eno2'), undefined)
    await assert.rejects(readNic(answer('Cannot send dump request: No buffer space available\n'), 'eno2'), /No buffer/)
  })
})

describe('the record of an uplink', () => {
  const moved: Moved = {
    localUp: false,
    addresses: [
      '192.0.2.5/24 scope global label eno2',
      '2001:db8::5/64 scope global',
      '2001:db8::6/64 scope global nodad',
    ],
    routes4: ['unicast default via 192.0.2.1 table main', 'unicast 192.0.2.0/24 table main proto kernel'],
    routes6: ['unicast ::/0 via fe80::1 table main'],
  }

  it('is read as it was written; a damaged one, or one that would be more than one line to ip, is none', () => {
    const record = { up: true, moved }
    assert.deepEqual(readUplink(uplinkPair('eno2', record), 'eno2'), record)
    const damaged: readonly unknown[] = [
      ...[1, null, {}, { up: 1 }, { up: true, moved: {} }, { up: true, moved: { ...moved, localUp: 'no' } }],
      ...['192.0.2.5/24\nlink del dev eno2', '192.0.2.5/24; reboot', 7].map((bad) => ({
        ...{ up: true, moved: { ...moved, addresses: [bad] } },
      })),
      { up: true, moved: { ...moved, routes6: ['unicast ::/0\nroute flush table main'] } },
    ]
    for (const bad of damaged) assert.equal(readUplink({ [uplinkKey('eno2')]: JSON.stringify(bad) }, 'eno2'), undefined)
    assert.equal(readUplink({ [uplinkKey('eno2')]: '{' }, 'eno2'), undefined)
  })

  it('says whether the host is on the bridge, by another NIC', () => {
    const ids = { ...uplinkPair('eno2', { up: true, moved }), ...uplinkPair('eno3', { up: true, moved: undefined }) }
    assert.deepEqual([isHostOn(ids, undefined), isHostOn(ids, 'eno3'), isHostOn(ids, 'eno2')], [true, true, false])
  })

  it('leads to lines that add before they delete, near routes before far ones, addresses in the kernel’s order', () => {
    const nic = {
      ...{ name: 'eno2', mac: '', mtu: 1500, isUp: true, linkType: 'ether', master: undefined, alias: '' },
      addresses: moved.addresses.map((words) => ({ key: words.split(' ')[0] ?? '', words, isLeased: false })),
    }
    const nothing = { nic: undefined, routes: [] }
    assert.deepEqual(addressLines(place, moved, nothing), [
      'link set dev br0 up',
      'address add 192.0.2.5/24 scope global dev br0 noprefixroute',
      'address add 2001:db8::6/64 scope global dev br0 noprefixroute nodad',
      'address add 2001:db8::5/64 scope global dev br0 noprefixroute nodad',
    ])
    const lines = moveLines(place, moved, { nic, routes: routesOf(moved) }, nothing)
    assert.deepEqual(lines.slice(0, 3), [
      'route prepend unicast 192.0.2.0/24 table main proto kernel dev br0',
      'route prepend unicast default via 192.0.2.1 table main dev br0',
      'route append unicast ::/0 via fe80::1 table main dev br0',
    ])
    assert.deepEqual(
      lines.slice(3).map((one) => one.split(' ').slice(0, 2).join(' ')),
      ['route del', 'route del', 'route del', 'address del', 'address del', 'address del'],
    )
    assert.deepEqual(addressesBackLines(place, moved, nothing), [
      'address add 192.0.2.5/24 scope global label eno2 dev eno2',
      'address add 2001:db8::6/64 scope global nodad dev eno2',
      'address add 2001:db8::5/64 scope global dev eno2 nodad',
      'address change 2001:db8::5/64 scope global dev eno2',
    ])
    assert.deepEqual(clearLines(place, moved, { nic: { ...nic, addresses: [] }, routes: [] }), [
      'link set dev br0 down',
    ])
  })
})

describe('the VLANs of an uplink', () => {
  it('are those of its networks and no other', () => {
    assert.deepEqual(uplinkVlan([0]), { kind: 'access', tag: 0 })
    assert.deepEqual(uplinkVlan([100]), { kind: 'trunk', trunks: [100] })
    assert.deepEqual(uplinkVlan([200, 0, 100, 0]), { kind: 'trunk', trunks: [0, 100, 200] })
  })

  const columns = (tag: number | undefined, trunks: readonly number[] = [], mode = '') => ({ tag, trunks, mode })
  for (const [what, of, yes, no] of [
    ['nothing said: all', columns(undefined), [0, 1, 4094], []],
    ['access', columns(5), [5], [0, 6]],
    ['trunk', columns(undefined, [5, 6], 'trunk'), [5, 6], [0, 7]],
    ['trunk with a tag that does not count', columns(5, [6], 'trunk'), [6], [5]],
    ['native', columns(5, [6], 'native-untagged'), [5, 6], [0, 7]],
    ['native of all', columns(5, [], 'native-tagged'), [0, 5, 7], []],
    ['tunnel', columns(5, [6], 'dot1q-tunnel'), [5], [0, 6]],
  ] as const)
    it(`somebody else's port carries: ${what}`, () => {
      assert.deepEqual(
        [...yes, ...no].map((tag) => carries(of, tag)),
        [...yes.map(() => true), ...no.map(() => false)],
      )
    })

  it('are compared with VLAN devices of the host, which take their frames first', () => {
    const config = `VLAN Dev name\t | VLAN ID
Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD
eno2.100       | 100  | eno2
eno3.200       | 200  | eno3
`
    assert.deepEqual([...vlanDevices(config, 'eno2')], [[100, 'eno2.100']])
    assert.equal(vlanDevices('', 'eno2').size, 0)
  })
})

describe('a wireless NIC', () => {
  it('is known by what sysfs has of it', () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'wlan0', 'phy80211'), { recursive: true })
    mkdirSync(join(folder.path, 'eno2', 'queues'), { recursive: true })
    assert.deepEqual([isWireless('wlan0', folder.path), isWireless('eno2', folder.path)], [true, false])
  })
})
