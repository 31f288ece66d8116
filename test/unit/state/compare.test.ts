import { strict as assert } from 'node:assert'
import { networkRecord } from '../../../src/lib/network/record.ts'
import type { NetworkWords } from '../../../src/lib/network/words.ts'
import { compareNetworks } from '../../../src/lib/state/compare.ts'
import {
  contentOf,
  isSameNetwork,
  keptOf,
  networkIdOf,
  networksOnRows,
  readKept,
  wordsOf,
} from '../../../src/lib/state/kept-network.ts'
import { ID, ID2 } from '../../support/state.ts'

const BLUE = { name: 'blue', id: ID, bridge: 'br9', subnet: ['10.0.0.0/24'], mode: 'l2', vlan: '7' }
const row = (bridge: string, ...networks: readonly NetworkWords[]) => ({
  ...{ uuid: 'u', name: bridge, datapathType: 'system' },
  externalIds: Object.assign({}, ...networks.map(networkRecord)) as Readonly<Record<string, string>>,
})
const damaged = { uuid: 'u', name: 'br9', datapathType: '', externalIds: { 'ovsd_net.blue': '{' } }
const standings = (
  kept: readonly (NetworkWords & { bridge: string })[],
  ...rows: readonly Parameters<typeof networksOnRows>[0][number][]
) =>
  compareNetworks(kept.map(keptOf), networksOnRows(rows)).map(
    ({ standing, kept: copy, recorded }) => `${standing} ${copy?.name ?? '-'} ${recorded?.name ?? '-'}`,
  )

describe('compareNetworks', () => {
  it('knows a network by its id, and says what the database says otherwise', () => {
    assert.deepEqual(standings([BLUE], row('br9', BLUE)), ['ok blue blue'])
    assert.deepEqual(standings([BLUE], row('br9', { ...BLUE, mtu: '1400' })), ['differs blue blue'])
    assert.deepEqual(standings([BLUE], row('br8', BLUE)), ['differs blue blue'])
    assert.deepEqual(standings([BLUE], row('br9', { ...BLUE, name: 'azure' })), ['differs blue azure'])
    assert.deepEqual(standings([BLUE], row('br9')), ['missing blue -'])
    assert.deepEqual(standings([BLUE], damaged), ['unusable blue blue'])
  })

  it('tells another network of the same name from the one that it has a copy of', () => {
    assert.deepEqual(standings([BLUE], row('br9', { ...BLUE, id: ID2 })), ['replaced blue blue', 'unkept - blue'])
  })

  it('knows one that was recorded without an id by its name', () => {
    const old = { ...BLUE, id: undefined }
    const id = networkIdOf(old)
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.notEqual(id, networkIdOf({ ...old, bridge: 'br8' }))
    assert.deepEqual(standings([old], row('br9', old)), ['ok blue blue'])
    assert.deepEqual(standings([{ ...BLUE, id }], row('br9', old)), ['ok blue blue'])
    assert.deepEqual(standings([old], row('br9', { ...old, vlan: '8' })), ['differs blue blue'])
  })

  it('names what there is no copy of; a record that cannot be used is none', () => {
    assert.deepEqual(standings([], row('br9', BLUE, { name: 'red' })), ['unkept - blue', 'unkept - red'])
    assert.deepEqual(standings([], damaged), [])
  })

  it('goes by what settings mean', () => {
    const [a, b] = [keptOf(BLUE), keptOf({ ...BLUE, subnet: ['10.0.0.0/24'], mtu: undefined })]
    assert.ok(isSameNetwork(a, b))
    assert.ok(isSameNetwork(a, { ...a, words: { vlan: '7', mode: 'l2', ipam: 'docker', subnet: ['10.0.0.0/24'] } }))
    assert.ok(!isSameNetwork(a, { ...a, words: { ...a.words, tenant: 'acme' } }))
  })
})

describe('the copy of a network', () => {
  it('is read as it was written, and gives the words of the record', () => {
    const kept = keptOf(BLUE)
    assert.deepEqual(readKept(ID, contentOf(kept)), kept)
    assert.deepEqual(networkRecord(wordsOf(kept)), networkRecord(BLUE))
    assert.deepEqual(networksOnRows([row('br9', BLUE)])[0]?.kept, kept)
  })

  const forged: readonly (readonly [unknown, RegExp])[] = [
    [null, /no network/],
    [[], /no network/],
    [{ name: 'blue', bridge: 'br9' }, /no network/],
    [{ name: 'blue', bridge: 'br9', words: [] }, /no network/],
    [{ name: 'blue', bridge: 'br9', words: { vlan: 7 } }, /damaged/],
    [{ name: 'blue', bridge: 'br9', words: { vlan: '0' } }, /damaged/],
    [{ name: 'a b', bridge: 'br9', words: {} }, /damaged/],
    [{ name: 'blue', bridge: '--', words: {} }, /damaged/],
    [{ name: 'blue', bridge: 'br9', words: { name: 'red', bridge: 'br0', subnet: ['x'] } }, /damaged/],
  ]
  for (const [content, why] of forged)
    it(`that somebody forged is told of: ${JSON.stringify(content)}`, () => {
      const read = readKept(ID, content as null)
      assert.ok(typeof read === 'string')
      assert.match(read, why)
    })
})
