import type { Host } from '../host.ts'
import { sharedNetwork } from '../network/logical.ts'
import { networksOf, type Network } from '../network/networks.ts'
import { networkKey, networkRecord } from '../network/record.ts'
import { readRecord } from '../network/record-text.ts'
import { parseNetworkSpec } from '../network/spec.ts'
import { ovnOrNone } from '../ovn/of-host.ts'
import { adoptNetwork } from '../plan/adopt-network.ts'
import { copies } from '../plan/create-network.ts'
import { networkRecordAdd } from '../plan/steps/network-record.ts'
import type { Chore } from '../reconcile/upkeep.ts'
import type { Store } from '../state/store.ts'

/**
 * Networks that were recorded while central could not be asked (plugin/make-network.ts), and that other hosts have made before: they are one network,
 * with the id that those know it by. Of what was attached meanwhile central knows nothing yet. Errors: NetworkDiffers, CentralUnreachable.
 */
export const lateNetworks =
  (store: Store): Chore =>
  async (host) => {
    if (!host.isDefaultDatabase) return []
    const late = await withOtherId(host)
    return late.map(({ name, title = name }) => ({
      about: `network ${title}`,
      why: ['other hosts have made it before this one could ask'],
      async plan() {
        const network = (await withOtherId(host)).find((one) => one.name === name)
        const row = network && (await host.ovs.bridge(network.bridge))
        const recorded = readRecord(row?.externalIds[networkKey(name)] ?? '')
        if (network === undefined || recorded === undefined) return undefined
        // Its id is none that others know, and its MTU may be a guess.
        const own = { ...recorded, name, bridge: network.bridge, id: undefined, mtu: undefined }
        const { words } = await adoptNetwork(host, own, parseNetworkSpec(own))
        const step = networkRecordAdd(host, network.bridge, name, networkRecord(words))
        // What was recorded before is nothing to go back to, and less so to be without a record.
        const lasting = {
          ...step,
          keeps: `the network ${name} is what other hosts know`,
          undo: () => Promise.resolve(),
        }
        const copy = await copies(store, { ...words, id: words.id ?? '', bridge: network.bridge }, network)
        return {
          onFailure: 'unwind',
          title: `Take the network ${title} for what other hosts know`,
          // The copy of what was recorded before would be put back, once this one is removed.
          stages: [[lasting], ...copy].filter((stage) => stage.length > 0),
        }
      },
    }))
  }

async function withOtherId(host: Host): Promise<readonly Network[]> {
  const all = (await networksOf(host)).filter((one): one is Network => 'spec' in one && one.spec.central !== undefined)
  const ovn = all.length === 0 ? undefined : await ovnOrNone(host)
  if (ovn === undefined) return []
  const found = await Promise.all(
    all.map(async (network) => {
      const { name, spec } = network
      const shared = await sharedNetwork(ovn.northbound, name, spec.overlay?.logicalSwitch ?? '')
      return shared === undefined || shared.id === spec.id ? [] : [network]
    }),
  )
  return found.flat()
}
