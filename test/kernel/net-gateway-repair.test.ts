// What is missing of a nat network is named, and put back: one thing after the other, all of it as after a reboot, and
// whatever a run left that was killed.
import { strict as assert } from 'node:assert'
import { messageOf, OvsdError } from '../../src/lib/errors.ts'
import { PlanFailed } from '../../src/lib/run/run-plan.ts'
import { eachFault } from '../support/faulty-runner.ts'
import { HOST6, internet, OUT6 } from '../support/internet.ts'
import {
  createNat,
  gatewayNamed,
  killedAfter,
  member,
  missingOf,
  nat,
  natState,
  removeAll,
  removeNat,
} from '../support/nat.ts'
import { HOST, OUT, pings, reaches } from '../support/outside.ts'
import { testBridge } from '../support/bridge.ts'
import { tool, toolIn } from '../support/tool.ts'

const BLUE = { name: 'blue', bridge: 'bn0', subnet: ['10.3.0.0/24', 'fd03::/64'] }
const TAGGED = { ...BLUE, vlan: '7' }

const set = (key: string, value: number | string): string => tool('sysctl', '-qw', `net/${key}=${String(value)}`)

/** The error of something that has to fail. */
async function failureOf(work: Promise<unknown>): Promise<OvsdError> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof OvsdError, messageOf(error))
    return error
  }
  throw new Error('it did not fail')
}

describe('a nat network that lost something', function () {
  this.timeout(120_000)
  afterEach(removeAll)

  it('says what, and gets it back, without an interruption of what works', async () => {
    using net = internet()
    const before = natState()
    for (const words of [BLUE, TAGGED]) {
      const { link } = await createNat(words)
      const losses: readonly (readonly [readonly string[], readonly string[]])[] = [
        [['ip', 'address', 'del', '10.3.0.1/24', 'dev', link], ['10.3.0.1/24 is missing']],
        [['ip', 'address', 'del', 'fd03::1/64', 'dev', link], ['fd03::1/64 is missing']],
        [
          ['ip', 'link', 'set', link, 'down'],
          // The kernel takes IPv6 addresses away with it.
          [`${link} is down`, 'fd03::1/64 is missing'],
        ],
        [['ip', 'link', 'set', link, 'group', '0'], [`${link} is not set up`]],
        [['sysctl', '-qw', `net/ipv4/conf/${link}/forwarding=0`], [`${link} does not forward`]],
        [['sysctl', '-qw', `net/ipv6/conf/${link}/accept_ra=1`], [`${link} believes router advertisements`]],
        [['sysctl', '-qw', `net/ipv4/conf/${net.link}/forwarding=0`], [`${net.link} does not forward`]],
        [['sysctl', '-qw', 'net/ipv6/conf/all/forwarding=0'], ['the host does not forward IPv6']],
        [['nft', 'flush', 'ruleset'], ['the rules of nftables are missing']],
        [['nft', 'flush', 'chain', 'inet', 'ovsd_nat', 'doors'], ['the rules of nftables are others']],
        [['nft', 'delete', 'table', 'arp', 'ovsd_nat'], ['the rules of nftables are others']],
        [['nft', 'insert', 'rule', 'inet', 'ovsd_nat', 'passing', 'accept'], ['the rules of nftables are others']],
        ...(link === 'bn0'
          ? []
          : ([
              [['ovs-vsctl', 'set', 'Port', link, 'tag=8'], [`the port ${link} is in another VLAN`]],
              [
                ['ovs-vsctl', 'del-port', link],
                [`the port ${link} is missing`, `${link} is missing`],
              ],
            ] as const)),
      ]
      for (const [[name = '', ...args], words10] of losses) {
        tool(name, ...args)
        assert.deepEqual(await missingOf('blue'), words10, args.join(' '))
        await createNat(words)
        assert.deepEqual(await missingOf('blue'), [], args.join(' '))
      }
      {
        using inside = member(await gatewayNamed('blue'), '10.3.0.2/24', 'fd03::2/64')
        assert.ok(pings(inside.path, OUT) && pings(inside.path, OUT6))
      }
      await removeNat('blue')
      assert.deepEqual(natState(), before)
    }
  })

  it('all of it, as after a reboot, gets all of it back; and the host is as before in the end', async () => {
    using net = internet()
    const before = natState()
    const blue = await createNat(BLUE)
    const red = await createNat({ name: 'red', bridge: 'bn0', subnet: ['10.4.0.0/24'] })
    for (const { link, sides } of [blue, red]) {
      tool('ip', 'address', 'flush', 'dev', link)
      tool('ip', 'link', 'set', link, 'down', 'group', '0')
      for (const key of ['ipv4/conf/%/forwarding=0', 'ipv6/conf/%/disable_ipv6=0'])
        tool('sysctl', '-qw', `net/${key.replace('%', link)}`)
      assert.ok(sides.length > 0)
    }
    set(`ipv4/conf/${net.link}/forwarding`, 0)
    set('ipv6/conf/all/forwarding', 0)
    tool('nft', 'flush', 'ruleset')
    assert.deepEqual(await missingOf('blue'), [
      ...['bn0 is not set up', 'the rules of nftables are missing'],
      ...[`${net.link} does not forward`, 'the host does not forward IPv6'],
    ])
    await createNat(BLUE)
    assert.deepEqual(await missingOf('blue'), [])
    assert.deepEqual(await missingOf('red'), [`${red.link} is not set up`])
    await createNat({ name: 'red', bridge: 'bn0', subnet: ['10.4.0.0/24'] })
    {
      using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
      using r = member(red, '10.4.0.2/24')
      assert.ok(pings(b.path, OUT) && pings(b.path, OUT6) && pings(r.path, OUT) && !pings(b.path, '10.4.0.2'))
    }
    await removeNat('red')
    // What it remembered is lost once more.
    tool('nft', 'flush', 'ruleset')
    await removeNat('blue')
    assert.deepEqual(natState(), before)
  })
})

describe('the set-up of a nat network', function () {
  this.timeout(180_000)
  afterEach(removeAll)

  for (const words of [BLUE, TAGGED])
    for (const isRouter of [false, true])
      it(`leaves everything as it was when any command fails, before, after or killed: ${'vlan' in words ? 'tagged' : 'untagged'}, a host that is ${isRouter ? 'a' : 'no'} router`, async () => {
        using _net = internet()
        if (isRouter) for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 1)
        try {
          const before = natState()
          let undone = 0
          for (const { runner, nth, what } of eachFault()) {
            const failure = await createNat(words, { runner }).then(
              () => undefined,
              (error: unknown) => error,
            )
            if (failure === undefined) await removeNat('blue')
            else {
              undone = nth + 1
              assert.ok(failure instanceof PlanFailed, messageOf(failure))
              assert.equal(failure.status, 1, failure.message)
            }
            assert.deepEqual(natState(), before, `${what}: ${messageOf(failure)}`)
          }
          assert.ok(undone >= 5, String(undone))
        } finally {
          if (isRouter) for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 0)
        }
      })

  it('that was killed after any of its steps is completed by the same command, or goes with net rm', async () => {
    using net = internet()
    const before = natState()
    for (const words of [BLUE, TAGGED])
      for (const after of ['completed', 'removed'])
        for (let most = 1, all = false; !all; most++) {
          all = await killedAfter(words, most)
          toolIn(net.path, 'ip', 'route', 'replace', 'default', 'via', HOST)
          if (after === 'completed') {
            const missing = await missingOf('blue').catch(() => ['its record'])
            assert.ok(all || missing.length > 0, `after ${most} steps`)
            if (!all) await createNat(words)
            assert.deepEqual(await missingOf('blue'), [])
            using inside = member(await gatewayNamed('blue'), '10.3.0.2/24')
            assert.equal(reaches(inside.path, OUT), true, `after ${most} steps`)
            assert.equal(pings(net.path, '10.3.0.2'), false)
          }
          await removeNat('blue')
          tool('ovs-vsctl', '--if-exists', 'del-br', 'bn0')
          assert.deepEqual(natState(), before, `after ${most} steps, ${after}`)
        }
  })

  it('whose removal fails at any command is removed by the same command again, or its rules by the next one of a network', async () => {
    using _net = internet()
    const before = natState()
    for (const words of [BLUE, TAGGED])
      for (const { runner, what } of eachFault(['before'])) {
        await createNat(words)
        const failure = await removeNat('blue', runner).then(
          () => undefined,
          (error: unknown) => error,
        )
        if (failure !== undefined) {
          const isGone = await removeNat('blue').then(
            () => false,
            (error: unknown) => messageOf(error).includes('no network blue'),
          )
          if (isGone) {
            await createNat(words)
            await removeNat('blue')
          }
        }
        assert.deepEqual(natState(), before, `${what}: ${messageOf(failure)}`)
      }
  })
})

describe('a nat network is refused', function () {
  this.timeout(60_000)
  afterEach(removeAll)

  it('when another one of this host has a part of its subnet; others may have it', async () => {
    const before = natState()
    await using blue = await nat(BLUE)
    const red = { name: 'red', bridge: 'bn1' }
    for (const subnet of ['10.3.0.0/24', '10.0.0.0/8', '10.3.0.128/25', 'fd03::/60']) {
      const error = await failureOf(createNat({ ...red, subnet: [subnet] }, { force: true }))
      assert.equal(error.code, 'SubnetOverlaps', error.message)
      assert.match(error.message, /The network blue has addresses of /)
    }
    await createNat({ ...red, subnet: ['10.3.0.0/24'], mode: 'l2' }).catch((error: unknown) => {
      assert.match(messageOf(error), /red has no gateway/)
    })
    await removeNat('red')
    await removeNat(blue.network)
    assert.deepEqual(natState(), before)
  })

  it('when the host has an address or a route of its subnet, unless forced', async () => {
    using net = internet()
    tool('ip', 'route', 'add', '10.7.0.0/16', 'via', OUT)
    tool('ip', 'route', 'add', 'fd07::/48', 'via', OUT6)
    tool('ip', 'route', 'add', 'default', 'via', OUT)
    const before = natState()
    for (const [subnet, what] of [
      ['203.0.113.0/25', `the address ${HOST} on ${net.link}`],
      ['203.0.0.0/16', `a route to 203.0.113.0/24 on ${net.link}`],
      ['2001:db8::/64', `the address ${HOST6} on ${net.link}`],
      ['10.7.3.0/24', `a route to 10.7.0.0/16 on ${net.link}`],
      ['fd07:0:0:1::/64', `a route to fd07::/48 on ${net.link}`],
      ['127.1.0.0/16', ''],
    ] as const) {
      const error = await failureOf(createNat({ name: 'blue', bridge: 'bn0', subnet: [subnet] }))
      assert.equal(error.code, what === '' ? 'BadInput' : 'SubnetOnHost', error.message)
      if (what !== '') assert.match(error.message, new RegExp(`This host has (${what}|a route to )`))
      assert.deepEqual(natState(), before)
    }
    await createNat({ name: 'blue', bridge: 'bn0', subnet: ['10.7.3.0/24'] }, { force: true })
    assert.deepEqual(await missingOf('blue'), [])
    await removeNat('blue')
    assert.deepEqual(natState(), before)
  })

  it('when the host would lose its IPv6 routes by forwarding, and says what to type', async () => {
    using net = internet()
    tool('ip', '-6', 'route', 'add', 'default', 'via', OUT6, 'dev', net.link, 'proto', 'ra')
    const before = natState()
    const error = await failureOf(createNat(BLUE, { force: true }))
    assert.equal(error.code, 'RouterAdvertised', error.message)
    assert.equal(error.next, `Have it keep them: sysctl -w net.ipv6.conf.${net.link}.accept_ra=2`)
    assert.deepEqual(natState(), before)
    await createNat({ ...BLUE, subnet: ['10.3.0.0/24'] })
    await removeNat('blue')
    for (const value of [2, 0]) {
      set(`ipv6/conf/${net.link}/accept_ra`, value)
      await createNat(BLUE)
      assert.match(tool('ip', '-6', 'route', 'show', 'default'), /proto ra|via 2001:db8::9/)
      await removeNat('blue')
    }
    set(`ipv6/conf/${net.link}/accept_ra`, 1)
    assert.deepEqual(natState(), before)
  })

  it('when a link of somebody else has the name of its gateway', async () => {
    using bridge = testBridge()
    const { link } = await createNat({ ...BLUE, bridge: bridge.name })
    await removeNat('blue')
    tool('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'p0')
    const before = natState()
    try {
      const error = await failureOf(createNat({ ...BLUE, bridge: bridge.name }))
      assert.equal(error.code, 'LinkNameTaken', error.message)
      assert.deepEqual(natState(), before)
    } finally {
      tool('ip', 'link', 'del', link)
    }
  })
})
