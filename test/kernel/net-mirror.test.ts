// The mirror of a network, on bare namespaces: every port of it and those that come later, and never a frame of another
// network; and that it waits for who gets the copies.
import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'
import { networkNamed } from '../../src/lib/network/networks.ts'
import type { NetworkSpec } from '../../src/lib/network/spec.ts'
import { keepMirrors, mirrorsFollow, missingOfMirrors } from '../../src/lib/plan/keep-mirrors.ts'
import type { OvsView } from '../../src/lib/ovs/reader.ts'
import { makeParts, missingOfParts } from '../../src/lib/plan/parts/parts.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { attach, attached, carryOut, echo, gets, join, mirrorRows, mirrorsSeen } from '../support/mirrors.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'

const BRIDGE = 'bnm0'

interface Net extends Disposable {
  readonly spec: NetworkSpec
}

/** A network of one bridge; removed, whoever is in it, at the end of a `using` block. */
async function network(name: string, ...args: string[]): Promise<Net> {
  ok('net', 'create', name, `--bridge=${BRIDGE}`, '--mode=l2', ...args)
  using host = openHost()
  const { spec } = await networkNamed(host, name)
  return {
    spec,
    [Symbol.dispose]() {
      ok('net', 'rm', name, '--force')
    },
  }
}

interface Member extends BareNamespace {
  readonly mac: string
}

/** A namespace in a network. */
async function member({ spec }: Net, address?: string): Promise<Member> {
  const namespace = bareNamespace()
  toolIn(namespace.path, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
  await join(spec, namespace, { ipaddress: address === undefined ? [] : [address] })
  const links = JSON.parse(toolIn(namespace.path, 'ip', '-json', 'link', 'show', 'dev', 'eth1')) as {
    address: string
  }[]
  return { ...namespace, mac: links[0]?.address ?? '' }
}

const missing = async ({ spec }: Net): Promise<readonly string[]> => {
  using host = openHost()
  return await missingOfParts(host, spec, { others: [] })
}

const make = async ({ spec }: Net): Promise<void> => {
  using host = openHost()
  await carryOut(await makeParts(host, spec, { others: [] }))
}

describe('the mirror of a network', () => {
  for (const [kind, tag] of [
    ['untagged', ''],
    ['tagged', '/20'],
  ] as const)
    it(`${kind}: all of it, with what comes later, and nothing of the others on the bridge`, async () => {
      const before = snapshot()
      {
        using blue = await network(
          'blue',
          ...(tag === '' ? [] : ['--vlan=20']),
          '--mirror-ports=all',
          '--mirror-dest=ids',
        )
        using red = await network('red', ...(tag === '' ? ['--tenant=acme'] : []))
        using green = await network('green', '--tenant=other')
        using ids = bareNamed('ids')
        attach(BRIDGE, 'mon0', ids)
        assert.deepEqual(await missing(blue), ['its mirror'])
        await make(blue)
        assert.deepEqual([await missing(blue), await missing(red)], [[], []])
        // Equal addresses in all of them.
        using a = await member(blue, '10.66.0.1/24')
        using b = await member(blue, '10.66.0.2/24')
        using x = await member(red, '10.66.0.1/24')
        using y = await member(red, '10.66.0.2/24')
        using p = await member(green, '10.66.0.1/24')
        using q = await member(green, '10.66.0.2/24')
        for (const one of [a, x, p]) echo(one, '10.66.0.2')
        const copies = await gets(
          ids.path,
          'mon0',
          { a, b, x, y, p, q },
          () => {
            for (const one of [a, x, p]) {
              echo(one, '10.66.0.2')
              // And to everybody.
              toolIn(one.path, 'sh', '-c', 'arping -c 1 -w 1 -I eth1 10.66.0.99; true')
            }
          },
          '',
        )
        const wanted = [`a>b${tag}`, `b>a${tag}`, `a>all${tag}`]
        for (const one of wanted) assert.ok(copies.includes(one), copies.join(' '))
        assert.deepEqual(
          copies.filter((one) => !/^[ab]>(a|b|all)(\/20)?$/.test(one)),
          [],
        )
        // One that came after the mirror was made needs nothing.
        assert.deepEqual(await missing(blue), [])
        using late = await member(blue, '10.66.0.3/24')
        echo(late, '10.66.0.1')
        assert.deepEqual(await gets(ids.path, 'mon0', { a, late }, () => echo(late, '10.66.0.1')), [
          `a>late${tag}`,
          `late>a${tag}`,
        ])
        assert.deepEqual(await missing(blue), [])
        assert.match(ok('mirror', 'ls'), /^net:blue +bnm0 +network:blue +ids +both +\d+ +- +ok$/m)
        assert.match(ovsd(['mirror', 'rm', 'net:blue']).stderr, /NAME/)
        ok('del-port', BRIDGE, 'mon0', ids.name)
      }
      assert.deepEqual(snapshot(), before)
    })

  it('waits for who gets the copies: nothing is missing, ls says so, and it is made when he comes', async () => {
    using blue = await network('blue', '--mirror-ports=web,db', '--mirror-dest=ids')
    const seen = () => mirrorsSeen().map(({ mirror, state, reason }) => [mirror, state, reason])
    assert.deepEqual(await missing(blue), [])
    assert.deepEqual(seen(), [['net:blue', 'waiting', 'waits for ids, web, db']])
    using web = bareNamed('web')
    await join(blue.spec, web, { ipaddress: ['10.66.0.1/24'] })
    assert.deepEqual([await missing(blue), mirrorRows()], [[], ''])
    assert.deepEqual(seen(), [['net:blue', 'waiting', 'waits for ids, db']])
    // By net connect the mirror is complete when the command returns: of the destination, and of a source.
    using ids = bareNamed('ids')
    await join(blue.spec, ids)
    assert.deepEqual(await missing(blue), [])
    assert.deepEqual(seen(), [['net:blue', 'ok', '']])
    using db = bareNamed('db')
    await join(blue.spec, db, { ipaddress: ['10.66.0.2/24'] })
    using other = await member(blue, '10.66.0.3/24')
    const who = { web: macOf(web), db: macOf(db), other }
    echo(other, '10.66.0.1')
    echo(db, '10.66.0.1')
    const talk = (): void => {
      echo(db, '10.66.0.1')
      echo(other, '10.66.0.1')
    }
    assert.deepEqual(await gets(ids.path, 'eth1', who, talk), ['db>web', 'other>web', 'web>db', 'web>other'])
    // The container starts again: its port is another one.
    ok('del-port', BRIDGE, 'eth1', web.name)
    assert.deepEqual(await missing(blue), [])
    await join(blue.spec, web, { ipaddress: ['10.66.0.1/24'] })
    assert.deepEqual([await missing(blue), seen()], [[], [['net:blue', 'ok', '']]])
    ok('del-port', BRIDGE, 'eth1', ids.name)
    assert.deepEqual(await missing(blue), [])
    assert.equal(mirrorsSeen()[0]?.state, 'no output')
    await join(blue.spec, ids)
    assert.deepEqual([await missing(blue), seen()], [[], [['net:blue', 'ok', '']]])
  })

  it('costs whoever comes a look at all ports only on a bridge that has mirrors, or a network that wants one', async () => {
    const looks = async (): Promise<number> => {
      using host = openHost()
      let times = 0
      const counting = Object.assign(Object.create(host.ovs) as OvsView, {
        bridge: (name: string) => host.ovs.bridge(name),
        bridges: () => host.ovs.bridges(),
        everything: () => (times++, host.ovs.everything()),
      })
      const coming = { bridge: BRIDGE, port: 'x_l', id: 'x', name: 'x', iface: 'eth1', addresses: [], vlan: 0 }
      await mirrorsFollow({ ...host, ovs: counting }, coming)
      return times
    }
    using _red = await network('red')
    assert.equal(await looks(), 0)
    {
      using _blue = await network('blue', '--tenant=acme', '--mirror-ports=all', '--mirror-dest=ids')
      assert.equal(await looks(), 1)
    }
    using web = attached(BRIDGE, 'eth1')
    using ids = attached(BRIDGE, 'mon0')
    assert.equal(await looks(), 0)
    ok('mirror', 'create', 'm1', `--source=${web.name}`, `--dest=${ids.name}`)
    assert.equal(await looks(), 1)
    ok('mirror', 'rm', 'm1')
    ok('del-port', BRIDGE, 'eth1', web.name)
    ok('del-port', BRIDGE, 'mon0', ids.name)
  })

  it('an interface without addresses is preferred to one that is in use elsewhere', async () => {
    using blue = await network('blue', '--mirror-ports=all', '--mirror-dest=ids')
    using red = await network('red', '--tenant=acme')
    using ids = bareNamed('ids')
    await join(red.spec, ids, { ipaddress: ['10.66.0.9/24'] })
    assert.deepEqual(await missing(blue), [])
    const { port } = attach(BRIDGE, 'mon0', ids)
    assert.deepEqual(await missing(blue), ['its mirror'])
    // As net create does when it is repeated, and watch.
    const line = ['net', 'create', 'blue', `--bridge=${BRIDGE}`, '--mode=l2', '--mirror-ports=all', '--mirror-dest=ids']
    assert.equal((json(...line) as { status: string }).status, 'completed')
    assert.equal((json(...line, '--may-exist') as { status: string }).status, 'unchanged')
    const output = tool('ovs-vsctl', 'get', 'Mirror', 'net:blue', 'output_port').trim()
    assert.equal(tool('ovs-vsctl', 'get', 'Port', output, 'name').trim().replaceAll('"', ''), port)
    assert.equal(tool('ovs-vsctl', 'get', 'Mirror', 'net:blue', 'select_all').trim(), 'true')
    ok('del-port', BRIDGE, 'mon0', ids.name)
  })

  describe('to somebody who is used for something else', () => {
    const MIRRORING = ['--mirror-ports=all', '--mirror-dest=eee:eth1']
    const seen = () => mirrorsSeen().map(({ state, reason }) => [state, reason])
    const refused = (...args: string[]): void => {
      const before = snapshot()
      const line = ['net', 'create', 'blue', `--bridge=${BRIDGE}`, '--mode=l2', '--mirror-ports=all', ...args]
      assert.match(ovsd([...line, '--json']).stdout, /"MirrorDestInUse"/)
      assert.deepEqual(snapshot(), before)
    }
    /** Two of another tenant, and something that holds the bridge. */
    let held: DisposableStack
    let eee: BareNamespace
    let fff: BareNamespace
    const attachEee = () => attach(BRIDGE, 'eth1', eee, '--ipaddress=10.99.0.1/24', '--vlan=50', '--tenant=other')
    beforeEach(async () => {
      held = new DisposableStack()
      held.use(await network('red', '--tenant=acme'))
      eee = held.use(bareNamed('eee'))
      fff = held.use(attached(BRIDGE, 'eth1', '--ipaddress=10.99.0.2/24', '--vlan=50', '--tenant=other'))
    })
    afterEach(() => {
      for (const { name } of [eee, fff]) ok('del-port', BRIDGE, 'eth1', name)
      held.dispose()
    })

    it('refused when the network is made, but with --force', async () => {
      attachEee()
      echo(eee, '10.99.0.2')
      refused('--mirror-dest=eee:eth1')
      echo(eee, '10.99.0.2')
      using blue = await network('blue', ...MIRRORING, '--force')
      assert.deepEqual(seen(), [['ok', '']])
      assert.throws(() => echo(eee, '10.99.0.2'))
      // As long as there is the mirror it counts as asked for, also when the container has been restarted.
      ok('del-port', BRIDGE, 'eth1', eee.name)
      attachEee()
      assert.deepEqual(await missing(blue), ['ports in its mirror'])
      await make(blue)
      assert.deepEqual(seen(), [['ok', '']])
    })

    it('not taken again when it came back for something else, and mirror ls says why', async () => {
      attach(BRIDGE, 'eth1', eee)
      using _blue = await network('blue', ...MIRRORING)
      assert.deepEqual(seen(), [['ok', '']])
      ok('del-port', BRIDGE, 'eth1', eee.name)
      attachEee()
      assert.deepEqual(seen(), [['no output', 'eee:eth1 cannot be taken: it has the address 10.99.0.1/24']])
    })

    it('never taken silently: the mirror waits, and mirror ls says why', async () => {
      using blue = await network('blue', ...MIRRORING)
      assert.deepEqual(seen(), [['waiting', 'waits for eee:eth1']])
      attachEee()
      const waits = [['waiting', 'waits for eee:eth1 to be free: it has the address 10.99.0.1/24']]
      assert.deepEqual([await missing(blue), seen()], [[], waits])
      await make(blue)
      using _member = await member(blue, '10.66.0.1/24')
      const line = ['net', 'create', 'blue', `--bridge=${BRIDGE}`, '--mode=l2', ...MIRRORING]
      assert.equal((json(...line, '--may-exist') as { status: string }).status, 'unchanged')
      assert.deepEqual([mirrorRows(), seen()], ['', waits])
      echo(eee, '10.99.0.2')
      // Free again, and then with other addresses: the row alone is no leave to take it.
      ok('del-port', BRIDGE, 'eth1', eee.name)
      attach(BRIDGE, 'eth1', eee)
      await make(blue)
      assert.deepEqual(seen(), [['ok', '']])
      ok('del-port', BRIDGE, 'eth1', eee.name)
      attachEee()
      assert.deepEqual(await missing(blue), [])
      await make(blue)
      echo(eee, '10.99.0.2')
      assert.notEqual(seen()[0]?.[0], 'ok')
      // Asked for at last.
      assert.equal((json(...line, '--force') as { status: string }).status, 'completed')
      assert.deepEqual(seen(), [['ok', '']])
    })

    it('the port of the bridge, a part of a network, or a device of the host with addresses', () => {
      attachEee()
      refused(`--mirror-dest=${BRIDGE}`)
      refused(`--mirror-dest=${BRIDGE}`, '--force')
      tool('ovs-vsctl', 'add-port', BRIDGE, 'own0', '--', 'set', 'Interface', 'own0', 'type=internal')
      tool('ip', 'address', 'add', '10.98.0.1/24', 'dev', 'own0')
      refused('--mirror-dest=own0')
      for (const owner of ['red', 'blue']) {
        tool('ovs-vsctl', 'set', 'Interface', 'own0', `external_ids={ovsd="1",ovsd_part=gateway,ovsd_network=${owner}}`)
        refused('--mirror-dest=own0', '--force')
      }
      tool('ovs-vsctl', 'del-port', BRIDGE, 'own0')
    })
  })

  it('gc removes it when the record of its network is gone', () => {
    const before = snapshot()
    const create = (name: string, ...args: string[]): string =>
      ok('net', 'create', name, `--bridge=${BRIDGE}`, '--mode=l2', ...args)
    create('keep')
    {
      using ids = attached(BRIDGE, 'mon0')
      create('blue', '--tenant=acme', '--mirror-ports=all', `--mirror-dest=${ids.name}`)
      assert.equal(mirrorsSeen()[0]?.state, 'ok')
      tool('ovs-vsctl', 'remove', 'Bridge', BRIDGE, 'external_ids', 'ovsd_net.blue')
      assert.match(ok('gc'), /Removed mirror net:blue from bnm0: the network blue has no mirror/)
      assert.equal(mirrorRows(), '')
      ok('del-port', BRIDGE, 'mon0', ids.name)
    }
    ok('net', 'rm', 'keep')
    assert.deepEqual(snapshot(), before)
  })
})

describe('mirror of a network of its own choice', () => {
  it('in or out: the ports of the network as they are now, in its VLAN', async () => {
    using blue = await network('blue', '--vlan=20')
    using red = await network('red', '--vlan=30')
    using ids = attached(BRIDGE, 'mon0', '--vlan=20')
    using a = await member(blue, '10.66.0.1/24')
    using b = await member(blue, '10.66.0.2/24')
    using x = await member(red, '10.66.0.1/24')
    using y = await member(red, '10.66.0.2/24')
    const talk = (): void => {
      for (const one of [a, x]) echo(one, '10.66.0.2')
    }
    talk()
    for (const [sources, direction, seen] of [
      ['network:blue', 'both', ['a>b', 'b>a']],
      ['network:blue', 'out', ['a>b', 'b>a']],
      [`network:blue,${x.name}`, 'out', ['a>b', 'b>a', 'x>y']],
      ['network:blue,network:red', 'both', ['a>b', 'b>a', 'x>y', 'y>x']],
    ] as const) {
      ok('mirror', 'create', 'm1', `--source=${sources}`, `--dest=${ids.name}`, `--direction=${direction}`)
      assert.deepEqual(await gets(ids.path, 'mon0', { a, b, x, y }, talk), seen, `${sources} ${direction}`)
      ok('mirror', 'rm', 'm1')
    }
    ok('mirror', 'create', 'm1', '--source=network:blue', `--dest=${ids.name}`, '--direction=out')
    using c = await member(blue, '10.66.0.3/24')
    echo(c, '10.66.0.1')
    assert.deepEqual(await gets(ids.path, 'mon0', { a, c }, () => echo(c, '10.66.0.1')), ['a>c', 'c>a'])
    ok('mirror', 'rm', 'm1')
    ok('del-port', BRIDGE, 'mon0', ids.name)
  })

  for (const [tag, direction] of [
    ['20', 'both'],
    ['30', 'out'],
  ] as const)
    it(`${direction}: stays of that network, and does not pass to a later one of its name, now in VLAN ${tag}`, async () => {
      using red = await network('red', '--vlan=99')
      using ids = attached(BRIDGE, 'mon0', '--vlan=99')
      const line = ['mirror', 'create', 'm1', '--source=network:blue', `--dest=${ids.name}`, `--direction=${direction}`]
      {
        using blue = await network('blue', '--vlan=20', '--tenant=acme')
        using _a = await member(blue, '10.66.0.1/24')
        ok(...line)
        assert.deepEqual(reasons(), [''])
      }
      assert.deepEqual(reasons(), ['network:blue is gone'])
      using blue = await network('blue', `--vlan=${tag}`, '--tenant=beta')
      using a = await member(blue, '10.66.0.1/24')
      using b = await member(blue, '10.66.0.2/24')
      const talk = (): unknown => echo(a, '10.66.0.2')
      talk()
      assert.deepEqual(await gets(ids.path, 'mon0', { a, b }, talk), [])
      {
        using host = openHost()
        assert.deepEqual(await missingOfMirrors(host), [])
        await carryOut(await keepMirrors(host))
      }
      assert.deepEqual(await gets(ids.path, 'mon0', { a, b }, talk), [])
      assert.deepEqual(reasons(), ['network:blue is gone, and another one has its name now'])
      const again = ovsd([...line, '--may-exist', '--json'])
      assert.match(again.stdout, /"MirrorDiffers".*network:blue \([0-9a-f]{12}\), not network:blue \(/s)
      // Made anew, it is of this one.
      ok('mirror', 'rm', 'm1')
      ok(...line)
      const seen = await gets(ids.path, 'mon0', { a, b }, talk)
      assert.deepEqual(seen, ['a>b', 'b>a'])
      ok('mirror', 'rm', 'm1')
      ok('del-port', BRIDGE, 'mon0', ids.name)
      assert.equal(red.spec.vlan, 99)
    })
})

const reasons = (): readonly string[] => mirrorsSeen().map(({ reason }) => reason)

/** A namespace with a name of its own: the words of a network say names. */
function bareNamed(name: string): BareNamespace {
  tool('ip', 'netns', 'add', name)
  const path = `/run/netns/${name}`
  toolIn(path, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
  return { name, path, [Symbol.dispose]: () => void tool('ip', 'netns', 'del', name) }
}

const macOf = ({ path }: BareNamespace): { readonly mac: string } => {
  const [link] = JSON.parse(toolIn(path, 'ip', '-json', 'link', 'show', 'dev', 'eth1')) as { address: string }[]
  return { mac: link?.address ?? '' }
}
