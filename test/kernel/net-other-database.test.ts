// Networks of another database than this host's are nothing that this host's kernel may be changed for.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { createNetwork } from '../../src/lib/plan/create-network.ts'
import { removeNetwork } from '../../src/lib/plan/remove-network.ts'
import { crookedMirrors } from '../../src/lib/reconcile/keep-mirrors.ts'
import { incompleteNetworks } from '../../src/lib/reconcile/keep-networks.ts'
import { unwantedRules } from '../../src/lib/reconcile/stray-rules.ts'
import { overdueNetworks } from '../../src/lib/reconcile/take-back-networks.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { Store } from '../../src/lib/state/store.ts'
import { testBridge } from '../support/bridge.ts'
import { lan } from '../support/lan.ts'
import { createNat, natState, removeAll } from '../support/nat.ts'
import { testStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'
import { createFlat } from '../support/uplink.ts'

const USUAL = '/var/lib/ovsd'
const signal = new AbortController().signal

/** The host as it is with --db=tcp:…, whose networks happen to be called the same. */
const elsewhere = (host: Host): Host => ({ ...host, isDefaultDatabase: false })

describe('a network of another database', function () {
  this.timeout(60_000)
  afterEach(removeAll)

  for (const words of [
    { name: 'blue', bridge: 'bn0', subnet: ['10.3.0.0/24'] },
    { name: 'blue', mode: 'flat' as const },
  ] satisfies readonly NetworkWords[])
    it(`is neither made nor removed here: ${words.mode ?? 'nat'}`, async () => {
      using bridge = testBridge()
      using net = lan()
      using host = openHost()
      const whole: NetworkWords = words.mode === undefined ? words : { ...words, bridge: bridge.name, uplink: net.nic }
      const refusal = (verb: string) => ({
        code: 'DatabaseNotOfHost',
        next: `On that host, without --db: ovsd net ${verb} blue`,
      })
      const make = () => createNetwork(elsewhere(host), whole, parseNetworkSpec(whole), { mayExist: false })
      await assert.rejects(make(), refusal('create'))
      await (words.mode === undefined ? createNat(whole) : createFlat(whole))
      const made = natState()
      await assert.rejects(removeNetwork(elsewhere(host), 'blue', { force: true }), refusal('rm'))
      assert.deepEqual(natState(), made)
      tool('nft', 'flush', 'ruleset')
      await assert.rejects(make(), refusal('create'))
      assert.equal(tool('nft', 'list', 'tables'), '')
    })

  it('has no copy in the store of this host, and its removal takes none from there', async () => {
    using test = testStore()
    using host = openHost()
    // The usual store, wherever it is: it is not named on the command line.
    const store = new Store({ ...test.store.settings, folder: USUAL }, () => undefined)
    after(() => {
      rmSync(USUAL, { recursive: true, force: true })
    })
    const words = { name: 'far', bridge: 'bn0', mode: 'l2' as const }
    const kept = async (): Promise<number> => (await store.all('networks')).length
    const made = async (where: Host): Promise<void> => {
      const { plan } = await createNetwork(where, words, parseNetworkSpec(words), { mayExist: false, store })
      if (plan !== undefined) await runPlan(plan, signal, nobody)
    }
    await made(elsewhere(host))
    assert.equal(await kept(), 0)
    const { plan } = await removeNetwork(elsewhere(host), 'far', { store })
    if (plan !== undefined) await runPlan(plan, signal, nobody)
    await made(host)
    assert.equal(await kept(), 1)
    tool('ovs-vsctl', 'del-br', 'bn0')
    await assert.rejects(removeNetwork(elsewhere(host), 'far', { store }), { code: 'NetworkMissing' })
    assert.equal(await kept(), 1)
  })

  it('is not looked after', async () => {
    using host = openHost()
    const id = 'ab'.repeat(32)
    const past = JSON.stringify({ id, until: { boot: 'another', seconds: 1 }, at: '' })
    await createNat({ name: 'blue', bridge: 'bn0', subnet: ['10.3.0.0/24'], id })
    tool('ovs-vsctl', 'set', 'Bridge', 'bn0', `external_ids:ovsd_pending.blue=${JSON.stringify(past)}`)
    tool('nft', 'flush', 'ruleset')
    const looks = [overdueNetworks, incompleteNetworks]
    for (const look of looks) assert.equal((await look(host, signal)).length, 1, look.name)
    for (const look of [...looks, unwantedRules, crookedMirrors])
      assert.deepEqual(await look(elsewhere(host), signal), [], look.name)
  })
})
