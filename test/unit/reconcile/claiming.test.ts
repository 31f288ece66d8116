import { strict as assert } from 'node:assert'
import { persistRecord } from '../../../src/lib/attach/persist.ts'
import type { Container } from '../../../src/lib/docker/container.ts'
import { Refused } from '../../../src/lib/errors.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { NO_VLAN, type Vlan } from '../../../src/lib/net/vlan.ts'
import { networkRecord } from '../../../src/lib/network/record.ts'
import { parseAttach } from '../../../src/lib/plan/request.ts'
import { Claiming, refuseChanged } from '../../../src/lib/reconcile/claiming.ts'
import { Claims } from '../../../src/lib/reconcile/claims.ts'
import type { Wanted } from '../../../src/lib/reconcile/desired.ts'
import { bridgesView, type BridgesView } from '../../support/bridges-view.ts'
import { recordedNetwork } from '../../support/networks.ts'
import { attachment, hostWith, TARGET } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const WORDS = { name: 'blue', mode: 'l2', subnet: ['10.3.0.0/29'], gateway: ['10.3.0.1'] }
const BLUE = recordedNetwork(WORDS)
const RED = recordedNetwork({ name: 'red', subnet: ['10.3.0.0/29'], vlan: '7' })

/** Container number `n`: its id is that digit, 64 times. */
const numbered = (n: number): Container => ({
  ...{ id: String(n).repeat(64), name: `c${n}`, pid: 7, running: true, generation: 'g', networkMode: 'none' },
  ...{ image: 'i', labels: {} },
})

/** eth1 of a container in a network, with these addresses already. */
function wanted(container: Container, network = BLUE, addresses: readonly string[] = []): Wanted {
  const request = parseAttach({
    ...{ bridge: 'bn0', iface: 'eth1', container: container.id, network: network.name, ipaddress: addresses },
    vlan: network.spec.vlan === undefined ? undefined : String(network.spec.vlan),
  })
  return { iface: 'eth1', request, network }
}

/** What is kept for a container that does not run. */
const kept = (n: number, address: string, vlan: Vlan = NO_VLAN) =>
  persistRecord(
    attachment({
      ...{ network: vlan.kind === 'none' ? 'blue' : 'other', vlan, persist: true, owner: 'watch' },
      addresses: [parseHostCidr(address)],
      target: { ...TARGET, id: numbered(n).id },
    }),
  )

describe('Claiming', () => {
  let view: BridgesView
  let claims: Claims
  let claiming: Claiming

  before(async () => {
    const ids = {
      ...networkRecord(WORDS),
      ...kept(8, '10.3.0.3/29'),
      ...kept(9, '10.3.0.4/29', { kind: 'access', tag: 9 }),
    }
    view = await bridgesView({ bn0: { ids } })
  })
  after(() => view[Symbol.asyncDispose]())
  const host = () => ({ ...hostWith(scriptedRunner().run), ovs: view.ovs })
  beforeEach(() => {
    claims = new Claims()
    claiming = new Claiming(host(), claims, false)
  })

  /** The addresses that a container is given; held until `until`. */
  async function given(by: Claiming, n: number, network = BLUE, until: Promise<unknown> = Promise.resolve()) {
    let got: readonly string[] = []
    await by.with(numbered(n), wanted(numbered(n), network), async ({ addresses }) => {
      got = addresses.map(({ text }) => text)
      await until
    })
    return got.join()
  }

  it('gives the lowest address that is neither the gateway nor kept for another', async () => {
    assert.equal(await given(claiming, 1), '10.3.0.2/29')
    // In this network it is kept for nobody.
    assert.equal(await given(claiming, 1, RED), '10.3.0.1/29')
    assert.equal(claims.size, 0)
  })

  it('gives what is kept for it', async () => {
    const one = numbered(8)
    await claiming.with(one, wanted(one, BLUE, ['10.3.0.3/29']), (request) => {
      assert.deepEqual(
        request.addresses.map(({ text }) => text),
        ['10.3.0.3/29'],
      )
      return Promise.resolve()
    })
  })

  it('gives as many as come at once one each, and waits for none of them', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const all = Promise.all([1, 2, 3, 4].map((n) => given(claiming, n, BLUE, promise)))
    // Another VLAN of the bridge has addresses of its own.
    assert.equal(await given(claiming, 5, RED), '10.3.0.1/29')
    await assert.rejects(given(claiming, 5), { code: 'PoolExhausted', message: /all of 10\.3\.0\.0\/29 are in use/ })
    resolve(undefined)
    assert.deepEqual((await all).sort(), ['10.3.0.2/29', '10.3.0.4/29', '10.3.0.5/29', '10.3.0.6/29'])
    assert.equal(claims.size, 0)
  })

  const inUse = new Refused('AddressInUse', 'taken')

  it('picks again when another process was quicker, and not for ever', async () => {
    const tried: string[] = []
    const attempt = (failures: number) => {
      tried.length = 0
      return claiming.with(numbered(1), wanted(numbered(1)), ({ addresses }) => {
        tried.push(addresses.map(({ ip }) => ip.text).join())
        return tried.length > failures ? Promise.resolve() : Promise.reject(inUse)
      })
    }
    await attempt(2)
    assert.deepEqual(tried, ['10.3.0.2', '10.3.0.4', '10.3.0.5'])
    await assert.rejects(attempt(99), { code: 'PoolExhausted' })
    assert.deepEqual([tried.length, claims.size], [4, 0])
  })

  it('gives another one in place of what it had, if that is somebody’s now', async () => {
    const one = wanted(numbered(1), BLUE, ['10.3.0.2/29'])
    const tried: string[] = []
    await claiming.with(numbered(1), { ...one, kept: one.request.addresses }, ({ addresses }) => {
      tried.push(addresses.map(({ ip }) => ip.text).join())
      return tried.length > 1 ? Promise.resolve() : Promise.reject(inUse)
    })
    assert.deepEqual(tried, ['10.3.0.2', '10.3.0.4'])
  })

  it('does not put another one in the place of an address that was asked for, or of anything else that fails', async () => {
    let tries = 0
    const fail = (error: Error) => () => {
      tries++
      return Promise.reject(error)
    }
    await assert.rejects(claiming.with(numbered(1), wanted(numbered(1), BLUE, ['10.3.0.5/29']), fail(inUse)), inUse)
    const other = new Refused('LinkNameTaken', 'x')
    await assert.rejects(claiming.with(numbered(1), wanted(numbered(1)), fail(other)), other)
    assert.deepEqual([tries, claims.size], [2, 0])
  })

  it('says the same again in a dry run, in which nothing shows what was said before', async () => {
    const dry = new Claiming(host(), claims, true)
    assert.deepEqual(
      [await given(dry, 1), await given(dry, 2), await given(dry, 1)],
      [...['10.3.0.2/29', '10.3.0.4/29', '10.3.0.2/29']],
    )
    assert.equal(await given(dry, 3, RED), '10.3.0.1/29')
  })
})

describe('refuseChanged', () => {
  it('lets a network be that is as it was, and refuses one that is gone or another one', async () => {
    const bare = hostWith(scriptedRunner().run)
    const cases: readonly (readonly [ids: Readonly<Record<string, string>>, code: string | undefined])[] = [
      [networkRecord(WORDS), undefined],
      [{}, 'NetworkMissing'],
      [{ 'ovsd_net.blue': 'x' }, 'NetworkMissing'],
      [networkRecord({ ...WORDS, vlan: '9' }), 'NetworkMissing'],
    ]
    for (const [ids, code] of cases) {
      await using now = await bridgesView({ bn0: { ids } })
      const answer = refuseChanged({ ...bare, ovs: now.ovs }, BLUE)
      if (code === undefined) await answer
      else await assert.rejects(answer, { code })
    }
  })
})
