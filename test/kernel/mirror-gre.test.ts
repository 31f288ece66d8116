// Copies through a GRE tunnel to another host: what arrives there, captured on its link.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { hostView, complaintsSince } from '../support/host-view.ts'
import { attached, echo, mirrorRows, mirrorsSeen, type Attached } from '../support/mirrors.ts'
import { json, ok, ovsd } from '../support/ovsd.ts'
import { sniffer } from '../support/sniffer.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { wayOut, type WayOut } from '../support/way-out.ts'

function site() {
  const bridge = testBridge()
  const web = attached(bridge.name, 'eth1', '--ipaddress=10.66.0.1/24', '--vlan=10')
  const db = attached(bridge.name, 'eth1', '--ipaddress=10.66.0.2/24', '--vlan=10')
  const out = wayOut()
  echo(web, '10.66.0.2')
  return {
    ...{ bridge: bridge.name, web, db, out },
    [Symbol.dispose]() {
      for (const one of [bridge, web, db, out]) one[Symbol.dispose]()
    },
  }
}

/** Lines of the echo requests and answers that arrive in tunnels. */
async function arrive({ path, link }: WayOut, during: () => unknown): Promise<readonly string[]> {
  const capture = await sniffer(link, 'proto 47 or ip6 proto 47', path)
  await during()
  return (await capture.stop()).filter((line) => line.includes('ICMP echo'))
}

describe('mirror to a tunnel', () => {
  for (const version of ['there', 'there6'] as const)
    it(`${version === 'there' ? 'IPv4' : 'IPv6'}: whole frames arrive, without tags; after rm none`, async () => {
      using at = site()
      const before = snapshot()
      const view = hostView(at.bridge, at.out.bridge)
      const dest = `gre:${at.out[version]}`
      const made = json('mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=${dest}`) as { tagged: boolean }
      assert.equal(made.tagged, false)
      assert.deepEqual([mirrorsSeen()[0]?.dest, mirrorsSeen()[0]?.state], [dest, 'ok'])
      // The first one finds the way.
      echo(at.web, '10.66.0.2')
      const lines = await arrive(at.out, () => echo(at.web, '10.66.0.2'))
      assert.equal(lines.length, 2, lines.join('\n'))
      const inner = (from: Attached, to: Attached): string => `${from.mac} > ${to.mac}, ethertype IPv4`
      assert.match(lines[0] ?? '', new RegExp(inner(at.web, at.db)))
      assert.match(lines[1] ?? '', new RegExp(inner(at.db, at.web)))
      // Of what the tunnel brings in nothing gets onto the bridge, and it is no attachment.
      const [port = ''] = /\S+_m/.exec(tool('ovs-vsctl', 'list-ports', at.bridge)) ?? []
      assert.equal(tool('ovs-vsctl', 'get', 'Port', port, 'tag').trim(), '4095')
      assert.equal((json('list') as { attachments: unknown[] }).attachments.length, 2)
      assert.deepEqual(await arrive(at.out, () => ok('mirror', 'rm', 'm1')), [])
      assert.deepEqual(await arrive(at.out, () => echo(at.web, '10.66.0.2')), [])
      assert.deepEqual(snapshot(), before)
      assert.deepEqual(complaintsSince(view), [])
    })

  it('should the mirror go and its tunnel stay, nothing of the bridge gets out, and gc removes it', async () => {
    using at = site()
    const before = snapshot()
    ok('mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=gre:${at.out.there}`)
    tool('ovs-vsctl', 'clear', 'Bridge', at.bridge, 'mirrors')
    // What ovs-vswitchd 3.1.0 knows already it goes on copying when somebody else takes a mirror away.
    tool('ovs-appctl', 'revalidator/purge')
    // A broadcast goes to every port of its VLAN.
    const capture = await sniffer(at.out.link, 'proto 47', at.out.path)
    tool('nsenter', `--net=${at.web.path}`, 'sh', '-c', 'arping -c 1 -w 1 -I eth1 10.66.0.99; true')
    assert.deepEqual(await capture.stop(), [])
    assert.match(ok('gc'), /Removed \S+_m from \S+: its mirror is gone/)
    assert.deepEqual(snapshot(), before)
  })

  it('this host, a host without a route, one behind the bridge, and one that is reached over no bridge: refused', () => {
    using at = site()
    const refused = (ip: string): string => {
      const line = ['mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=gre:${ip}`, '--json']
      const { error } = JSON.parse(ovsd(line).stdout) as { error: { code: string; message: string } }
      assert.equal(mirrorRows(), '')
      return `${error.code} ${error.message}`
    }
    assert.match(refused(at.out.here), /^BadInput --dest: .* is an address of this host/)
    assert.match(refused('192.0.2.77'), /^MirrorDestUnfit This host has no route to 192\.0\.2\.77/)
    tool('ip', 'address', 'add', '198.18.0.1/24', 'dev', at.bridge)
    tool('ip', 'link', 'set', at.bridge, 'up')
    assert.match(refused('198.18.0.7'), /^MirrorDestUnfit .* over \S+ itself/)
    tool('ip', 'link', 'add', 'bare0', 'type', 'veth', 'peer', 'name', 'bare1')
    tool('ip', 'address', 'add', '198.19.0.1/24', 'dev', 'bare0')
    for (const link of ['bare0', 'bare1']) tool('ip', 'link', 'set', link, 'up')
    assert.match(refused('198.19.0.7'), /^MirrorDestUnfit .* bare0, which is on no bridge/)
    tool('ip', 'link', 'del', 'bare0')
  })

  it('a tunnel that somebody took away is made again by the same command', async () => {
    using at = site()
    const line = ['mirror', 'create', 'm1', `--source=${at.web.name}`, `--dest=gre:${at.out.there}`]
    ok(...line)
    tool('ovs-vsctl', 'del-port', /\S+_m/.exec(tool('ovs-vsctl', 'list-ports', at.bridge))?.[0] ?? '')
    assert.equal(mirrorsSeen()[0]?.state, 'no output')
    assert.equal((json(...line) as { status: string }).status, 'completed')
    echo(at.web, '10.66.0.2')
    assert.equal((await arrive(at.out, () => echo(at.web, '10.66.0.2'))).length, 2)
    ok('mirror', 'rm', 'm1')
  })
})
