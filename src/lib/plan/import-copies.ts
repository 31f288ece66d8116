import { join } from 'node:path'
import { canonical } from '../state/canonical.ts'
import { inspectStore } from '../state/inspect.ts'
import { wordsOf, type KeptNetwork } from '../state/kept-network.ts'
import { fileNameOf, type StateName } from '../state/names.ts'
import type { Entry, Store } from '../state/store.ts'
import type { ReversibleStep } from './step.ts'
import { stateSetAside } from './steps/state-set-aside.ts'
import { networkKept, stateWrite } from './steps/state-write.ts'

/** A file of the store that an import is about; those that stay as they are, are left out. */
export interface ImportedFile {
  /** Path within the store. */
  readonly file: string
  readonly status: 'written' | 'set-aside' | 'differs'
}

/** What is to be done about the store. */
export interface CopiesToMake {
  readonly results: readonly ImportedFile[]
  readonly stages: readonly (readonly ReversibleStep[])[]
}

/**
 * Plans a copy of each network, which is what the database has, and of the entries those that the store has not. With
 * `lenient`, what cannot be used is put aside first.
 */
export async function copiesToMake(
  store: Store,
  networks: readonly KeptNetwork[],
  entries: readonly Entry[],
): Promise<CopiesToMake> {
  const aside = await unusableFiles(store)
  const kept = networks.map((one) => ({
    name: { kind: 'networks', id: one.id } as const,
    step: networkKept(store, { ...wordsOf(one), id: one.id }, one),
  }))
  const results: ImportedFile[] = aside.map((name) => ({ file: fileOf(name), status: 'set-aside' }))
  const steps: ReversibleStep[] = []
  const signal = new AbortController().signal
  for (const { name, step } of kept) {
    if (await step.isDone(signal)) continue
    steps.push(step)
    results.push({ file: fileOf(name), status: 'written' })
  }
  for (const { content, ...name } of entries) {
    const found = await store.look(name)
    if (found.state === 'ok') {
      if (canonical(found.content) !== canonical(content)) results.push({ file: fileOf(name), status: 'differs' })
      continue
    }
    steps.push(stateWrite(store, name, content, `Keep ${fileOf(name)}`))
    results.push({ file: fileOf(name), status: 'written' })
  }
  return { results, stages: [aside.map((name) => stateSetAside(store, name)), steps] }
}

const fileOf = (name: StateName): string => join(name.kind, fileNameOf(name))

/** What is put aside. A file of another version is whole, and may be read again by the ovsd that wrote it. */
async function unusableFiles(store: Store): Promise<readonly StateName[]> {
  const { recovery, backup } = store.settings
  if (recovery !== 'lenient' || !backup) return []
  const reports = (await inspectStore(store)) ?? []
  return reports.flatMap(({ state, name }) =>
    name !== undefined && (state === 'damaged' || state === 'unsafe') ? name : [],
  )
}
