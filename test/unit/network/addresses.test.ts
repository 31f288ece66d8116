import { strict as assert } from 'node:assert'
import { persistRecord } from '../../../src/lib/attach/persist.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import {
  addressesFor,
  addressIn,
  heldAddresses,
  pickFrom,
  staticAddresses,
  subnetsWithout,
} from '../../../src/lib/network/addresses.ts'
import type { Network } from '../../../src/lib/network/networks.ts'
import { bridgesView } from '../../support/bridges-view.ts'
import { recordedNetwork } from '../../support/networks.ts'
import { attachment, hostWith, ID, TARGET } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const BLUE = recordedNetwork({
  ...{ name: 'blue', subnet: ['10.3.0.0/29', 'fd03::/64'], gateway: ['10.3.0.1'], auxAddress: ['10.3.0.3'] },
})
const STATIC = recordedNetwork({ name: 'static', subnet: ['10.3.0.0/29'], ipam: 'static' })
const OTHER = 'b'.repeat(64)
const TAKER = { id: ID, iface: 'eth1' }

const record = (id: string, addresses: readonly string[], network = 'blue') =>
  persistRecord(
    attachment({
      ...{ network, persist: true, target: { ...TARGET, id } },
      addresses: addresses.map((text) => parseHostCidr(text)),
    }),
  )

async function chosen(network: Network, asked: readonly string[], ids: Readonly<Record<string, string>> = {}) {
  await using view = await bridgesView({ bn0: { ids } })
  return await addressesFor({ ...hostWith(scriptedRunner().run), ovs: view.ovs }, network, TAKER, asked)
}
/** The same record on an access port. */
const inVlan = (tag: number, ids: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(ids).map(([key, value]) => [
      key,
      JSON.stringify({ ...(JSON.parse(value) as object), vlan: { tag, trunks: [], mode: '' } }),
    ]),
  )
const texts = (items: readonly { readonly text: string }[]) => items.map(({ text }) => text)

describe('addressesFor', () => {
  it('gives those asked for, those that it had, and else the lowest that is free', async () => {
    assert.deepEqual(await chosen(BLUE, []), ['10.3.0.2/29', 'fd03::1/64'])
    assert.deepEqual(await chosen(BLUE, ['fd03::9']), ['fd03::9/64', '10.3.0.2/29'])
    const had = record(ID, ['10.3.0.6/29', 'fd03::6/64'])
    assert.deepEqual(await chosen(BLUE, [], had), ['10.3.0.6/29', 'fd03::6/64'])
    assert.deepEqual(await chosen(BLUE, ['10.3.0.5/29'], had), ['10.3.0.5/29', 'fd03::6/64'])
    assert.deepEqual(await chosen(BLUE, [], record(OTHER, ['10.3.0.2/29', 'fd03::1/64'])), [
      '10.3.0.4/29',
      'fd03::2/64',
    ])
  })

  it('gives of a network that gives none only those asked for, and asks for one', async () => {
    assert.deepEqual(await chosen(STATIC, ['10.3.0.5']), ['10.3.0.5/29'])
    assert.deepEqual(await chosen(STATIC, [], record(ID, ['10.3.0.6/29'], 'static')), ['10.3.0.6/29'])
    await assert.rejects(chosen(STATIC, []), { code: 'BadInput', message: /^--ip: .*\(ipam static\)/ })
    assert.deepEqual(await chosen(recordedNetwork({ name: 'bare' }), []), [])
  })
})

describe('heldAddresses', () => {
  it('tells those of the interface from those that others have in the VLAN; forged records count for nothing', async () => {
    const [[key, value] = ['', '']] = Object.entries(record('c'.repeat(64), ['10.3.0.5/29']))
    const ids = {
      ...record(ID, ['10.3.0.6/29']),
      ...record(OTHER, ['10.3.0.2/29', 'fd03::2/64']),
      ...record('d'.repeat(64), ['10.3.0.4/29'], 'red'),
      ...inVlan(9, record('e'.repeat(64), ['10.3.0.3/29'], 'red')),
      [key]: value.replace('"10.3.0.5/29"', '5'),
    }
    await using view = await bridgesView({ bn0: { ids } })
    const { own, others } = await heldAddresses({ ...hostWith(scriptedRunner().run), ovs: view.ovs }, BLUE, TAKER)
    assert.deepEqual([own, [...others]], [['10.3.0.6'], ['10.3.0.2', 'fd03::2', '10.3.0.4']])
  })
})

describe('subnetsWithout', () => {
  it('names the subnets that still have to give an address', () => {
    const left = (network: Network, ...addresses: string[]) =>
      subnetsWithout(
        network,
        addresses.map((text) => parseHostCidr(text)),
      ).map(({ cidr }) => cidr.text)
    assert.deepEqual(left(BLUE), ['10.3.0.0/29', 'fd03::/64'])
    assert.deepEqual(left(BLUE, '10.3.0.2/29'), ['fd03::/64'])
    assert.deepEqual(left(BLUE, '10.4.0.2/29'), ['10.3.0.0/29', 'fd03::/64'])
    assert.deepEqual([left(BLUE, 'fd03::7/64', '10.3.0.2/29'), left(STATIC)], [[], []])
  })
})

describe('addressIn', () => {
  it('finds what a container can have, with the prefix length of the subnet', () => {
    const [subnet] = BLUE.spec.subnets
    assert.ok(subnet !== undefined)
    const none = ['x', '', '10.3.0.1/29', '10.3.0.3', '10.3.0.0', '10.3.0.7', '10.3.1.2', 'fd03::2']
    assert.equal(addressIn(subnet, none), undefined)
    assert.equal(addressIn(subnet, [...none, '10.3.0.6/24', '10.3.0.2'])?.text, '10.3.0.6/29')
  })
})

describe('pickFrom and staticAddresses', () => {
  it('give whole addresses, or say why not', () => {
    const [subnet] = BLUE.spec.subnets
    assert.ok(subnet !== undefined)
    assert.equal(pickFrom(BLUE, subnet, new Set(['10.3.0.2'])).text, '10.3.0.4/29')
    assert.throws(() => pickFrom(BLUE, subnet, { has: () => true }), { code: 'PoolExhausted' })
    assert.deepEqual(texts(staticAddresses(BLUE, ['10.3.0.6', 'fd03::6/64'], '--ip')), ['10.3.0.6/29', 'fd03::6/64'])
    assert.throws(() => staticAddresses(BLUE, ['10.3.0.6', '10.3.0.5'], '--ip'), { code: 'BadInput' })
  })
})
