// Every single thing that somebody may change about an attachment is seen without a process, and put right by one look.
import { strict as assert } from 'node:assert'
import { portName } from '../../src/lib/attach/attachment.ts'
import { targetOf } from '../../src/lib/attach/target.ts'
import { procNet } from '../../src/lib/net/proc-net.ts'
import { attachmentFor } from '../../src/lib/plan/attach-port.ts'
import { parseAttach, type AttachRequest } from '../../src/lib/plan/request.ts'
import { inPlace } from '../../src/lib/reconcile/in-place.ts'
import { ownPorts } from '../../src/lib/reconcile/own-ports.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { Reconciling } from '../support/reconciling.ts'
import type { Sleeper } from '../support/sleepers.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'

const WORDS = {
  ...{ ip_address: '10.0.0.2/24,10.9.0.1/32,fd00::2/64', gateway: '10.0.0.1,fd00::1' },
  ...{ routes: '10.1.0.0/16,10.0.0.254;10.2.0.1/32;fd01::/48,fd00::9', vlan: '7', rate: '10M', mtu: '1400' },
}

/** The same words as labels and as a request. */
const list = (text: string, separator = ','): readonly string[] => text.split(separator)
const requestFor = (bridge: TestBridge): AttachRequest =>
  parseAttach({
    ...{ bridge: bridge.name, iface: 'eth1', container: 'x', owner: 'watch', ipaddress: list(WORDS.ip_address) },
    ...{ gateway: list(WORDS.gateway), route: list(WORDS.routes, ';'), vlan: WORDS.vlan, rate: WORDS.rate },
    mtu: WORDS.mtu,
  })
const labelsFor = (bridge: TestBridge) => ({
  'ovs.bridge': bridge.name,
  ...Object.fromEntries(Object.entries(WORDS).map(([key, value]) => [`ovs.${key}`, value])),
})

describe('what is in place', () => {
  let all: AsyncDisposableStack
  let bridge: TestBridge
  let site: Reconciling
  let web: Sleeper
  let port: string

  beforeEach(async () => {
    all = new AsyncDisposableStack()
    bridge = all.use(testBridge())
    site = all.use(await Reconciling.open())
    web = await site.engine.run(labelsFor(bridge))
    port = portName(web.id, 'eth1')
    assert.deepEqual(await site.look(web), ['+ c0 eth1'])
    assert.equal(await isInPlace(), true)
  })

  afterEach(() => all.disposeAsync())

  const isInPlace = async (request = requestFor(bridge)): Promise<boolean> => {
    const container = (await site.host.docker.find(web.id)) ?? assert.fail('no container')
    const [own] = await ownPorts(site.host, web.id)
    return inPlace(attachmentFor(request, targetOf(container)), own?.where, procNet(web.pid))
  }
  const ip = (...args: string[]): string => toolIn(web.netns, 'ip', ...args)
  const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args)
  const mark = (pair: string): string => vsctl('set', 'Interface', port, `external_ids:${pair}`)

  const inside: Readonly<Record<string, () => unknown>> = {
    'an IPv4 address is missing': () => ip('address', 'del', '10.0.0.2/24', 'dev', 'eth1'),
    'a single address is missing': () => ip('address', 'del', '10.9.0.1/32', 'dev', 'eth1'),
    'an IPv6 address is missing': () => ip('address', 'del', 'fd00::2/64', 'dev', 'eth1'),
    'an IPv4 prefix is longer': () => {
      ip('address', 'del', '10.0.0.2/24', 'dev', 'eth1')
      ip('address', 'add', '10.0.0.2/25', 'dev', 'eth1')
    },
    'an IPv6 prefix is longer': () => {
      ip('address', 'del', 'fd00::2/64', 'dev', 'eth1')
      ip('address', 'add', 'fd00::2/65', 'dev', 'eth1', 'nodad')
    },
    'an address is on another interface': () => {
      ip('address', 'del', '10.0.0.2/24', 'dev', 'eth1')
      ip('link', 'add', 'eth5', 'type', 'veth', 'peer', 'name', 'far5')
      ip('address', 'add', '10.0.0.2/32', 'dev', 'eth5')
    },
    'a route is missing': () => ip('route', 'del', '10.1.0.0/16'),
    'a route to a single address is missing': () => ip('route', 'del', '10.2.0.1'),
    'an IPv6 route is missing': () => ip('route', 'del', 'fd01::/48'),
    'a route goes elsewhere': () => ip('route', 'replace', '10.1.0.0/16', 'via', '10.0.0.77', 'dev', 'eth1'),
    'the gateway is missing': () => ip('route', 'del', 'default'),
    'the gateway is another': () => ip('route', 'replace', 'default', 'via', '10.0.0.7', 'dev', 'eth1'),
    'the IPv6 gateway is missing': () => ip('-6', 'route', 'del', 'default'),
    'the interface is down': () => ip('link', 'set', 'eth1', 'down'),
    'the interface has another name': () => {
      ip('link', 'set', 'eth1', 'down')
      ip('link', 'set', 'eth1', 'name', 'eth9')
    },
    'the interface is gone': () => ip('link', 'del', 'eth1'),
  }
  const outside: Readonly<Record<string, () => unknown>> = {
    'the VLAN is another': () => vsctl('set', 'Port', port, 'tag=8'),
    'the VLAN is gone': () => vsctl('clear', 'Port', port, 'tag'),
    'the port is a trunk as well': () => vsctl('set', 'Port', port, 'trunks=9'),
    'the port has another mode': () => vsctl('set', 'Port', port, 'vlan_mode=native-untagged'),
    'the limit is another': () => vsctl('set', 'Interface', port, 'ingress_policing_rate=5'),
    'the limit is gone': () => vsctl('set', 'Interface', port, 'ingress_policing_rate=0'),
    'the marks are of another life': () => mark('ovsd_generation=earlier'),
    'the marks tell of other settings': () => mark('ovsd_spec="{}"'),
    'the marks do not tell the settings': () => vsctl('remove', 'Interface', port, 'external_ids', 'ovsd_spec'),
    'the mark of an address is gone': () => vsctl('remove', 'Interface', port, 'external_ids', 'ovsd_ip.10.0.0.2'),
    'ovs-vswitchd cannot use the port': () => vsctl('--no-syslog', 'set', 'Interface', port, 'type=nonsense'),
    'the port is gone': () => vsctl('del-port', port),
    'the bridge is gone': () => vsctl('del-br', bridge.name),
    'the link is gone': () => tool('ip', 'link', 'del', port),
  }
  for (const [what, damage] of Object.entries({ ...inside, ...outside }))
    it(`is not, when ${what}; one look puts it right`, async () => {
      const { inside: before } = snapshot(web.netns)
      damage()
      assert.equal(await isInPlace(), false)
      const said = await site.look(web)
      assert.equal(said.length, 1)
      assert.match(said[0] ?? '', /^[+~] c0 eth1/)
      assert.equal(await isInPlace(), true)
      // What somebody added stays.
      const kept = (lines: readonly string[]) => lines.filter((line) => !/eth5|far5|10\.0\.0\.\d\/25/.test(line))
      // Another bridge is another link to its container.
      if (!what.startsWith('the bridge')) assert.deepEqual(kept(snapshot(web.netns).inside), before)
      await site.look(web)
      assert.deepEqual(site.started, [])
    })

  const handedOver: Readonly<Record<string, () => unknown>> = {
    "the marks are another owner's": () => mark('ovsd_owner=cli'),
    'the marks say that it is persistent': () => mark('ovsd_persist=1'),
    'the marks are gone': () => vsctl('remove', 'Interface', port, 'external_ids', 'ovsd'),
    'the marks are of another interface': () => mark('container_iface=eth7'),
    'the port is on another bridge': () => {
      vsctl('add-br', 'bk-other', '--', 'set', 'Bridge', 'bk-other', 'datapath_type=netdev')
      const uuid = vsctl('get', 'Port', port, '_uuid').trim()
      vsctl('remove', 'Bridge', bridge.name, 'ports', uuid, '--', 'add', 'Bridge', 'bk-other', 'ports', uuid)
      all.defer(() => void vsctl('del-br', 'bk-other'))
    },
  }
  for (const [what, act] of Object.entries(handedOver))
    it(`is not, when ${what}; that is left alone and told once`, async () => {
      act()
      const before = snapshot(web.netns)
      assert.equal(await isInPlace(), false)
      const said = await site.look(web)
      assert.equal(said.length, 1)
      assert.match(said[0] ?? '', /^! c0 eth1 (AttachedByOther|PortMoved|LinkNameTaken|InterfaceExists)$/)
      assert.deepEqual(snapshot(web.netns), before)
      assert.deepEqual(await site.look(web), [])
    })

  const wishes: Readonly<Record<string, Partial<AttachRequest>>> = {
    'another bridge': { bridge: 'br9' as AttachRequest['bridge'] },
    'another interface': { iface: 'eth2' as AttachRequest['iface'] },
    'no address': { addresses: [] },
    'another MTU': { mtu: 1300 },
    'another MAC': { mac: '02:00:00:00:00:01' as NonNullable<AttachRequest['mac']> },
    'no VLAN': { vlan: { kind: 'none' } },
    'another rate': { rate: 5 },
    'another owner': { owner: 'net' },
    'to be persistent': { persist: true },
  }
  for (const [what, more] of Object.entries(wishes))
    it(`is not, when what is wanted is ${what}`, async () => {
      assert.equal(await isInPlace({ ...requestFor(bridge), ...more }), false)
    })

  it('is not, when there is nothing to be seen', async () => {
    const container = (await site.host.docker.find(web.id)) ?? assert.fail('no container')
    const [own] = await ownPorts(site.host, web.id)
    const wanted = attachmentFor(requestFor(bridge), targetOf(container))
    assert.equal(inPlace(wanted, own?.where, undefined), false)
    assert.equal(inPlace(wanted, undefined, procNet(web.pid)), false)
  })
})
