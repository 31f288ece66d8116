import type { Undo } from '../../state/folder.ts'
import type { StateName } from '../../state/names.ts'
import type { Store } from '../../state/store.ts'
import type { ReversibleStep } from '../step.ts'
import { takeBack } from './state-write.ts'

/** Gives a file that cannot be used another name; undone, it has its own again. */
export function stateSetAside(store: Store, name: StateName): ReversibleStep {
  const path = store.pathOf(name)
  const undo: Undo = []
  return {
    id: 'state.set-aside',
    title: `Put ${path} aside`,
    leaves: `${path}.backup`,
    commands: () => [],
    isDone: async () => ['ok', 'missing'].includes((await store.look(name)).state),
    async apply() {
      await store.putAside(name, undo)
    },
    async undo() {
      await takeBack(undo)
    },
  }
}
