import type { Undo } from '../../state/folder.ts'
import { networkIdOf, stateNameOf } from '../../state/kept-network.ts'
import type { StateName } from '../../state/names.ts'
import type { Store } from '../../state/store.ts'
import type { ReversibleStep } from '../step.ts'
import { takeBack } from './state-write.ts'

/**
 * Removes one thing from the store, whatever its file looks like; fine when there is none. Undone, what could be used is there
 * again. Error: StateNameInvalid, at once.
 */
export function stateForget(store: Store, name: StateName, title: string): ReversibleStep {
  const undo: Undo = []
  return {
    id: 'state.forget',
    title,
    leaves: store.pathOf(name),
    commands: () => [{ tool: 'rm', args: ['-f', store.pathOf(name)] }],
    isDone: async () => (await store.look(name)).state === 'missing',
    async apply() {
      await store.forget(name, undo)
    },
    async undo() {
      await takeBack(undo)
    },
  }
}

/** Removes the copy of a network. Last in a plan, as `networkKept`. */
export function networkForgotten(
  store: Store,
  network: { readonly id?: string | undefined; readonly name: string; readonly bridge: string },
): ReversibleStep {
  return stateForget(store, stateNameOf({ id: networkIdOf(network) }), `Forget the copy of the network ${network.name}`)
}
