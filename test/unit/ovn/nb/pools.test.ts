import { strict as assert } from 'node:assert'
import { parseNetwork } from '../../../../src/lib/net/cidr.ts'
import { parseIp } from '../../../../src/lib/net/ip-address.ts'
import { correctUses, isUsed, nextFree, noteUses, poolOf, usedPairs } from '../../../../src/lib/ovn/nb/pools.ts'
import type { Ids } from '../../../../src/lib/ovsdb/operations.ts'

const ip = (text: string) => parseIp(text, 'test')
const pool = (cidr: string, range = cidr, gateway?: string, aux: readonly string[] = []) =>
  poolOf({
    cidr: parseNetwork(cidr, 'test'),
    range: parseNetwork(range, 'test'),
    gateway: gateway === undefined ? undefined : ip(gateway),
    aux: aux.map((one) => ({ ip: ip(one) })),
  })

/** Every address that a pool gives, in the order in which it does. */
function all(parts: ReturnType<typeof pool>, begin: Ids = {}): string[] {
  const given: string[] = []
  for (;;) {
    const used = usedPairs(given.map(ip))
    const next = nextFree({ ...begin, ...used }, parts)
    if (next === undefined) return given
    given.push(next.text)
  }
}

describe('pools of addresses', () => {
  it('give neither the network, nor its broadcast address, nor what is kept', () => {
    assert.deepEqual(all(pool('10.0.0.0/29', undefined, '10.0.0.1', ['10.0.0.4'])), [
      ...['10.0.0.2', '10.0.0.3', '10.0.0.5', '10.0.0.6'],
    ])
    assert.deepEqual(all(pool('10.0.0.0/31')), ['10.0.0.0', '10.0.0.1'])
    assert.deepEqual(all(pool('fd00::/126')), ['fd00::1', 'fd00::2', 'fd00::3'])
    assert.deepEqual(all(pool('10.0.0.0/24', '10.0.0.8/30')), ['10.0.0.8', '10.0.0.9', '10.0.0.10', '10.0.0.11'])
    assert.deepEqual(all(pool('10.0.0.0/24', '10.0.0.252/30')), ['10.0.0.252', '10.0.0.253', '10.0.0.254'])
  })

  it('give every address of several chunks once, from where they ended, and around', () => {
    const given = all(pool('10.0.0.0/23', undefined, '10.0.0.1'), { 'ovsd_next.4': '10.0.1.250' })
    assert.equal(given.length, 509)
    assert.equal(new Set(given).size, 509)
    assert.deepEqual(
      given.slice(0, 7).map((one) => one.split('.').slice(2).join('.')),
      [...['1.250', '1.251', '1.252', '1.253', '1.254', '0.2', '0.3']],
    )
  })

  it('take a hint that is none, or of elsewhere, for none', () => {
    for (const hint of ['', 'x', '10.9.0.1', '10.0.0.400', 'fd00::1'])
      assert.equal(nextFree({ 'ovsd_next.4': hint }, pool('10.0.0.0/24'))?.text, '10.0.0.1', hint)
    assert.equal(nextFree({ 'ovsd_next.6': '10.0.0.9' }, pool('fd00::/64'))?.text, 'fd00::1')
  })

  it('pass over free ones when asked to, and take the last when there are not so many', () => {
    assert.equal(nextFree({}, pool('10.0.0.0/24'), 3)?.text, '10.0.0.4')
    assert.equal(nextFree({}, pool('10.0.0.0/30'), 30)?.text, '10.0.0.2')
  })

  it('find the one free address of a large pool at once', () => {
    const used = usedPairs(
      Array.from({ length: 65_536 }, (_, i) => ip(`10.0.${i >> 8}.${i & 255}`)).filter(
        ({ text }) => text !== '10.0.200.7',
      ),
    )
    const start = performance.now()
    assert.equal(nextFree(used, pool('10.0.0.0/16'))?.text, '10.0.200.7')
    assert.ok(performance.now() - start < 500)
  })

  it('a note that nobody can read counts as used, and is not overwritten', () => {
    const ids = { 'ovsd_used.10.0.0.0': 'rubbish' }
    assert.ok(isUsed(ids, ip('10.0.0.9')))
    assert.equal(nextFree(ids, pool('10.0.0.0/24'))?.text, '10.0.0.64')
    assert.equal(nextFree(ids, pool('10.0.0.0/27')), undefined)
  })

  it('what is noted is expected to be as it was read, one chunk at a time', () => {
    const ids = { 'ovsd_used.10.0.0.0': '0000000000000002', name: 'x' }
    const changes = noteUses('u', ids, { take: [ip('10.0.0.2')] })
    const [wait, mutate, ...rest] = changes
    assert.deepEqual(rest, [])
    assert.deepEqual(wait?.op === 'wait' && wait.where.at(-1), [
      ...['external_ids', 'includes'],
      ['map', [['ovsd_used.10.0.0.0', '0000000000000002']]],
    ])
    assert.deepEqual(mutate?.op === 'mutate' && mutate.mutations, [
      ['external_ids', 'delete', ['map', [['ovsd_used.10.0.0.0', '0000000000000002']]]],
      ['external_ids', 'insert', ['map', [['ovsd_used.10.0.0.0', '0000000000000006']]]],
    ])
    assert.deepEqual(noteUses('u', ids, { take: [ip('10.0.0.1')] }), [], 'it is noted already')
    assert.deepEqual(noteUses('u', {}, { release: [ip('10.0.0.1')] }), [])
  })

  it('what is right is left alone when notes are corrected', () => {
    const used = [ip('10.0.0.1'), ip('fd00::beef')]
    assert.deepEqual(correctUses('u', usedPairs(used), used), [])
    assert.equal(correctUses('u', { ...usedPairs(used), 'ovsd_used.10.0.1.0': '0000000000000001' }, used).length, 2)
  })
})
