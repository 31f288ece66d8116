import { strict as assert } from 'node:assert'
import { differences } from '../../../src/lib/attach/inside.ts'
import { specOf } from '../../../src/lib/attach/marks.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { interfacesIn, type InterfaceState } from '../../../src/lib/net/ip-json.ts'
import { attachment, NETNS } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const spec = specOf(
  attachment({ addresses: ['10.0.0.2/24', 'fd00::2/64'].map((text) => parseHostCidr(text)), mtu: 1450 }),
)

async function found(): Promise<InterfaceState> {
  const { run } = scriptedRunner({ 'ip -json address show': ['ip/address-show'] })
  return (await interfacesIn(run, NETNS)).get('eth1') ?? assert.fail('no eth1')
}

describe('differences', () => {
  it('are none when the interface is as declared, whatever else it has', async () => {
    const state = await found()
    assert.deepEqual(differences(spec, state), [])
    assert.deepEqual(differences({ ...spec, addresses: [], mtu: null }, state), [])
  })

  const cases: readonly (readonly [string, Partial<InterfaceState>])[] = [
    ['eth1 is down', { up: false }],
    ['fd00::2/64 is missing', { addresses: ['10.0.0.2/24'] }],
    ['10.0.0.2/24 is missing', { addresses: ['10.0.0.2/16', 'fd00::2/64'] }],
    ['MAC is 02:42:0a:00:00:03, not 02:42:0a:00:00:02', { mac: '02:42:0a:00:00:03' }],
    ['MTU is 1500, not 1450', { mtu: 1500 }],
  ]
  for (const [words, change] of cases)
    it(words, async () => {
      assert.deepEqual(differences(spec, { ...(await found()), ...change }), [words])
    })

  it('tells all of them', async () => {
    const state = { ...(await found()), up: false, addresses: [], mtu: 68 }
    assert.equal(differences(spec, state).length, 4)
  })
})
