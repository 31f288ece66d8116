import { change, Conflict, transaction, type Northbound } from '../../ovn/change.ts'
import { dropPort, switchGone } from '../../ovn/nb/addresses.ts'
import { addLocalnet, localnetName, portAt, portNamed, type Localnet } from '../../ovn/nb/logical-port.ts'
import { NETWORK_MARK, switchAt, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import type { ReversibleStep } from '../step.ts'

/** Leads a logical switch to a physical network. Error of apply: LogicalSwitchGone. */
export function logicalLocalnetAdd(nb: Northbound, ls: LogicalSwitch, localnet: Localnet): ReversibleStep {
  const { uuid, physnet, tag } = localnet
  const name = localnetName(ls.externalIds[NETWORK_MARK] ?? '')
  const changes = addLocalnet(ls, localnet)
  const isThere = async (): Promise<boolean> => {
    const found = await portNamed(nb, name)
    return found?.type === 'localnet' && found.options['network_name'] === physnet && found.tag === tag
  }
  return {
    id: 'logical-localnet.add',
    title: `Lead the logical switch ${ls.name} to the physical network ${physnet}${tag === undefined ? '' : `, VLAN ${String(tag)}`}`,
    leaves: `logical port ${name}`,
    commands: () => [transaction(nb, changes)],
    isDone: isThere,
    async apply(signal) {
      try {
        await change(nb, changes, signal)
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        // Each host of the network does this; one of them is the first.
        if (!(await isThere())) throw (await switchAt(nb, ls.uuid)) === undefined ? switchGone() : error
      }
    },
    async undo(signal) {
      if ((await portAt(nb, uuid)) !== undefined) await dropPort(nb, ls, uuid, signal)
    },
  }
}
