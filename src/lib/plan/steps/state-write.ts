import { canonical, type Json } from '../../state/canonical.ts'
import type { Undo } from '../../state/folder.ts'
import { contentOf, keptOf, stateNameOf } from '../../state/kept-network.ts'
import type { StateName } from '../../state/names.ts'
import type { Store } from '../../state/store.ts'
import { learntOf, type Learnt } from '../../network/record.ts'
import type { NetworkWords } from '../../network/words.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Writes one thing into the store; undone, the earlier file is there again. No outside tool does it, so --dry-run has no
 * line for it. Error: StateNameInvalid, at once.
 */
export function stateWrite(store: Store, name: StateName, content: Json, title: string): ReversibleStep {
  const path = store.pathOf(name)
  const undo: Undo = []
  return {
    id: 'state.write',
    title,
    leaves: path,
    commands: () => [],
    async isDone() {
      const found = await store.look(name)
      return found.state === 'ok' && canonical(found.content) === canonical(content)
    },
    async apply() {
      await store.write(name, content, undo)
    },
    async undo() {
      await takeBack(undo)
    },
  }
}

/** Takes changes of the store back, newest first. */
export async function takeBack(undo: Undo): Promise<void> {
  for (let back = undo.pop(); back !== undefined; back = undo.pop()) await back()
}

/**
 * Keeps a copy of a network's record: `words` are those that are recorded, with the id and the bridge among them, and
 * `learnt` what is known of it beside. Last in a plan: a run that is killed before it leaves a network without a copy, and not a copy of a network that never was.
 */
export function networkKept(
  store: Store,
  words: NetworkWords & { readonly id: string; readonly bridge: string },
  learnt: Learnt = {},
): ReversibleStep {
  const kept = { ...keptOf(words), ...learntOf(learnt) }
  return stateWrite(store, stateNameOf(kept), contentOf(kept), `Keep a copy of the network ${kept.name}`)
}
