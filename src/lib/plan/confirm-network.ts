import type { Host } from '../host.ts'
import { networkNamed } from '../network/networks.ts'
import { pendingKey, readPending } from '../network/pending.ts'
import type { Prepared } from './prepared.ts'
import { networkConfirm } from './steps/network-confirm.ts'

/** What net confirm answers. */
export interface ConfirmedNetwork {
  readonly network: string
  /** "unchanged" when it needed no confirmation: it had one, or was never to be taken back. */
  readonly status: 'confirmed' | 'unchanged'
}

/** Plans that a network stays; late is not too late as long as it is there. Errors: NetworkMissing, NetworkDamaged. */
export async function confirmNetwork(host: Host, name: string): Promise<Prepared<ConfirmedNetwork>> {
  const { bridge, spec } = await networkNamed(host, name)
  const ids = (await host.ovs.bridge(bridge))?.externalIds ?? {}
  const before = ids[pendingKey(name)]
  if (before === undefined || readPending(ids, name, spec.id) === undefined)
    return { plan: undefined, result: { network: name, status: 'unchanged' } }
  const stages = [[networkConfirm(host, bridge, name, before)]]
  return {
    plan: { onFailure: 'unwind', title: `Confirm the network ${name}`, stages },
    result: { network: name, status: 'confirmed' },
  }
}
