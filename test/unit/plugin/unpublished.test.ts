import { strict as assert } from 'node:assert'
import type { Container } from '../../../src/lib/docker/container.ts'
import type { Network } from '../../../src/lib/network/networks.ts'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../../src/lib/network/words.ts'
import { Unpublished } from '../../../src/lib/plugin/unpublished.ts'
import { createLog } from '../../../src/lib/watch/log.ts'

const id = (digit: string): string => digit.repeat(64)
const network = (digit: string, words: Partial<NetworkWords>): Network => ({
  ...{ name: digit.repeat(12), title: `net-${digit}`, bridge: 'b0' },
  spec: parseNetworkSpec({ name: digit.repeat(12), docker: id(digit), owner: 'plugin', bridge: 'b0', ...words }),
})
const NETWORKS = [
  network('a', { mode: 'l2', vlan: '7' }),
  network('b', { mode: 'nat', vlan: '8', subnet: ['10.0.0.0/24'] }),
  network('c', { mode: 'l2', vlan: '9' }),
]
const WEB = { id: id('e'), name: 'web' } as Container
/** A place in the network of that digit: its endpoint has the same. */
const places = (...digits: readonly string[]) => digits.map((one) => ({ network: id(one), endpoint: id(one) }))

describe('containers whose ports are published nowhere', () => {
  let lines: string[]
  let unpublished: Unpublished
  beforeEach(() => {
    lines = []
    unpublished = new Unpublished(createLog({ format: 'json', level: 'info', write: (line) => lines.push(line) }))
  })
  const told = (): readonly unknown[] =>
    lines.map((line) => {
      const { event, container, networks, ports } = JSON.parse(line) as Readonly<Record<string, unknown>>
      return [event, container, networks, ports]
    })

  it('are told of once, with all their ports and networks', () => {
    for (const one of ['a', 'c']) unpublished.joined(id(one), ['80/tcp', '53/udp'])
    assert.ok(unpublished.awaits(id('a')))
    for (let i = 0; i < 2; i++) unpublished.learnt(WEB, places('a', 'c'), NETWORKS)
    assert.deepEqual(told(), [['ports.unpublished', 'web', ['net-a', 'net-c'], ['53/udp', '80/tcp']]])
    assert.ok(!unpublished.awaits(id('a')))
  })

  it('are not those that are in a nat network, or in one of another driver', () => {
    for (const other of ['b', 'f']) {
      unpublished.joined(id('a'), ['80/tcp'])
      unpublished.learnt(WEB, places('a', other), NETWORKS)
    }
    assert.deepEqual(told(), [])
  })

  it('are those that are yet to come to a nat network', () => {
    unpublished.joined(id('a'), ['80/tcp'])
    unpublished.learnt(WEB, [...places('a'), { network: id('b'), endpoint: '' }], NETWORKS)
    assert.deepEqual(told(), [['ports.unpublished', 'web', ['net-a'], ['80/tcp']]])
  })

  it('are not those that publish nothing, or whose endpoint is gone', () => {
    unpublished.joined(id('a'), ['80/tcp'])
    unpublished.left(id('a'))
    unpublished.learnt(WEB, places('a'), NETWORKS)
    assert.deepEqual(told(), [])
  })
})
