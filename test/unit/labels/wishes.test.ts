import { strict as assert } from 'node:assert'
import { KEYS } from '../../../src/lib/labels/keys.ts'
import { MOST_INTERFACES, wishesOf, type Defaults, type Wish } from '../../../src/lib/labels/wishes.ts'

const ID = 'c474a0e2830e'.padEnd(64, '0')
const DEFAULTS: Defaults = { bridge: 'ovsbr0', iface: 'eth1', networks: [], container: ID }

const wishes = (labels: Readonly<Record<string, string>>, more: Partial<Defaults> = {}): readonly Wish[] =>
  wishesOf(labels, { ...DEFAULTS, ...more })

/** The parts of a wish that tests compare, as text. */
function shape(wish: Wish | undefined): Readonly<Record<string, unknown>> {
  if (wish?.kind !== 'wanted') assert.fail(JSON.stringify(wish))
  const { bridge, iface, addresses, gateways, routes, mac, mtu, vlan, rate, tenant } = wish.request
  return {
    bridge,
    iface,
    addresses: addresses.map(({ text }) => text),
    ...(gateways.length === 0 ? {} : { gateways: gateways.map(({ text }) => text) }),
    ...(routes.length === 0
      ? {}
      : { routes: routes.map(({ to, via }) => to.text + (via === undefined ? '' : ` ${via.text}`)) }),
    ...Object.fromEntries(Object.entries({ mac, mtu, rate, tenant }).filter(([, value]) => value !== undefined)),
    ...(vlan.kind === 'none' ? {} : { vlan }),
  }
}

/** The refusals among wishes: interface, code, label. */
const refusals = (all: readonly Wish[]) =>
  all.flatMap((wish) => (wish.kind === 'refused' ? [[wish.iface, wish.refusal.code, wish.refusal.label]] : []))

/** The one refusal of labels that ask for one thing that they do not get. */
function refusal(labels: Readonly<Record<string, string>>, more: Partial<Defaults> = {}) {
  const all = wishes(labels, more)
  const [wish] = all
  if (all.length !== 1 || wish?.kind !== 'refused') assert.fail(JSON.stringify(all, (_, v: unknown) => String(v)))
  return { iface: wish.iface, ...wish.refusal }
}

const BASE = { bridge: 'ovsbr0', iface: 'eth1', addresses: ['10.0.0.2/24'] }

describe('wishesOf', () => {
  it('asks for nothing without labels of ovsd', () => {
    assert.deepEqual(wishes({}), [])
    assert.deepEqual(wishes({ maintainer: 'x', ovs: '1', 'ovsd.ip_address': '10.0.0.2/24', 'OVS.mtu': '1' }), [])
  })

  it('leaves what other programs write below ovs. alone', () => {
    assert.deepEqual(wishes({ 'ovs.port.manager.version': '1', 'ovs.io.kubernetes.pod': 'x' }), [])
  })

  it('needs nothing but an address', () => {
    const [wish, ...more] = wishes({ 'ovs.ip_address': '10.0.0.2/24' })
    assert.deepEqual([shape(wish), more], [BASE, []])
    assert.ok(wish?.kind === 'wanted')
    assert.deepEqual([wish.request.owner, wish.request.container, wish.external], ['watch', ID, undefined])
  })

  it('takes every key', () => {
    const [wish] = wishes({
      'ovs.ip_address': '10.0.0.2/24, fd00::2/64 10.0.1.2/24',
      'ovs.bridge': 'br1',
      'ovs.interface': 'net0',
      'ovs.gateway': '10.0.0.1,fd00::1',
      'ovs.mtu': '1400',
      'ovs.mac_address': '02:42:0A:00:00:02',
      'ovs.trunks': '10, 20-22',
      'ovs.native_vlan': '5',
      'ovs.tenant': 'blue',
      'ovs.routes': '10.1.0.0/16,10.0.0.254 10.2.0.0/16; 10.3.0.0/16 via 10.0.0.253',
      'ovs.rate': '100M',
      'ovs.external_ip': '192.0.2.10',
      'ovs.external_gateway': '192.0.2.1',
      'ovs.external_interface': 'eth0',
    })
    assert.deepEqual(shape(wish), {
      bridge: 'br1',
      iface: 'net0',
      addresses: ['10.0.0.2/24', 'fd00::2/64', '10.0.1.2/24'],
      gateways: ['10.0.0.1', 'fd00::1'],
      routes: ['10.1.0.0/16 10.0.0.254', '10.2.0.0/16', '10.3.0.0/16 10.0.0.253'],
      mac: '02:42:0a:00:00:02',
      mtu: 1400,
      rate: 100_000,
      tenant: 'blue',
      vlan: { kind: 'native', tag: 5, trunks: [10, 20, 21, 22] },
    })
    assert.ok(wish?.kind === 'wanted')
    const { ip, gateway, link } = wish.external ?? {}
    assert.deepEqual([ip?.text, gateway?.text, link], ['192.0.2.10', '192.0.2.1', 'eth0'])
    assert.equal(wish.labels.size, 14)
  })

  it('gives several interfaces, each from its own labels, in an order that does not depend on theirs', () => {
    const labels = {
      'ovs.eth10.ip_address': '10.0.10.2/24',
      'ovs.eth2.ip_address': '10.0.2.2/24',
      'ovs.eth2.vlan': '7',
      'ovs.eth1.100.ip_address': '10.0.3.2/24',
      'ovs.ip_address': '10.0.0.2/24',
      'ovs.interface': 'net7',
    }
    const expected = [
      { ...BASE, iface: 'net7' },
      { ...BASE, iface: 'eth2', addresses: ['10.0.2.2/24'], vlan: { kind: 'access', tag: 7 } },
      { ...BASE, iface: 'eth10', addresses: ['10.0.10.2/24'] },
      { ...BASE, iface: 'eth1.100', addresses: ['10.0.3.2/24'] },
    ]
    assert.deepEqual(wishes(labels).map(shape), expected)
    assert.deepEqual(wishes(Object.fromEntries(Object.entries(labels).reverse())).map(shape), expected)
  })

  it('joins plain labels with those that name the same interface', () => {
    const labels = { 'ovs.eth1.ip_address': '10.0.0.2/24', 'ovs.mtu': '1400', 'ovs.eth1.mtu': '1400' }
    assert.deepEqual(wishes(labels).map(shape), [{ ...BASE, mtu: 1400 }])
    assert.deepEqual(refusals(wishes({ ...labels, 'ovs.mtu': '1401' })), [['eth1', 'LabelConflict', 'ovs.mtu']])
  })

  it('takes an interface without an address where its own labels say where it belongs', () => {
    for (const key of ['bridge', 'vlan', 'trunks', 'native_vlan'])
      assert.deepEqual(shape(wishes({ [`ovs.eth2.${key}`]: '10' })[0])['addresses'], [])
    for (const labels of [{ 'ovs.eth2.mtu': '1400' }, { 'ovs.eth2.mac_address': '02:42:0a:00:00:02' }]) {
      const { iface, label, message } = refusal(labels)
      assert.deepEqual([iface, label], ['eth2', 'ovs.eth2.ip_address'])
      assert.match(message, /missing.*\.bridge/)
    }
  })

  it('refuses plain labels without an address, and the other interfaces get theirs', () => {
    const { iface, code, label, message } = refusal({ 'ovs.bridge': 'br1' })
    assert.deepEqual([iface, code, label], ['eth1', 'BadInput', 'ovs.ip_address'])
    assert.match(message, /missing, so ovs\.bridge/)
    const [first, second] = wishes({ 'ovs.bridge': 'br1', 'ovs.eth2.ip_address': '10.0.0.2/24' })
    assert.equal(first?.kind, 'refused')
    assert.deepEqual(shape(second), { ...BASE, iface: 'eth2' })
  })

  it('uses the defaults where labels say nothing', () => {
    const more = { bridge: 'br7', iface: 'net1', mtu: 1400, externalInterface: 'eno1' }
    const labels = { 'ovs.ip_address': '10.0.0.2/24', 'ovs.external_ip': '192.0.2.10' }
    const [wish] = wishes(labels, more)
    assert.deepEqual(shape(wish), { ...BASE, bridge: 'br7', iface: 'net1', mtu: 1400 })
    assert.ok(wish?.kind === 'wanted')
    assert.equal(wish.external?.link, 'eno1')
    assert.equal(shape(wishes({ ...labels, 'ovs.mtu': '1300' }, more)[0])['mtu'], 1300)
    // A default for external addresses asks for none.
    assert.equal(shape(wishes({ 'ovs.ip_address': '10.0.0.2/24' }, more)[0])['mtu'], 1400)
    const { label } = refusal({ 'ovs.ip_address': 'fd00::2/64' }, { mtu: 1000 })
    assert.equal(label, 'the default MTU')
  })

  const IP = { 'ovs.ip_address': '10.0.0.2/24' }
  const wrong: readonly (readonly [label: string, value: string, more?: Readonly<Record<string, string>>])[] = [
    ['ovs.ip_address', '10.0.0/24'],
    ['ovs.ip_address', '10.0.0.2/24,10.0.0.2/24'],
    ['ovs.ip_address', '10.0.0.2/24\n'],
    ['ovs.ip_address', '10.0.0.2/24\0'],
    ['ovs.ip_address', '$(reboot)'],
    ['ovs.ip_address', ''],
    ['ovs.ip_address', '   '],
    ['ovs.ip_address', 'x'.repeat(65_536)],
    ['ovs.eth2.ip_address', '10.0.0.255/24'],
    ['ovs.bridge', '-- del-br br0'],
    ['ovs.bridge', 'bridge-of-sixteen'],
    ['ovs.bridge', ''],
    ['ovs.interface', 'a/b'],
    ['ovs.interface', 'lo'],
    ['ovs.gateway', 'fd00::1'],
    ['ovs.gateway', '10.0.0.2'],
    ['ovs.mtu', '1e3'],
    ['ovs.mac_address', '01:00:5e:00:00:01'],
    ['ovs.mac_address', '\u202E02:42:0a:00:00:02'],
    ['ovs.vlan', '4095'],
    ['ovs.vlan', '10,20'],
    ['ovs.vlan', '0x10'],
    ['ovs.vlan', ''],
    ['ovs.trunks', '10-'],
    ['ovs.trunks', Array.from({ length: 2000 }, () => '10').join(',')],
    ['ovs.native_vlan', '0'],
    ['ovs.tenant', 'a b'],
    ['ovs.routes', '10.1.0.0/16,10.9.9.9'],
    ['ovs.routes', '10.1.0.0/16,10.0.0.1,10.2.0.0/16'],
    ['ovs.rate', 'fast'],
    ['ovs.external_ip', 'fd00::1', { 'ovs.external_interface': 'eth0' }],
    ['ovs.external_ip', '192.0.2.10'],
    ['ovs.external_gateway', '192.0.2.1'],
    ['ovs.external_interface', 'eth0'],
    ['ovs.external_interface', '-x', { 'ovs.external_ip': '192.0.2.10' }],
  ]
  for (const [label, value, more = {}] of wrong)
    it(`refuses ${label}=${JSON.stringify(value).slice(0, 60)}`, () => {
      const found = refusal({ ...(label.includes('eth2') ? {} : IP), ...more, [label]: value })
      const { code, message, next = '' } = found
      assert.deepEqual([code, found.label], ['BadInput', label])
      assert.ok(message.startsWith(`${found.label}: `), message)
      assert.ok(message.length < 300, message)
      assert.doesNotMatch(message + next, /[^ -~…]/)
      assert.match(next, /^A good value looks like this: ./)
    })

  it('knows every key by its name, so that a slip is found', () => {
    assert.equal(KEYS.length, 16)
    for (const key of KEYS) {
      const { code, next = '' } = refusal({ [`ovs.${key}x`]: '1' })
      assert.deepEqual([code, next], ['UnknownLabel', `Did you mean ovs.${key}?`])
    }
  })

  const unknown: readonly (readonly [label: string, iface: string, next: string])[] = [
    ['ovs.vlna', '', 'Did you mean ovs.vlan?'],
    ['ovs.eth2.vlna', 'eth2', 'Did you mean ovs.eth2.vlan?'],
    ['ovs.eth2.address', 'eth2', 'The labels are listed in ovsd-policy(5).'],
    ['ovs.external.ip', 'external', 'Did you mean ovs.external_ip?'],
    ['ovs.frobnicate', '', 'The labels are listed in ovsd-policy(5).'],
    ['ovs.eth2.interface', 'eth2', 'Leave it out: eth2 is the name of the interface.'],
    ['ovs.', '', 'The labels are listed in ovsd-policy(5).'],
    ['ovs.constructor', '', 'The labels are listed in ovsd-policy(5).'],
  ]
  for (const [label, iface, next] of unknown)
    it(`refuses ${label}, which is no label`, () => {
      assert.deepEqual(refusal({ [label]: '10' }), {
        iface,
        code: 'UnknownLabel',
        label,
        message: `${label}: ovsd knows no such label.`,
        next,
      })
    })

  it('refuses an interface for an unknown label of it, and no other', () => {
    const labels = { 'ovs.ip_address': '10.0.0.2/24', 'ovs.eth2.ip_address': '10.0.1.2/24' }
    assert.deepEqual(refusals(wishes({ ...labels, 'ovs.vlna': '7' })), [['eth1', 'UnknownLabel', 'ovs.vlna']])
    assert.deepEqual(refusals(wishes({ ...labels, 'ovs.eth2.foo': '7' })), [['eth2', 'UnknownLabel', 'ovs.eth2.foo']])
    assert.deepEqual(refusals(wishes({ ...labels, 'ovs.eth3.foo': '7' })), [['eth3', 'UnknownLabel', 'ovs.eth3.foo']])
  })

  it('refuses the later of two interfaces with one address in one VLAN of a bridge', () => {
    const labels = { 'ovs.ip_address': '10.0.0.2/24', 'ovs.eth2.ip_address': '10.0.9.9/24,10.0.0.2/16' }
    assert.deepEqual(refusals(wishes(labels)), [['eth2', 'LabelConflict', 'ovs.eth2.ip_address']])
    for (const other of [{ 'ovs.eth2.bridge': 'br1' }, { 'ovs.eth2.vlan': '7' }])
      assert.deepEqual(refusals(wishes({ ...labels, ...other })), [])
  })

  it('shows of odd labels what can be shown', () => {
    for (const iface of ['a\u001B[2J', 'x'.repeat(65_536), 'a\nb', '\u202E', '$(reboot)', '../x', 'lo', '']) {
      const found = refusal({ [`ovs.${iface}.ip_address`]: '10.0.0.2/24' })
      assert.ok(found.code === 'BadInput' || iface === '', found.code)
      assert.ok(JSON.stringify(found).length < 600, JSON.stringify(found).slice(0, 600))
      assert.doesNotMatch(Object.values(found).join(''), /[^ -~…]/)
    }
  })

  it('bounds what one container can ask for', () => {
    const many = (count: number, name: (i: number) => string) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), '10']))
    const found = wishes(many(256, (i) => `ovs.eth${i}.vlan`))
    assert.equal(found.length, MOST_INTERFACES + 1)
    assert.deepEqual(refusals(found).length, 1)
    assert.equal(wishes(many(256, (i) => `ovs.x${i}`)).length, MOST_INTERFACES)
    // Each unknown label is compared with all that there are, and nothing else is done meanwhile.
    const begun = performance.now()
    const labels = { 'ovs.ip_address': '10.0.0.2/24', ...many(20_000, (i) => `ovs.eth1.x${i}`) }
    assert.deepEqual(refusals(wishes(labels)), [['', 'LabelConflict', 'ovs.']])
    assert.ok(performance.now() - begun < 1000)
  })
})
