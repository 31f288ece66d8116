// Command id to lazy loader. An explicit list (and no search on disk) because the bundle has no files to search;
// each import() becomes a deferred require in it, so a command pays only for itself.
import type { Command } from './oclif.ts'

type Loader = () => Promise<{ default: Command.Class }>

/** Every command of the program, by oclif id (`:` separates topic and command). */
export const commands: Record<string, Loader> = {
  'add-port': () => import('./commands/add-port.ts'),
  'del-port': () => import('./commands/del-port.ts'),
  'del-ports': () => import('./commands/del-ports.ts'),
  'set-vlan': () => import('./commands/set-vlan.ts'),
  list: () => import('./commands/list.ts'),
  show: () => import('./commands/show.ts'),
  gc: () => import('./commands/gc.ts'),
  watch: () => import('./commands/watch.ts'),
  'policy:check': () => import('./commands/policy/check.ts'),
  completion: () => import('./commands/completion.ts'),
  __complete: () => import('./commands/complete.ts'),
}
