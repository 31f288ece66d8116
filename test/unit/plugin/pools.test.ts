// Pools of addresses: what their ids say, which network is made with them, and what is held.
import { strict as assert } from 'node:assert'
import { OvsdError } from '../../../src/lib/errors.ts'
import { parseIp } from '../../../src/lib/net/ip-address.ts'
import type { NetworkSpec } from '../../../src/lib/network/spec.ts'
import { partsOf, poolNamed } from '../../../src/lib/plugin/ipam/pool.ts'
import { Pools } from '../../../src/lib/plugin/ipam/pools.ts'
import { addressRequest, poolRequest } from '../../../src/lib/plugin/ipam/requests.ts'

const made = (pools: Pools, subnet = '10.0.0.0/24', range = '') => {
  const parts = partsOf(subnet, range)
  return pools.add(parts.subnet, parts.range)
}
/** A network as Docker makes it, with the addresses that it keeps. */
const asks = (pool: string, gateway = '', aux: Readonly<Record<string, string>> = {}) => ({ pool, gateway, aux })
const network = (...pools: string[]) => ({ pools }) as unknown as NetworkSpec

describe('a pool of addresses', () => {
  it('is all in its id', () => {
    const { id } = made(new Pools(), '10.0.0.0/24', '10.0.0.128/25')
    const { subnet, range } = poolNamed(id)
    assert.deepEqual(
      [id.slice(0, -8), subnet.text, range.text],
      ['10.0.0.0/24,10.0.0.128/25,', '10.0.0.0/24', '10.0.0.128/25'],
    )
    assert.equal(poolNamed(made(new Pools(), 'fd00::/64').id).range.text, 'fd00::/64')
    for (const bad of [
      '',
      'x',
      '10.0.0.0/24',
      '10.0.0.0/24,10.1.0.0/25,01234567',
      '10.0.0.0/24,10.0.0.0/24,xyz',
      `${id},1`,
    ])
      assert.throws(() => poolNamed(bad), /PoolID/)
    assert.throws(
      () => partsOf('10.0.0.0/24', '10.0.0.0/16'),
      (error) => error instanceof OvsdError && error.message.includes('--ip-range'),
    )
    assert.throws(() => partsOf('10.0.0.7/24', ''), /--subnet/)
  })

  it('belongs to the network that is made with its subnet, or, where that is not certain, to each that may be meant', () => {
    const pools = new Pools()
    const one = made(pools)
    const six = made(pools, 'fd00::/64')
    made(pools, '10.1.0.0/24')
    assert.deepEqual(pools.idsFor([asks('10.0.0.0/24'), asks('fd00::/64')], []), [one.id, six.id])
    const other = made(pools)
    assert.deepEqual(pools.idsFor([asks('10.0.0.0/24')], [network(one.id, six.id)]), [other.id])
    const third = made(pools)
    const both = pools.idsFor([asks('10.0.0.0/24')], [network(one.id)])
    assert.deepEqual(both, [other.id, third.id])
    assert.deepEqual(pools.idsFor([asks('10.0.0.0/24')], [network(one.id), network(...both)]), both)
    pools.remove(other.id)
    assert.deepEqual(pools.idsFor([asks('10.0.0.0/24')], [network(one.id), network(...both)]), [third.id])
  })

  it('belongs to no network when Docker never asked anything of it, its answer having been lost', () => {
    const pools = new Pools()
    const lost = [made(pools), made(pools), made(pools)]
    const one = made(pools)
    pools.hold(one, parseIp('10.0.0.1', 'ip'))
    pools.hold(one, parseIp('10.0.0.9', 'ip'))
    const asked = asks('10.0.0.0/24', '10.0.0.1/24', { printer: '10.0.0.9/24' })
    assert.deepEqual(pools.idsFor([asked], []), [one.id])
    // A network that keeps nothing has asked for nothing.
    assert.deepEqual(
      pools.idsFor([asks('10.0.0.0/24')], [network(one.id)]),
      lost.map(({ id }) => id),
    )
    const other = made(pools)
    pools.hold(other, parseIp('10.0.0.1', 'ip'))
    const none = asks('10.0.0.0/24', '10.0.0.77/24')
    assert.deepEqual(
      pools.idsFor([none], [network(one.id)]),
      [...lost, other].map(({ id }) => id),
    )
  })

  it('is forgotten when no network took it in time, and kept as long as one has it', () => {
    let now = 1000
    const pools = new Pools(() => now)
    const lost = made(pools, '10.1.0.0/24')
    const failed = made(pools)
    const one = made(pools)
    pools.hold(failed, parseIp('10.0.0.2', 'ip'))
    pools.hold(one, parseIp('10.0.0.1', 'ip'))
    assert.deepEqual(pools.idsFor([asks('10.0.0.0/24', '10.0.0.2/24')], []), [failed.id])
    assert.deepEqual(pools.idsFor([asks('10.0.0.0/24', '10.0.0.1/24')], []), [one.id])
    now += 299_999
    assert.deepEqual(pools.all, [lost, failed, one])
    now += 1
    // Whether there is a network of what was taken is known when the next one is made.
    assert.deepEqual(pools.all, [failed, one])
    const late = made(pools)
    assert.deepEqual(pools.idsFor([asks('10.0.0.0/24')], [network(one.id)]), [late.id])
    assert.deepEqual(pools.all, [one, late])
    assert.deepEqual([pools.isHeld(failed, parseIp('10.0.0.2', 'ip')), pools.lastOf(lost)], [false, undefined])
  })

  it('holds what was given until it is freed, in this pool alone', () => {
    const pools = new Pools()
    const [one, other] = [made(pools), made(pools)]
    const ip = parseIp('10.0.0.7', 'ip')
    pools.hold(one, ip, 'uuid')
    assert.deepEqual([pools.isHeld(one, ip), pools.isHeld(other, ip), pools.lastOf(one)], [true, false, undefined])
    assert.equal(pools.free(one.id, '10.0.0.7'), 'uuid')
    assert.equal(pools.isHeld(one, ip), false)
    pools.give(one, ip)
    assert.equal(pools.lastOf(one)?.text, '10.0.0.7')
    assert.equal(pools.free('nothing', '10.0.0.7'), undefined)
  })

  it('is asked for in Docker’s words', () => {
    assert.deepEqual(
      poolRequest({ AddressSpace: 'ovsd', Pool: '10.0.0.0/24', SubPool: '', Options: null, V6: false }),
      { subnet: '10.0.0.0/24', range: '', isIpv6: false, options: {} },
    )
    const gateway = { RequestAddressType: 'com.docker.network.gateway' }
    assert.deepEqual(addressRequest({ PoolID: 'p', Address: '10.0.0.1/24', Options: gateway }), {
      ...{ pool: 'p', address: '10.0.0.1', isGateway: true },
    })
    assert.deepEqual(addressRequest({ PoolID: 'p' }), { pool: 'p', address: '', isGateway: false })
    assert.throws(() => addressRequest({ PoolID: 7 }), /PoolID is no text/)
    assert.throws(() => poolRequest({ Options: [] }), /Options is no object/)
  })
})
