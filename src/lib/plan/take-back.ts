import type { Host } from '../host.ts'
import { networksOf } from '../network/networks.ts'
import { isOverdue, readPending, type Pending } from '../network/pending.ts'
import { stateSettings } from '../state/settings.ts'
import { Store } from '../state/store.ts'
import type { Prepared } from './prepared.ts'
import { removeNetwork, type RemovedNetwork } from './remove-network.ts'

/** A network that waits to be confirmed. */
export interface Unconfirmed {
  readonly name: string
  readonly bridge: string
  readonly id: string
  readonly pending: Pending
}

/** The networks of this host that wait to be confirmed. */
export async function unconfirmed(host: Host): Promise<readonly Unconfirmed[]> {
  const [all, bridges] = await Promise.all([networksOf(host), host.ovs.bridges()])
  return all.flatMap((one) => {
    if (!('spec' in one) || one.spec.id === undefined) return []
    const { name, bridge, spec } = one
    const row = bridges.find((other) => other.name === bridge)
    const pending = readPending(row?.externalIds ?? {}, name, spec.id)
    return pending === undefined ? [] : [{ name, bridge, id: one.spec.id, pending }]
  })
}

/**
 * Plans the removal of a network whose time is over, with all that is attached to it. Nothing, when it was confirmed meanwhile,
 * is gone, or is another one of that name. `store` has the copy of its record, unless the network says which folder has it.
 */
export async function takeBack(
  host: Host,
  name: string,
  id: string,
  store?: Store,
): Promise<Prepared<{ readonly removed: RemovedNetwork | null }>> {
  const found = (await unconfirmed(host)).find((one) => one.name === name && one.id === id)
  if (found === undefined || !isOverdue(found.pending)) return { plan: undefined, result: { removed: null } }
  const { folder } = found.pending
  const kept = folder === undefined ? store : new Store(stateSettings(folder, process.env), () => undefined)
  const { plan, result } = await removeNetwork(host, name, {
    force: true,
    ...(kept === undefined ? {} : { store: kept }),
  })
  return {
    plan: plan && { ...plan, title: `Take back the network ${name}, which nobody confirmed` },
    result: { removed: result },
  }
}
