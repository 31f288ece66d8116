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
  plugin: () => import('./commands/plugin.ts'),
  daemon: () => import('./commands/daemon.ts'),
  'plugin:state': () => import('./commands/plugin/state.ts'),
  'mirror:create': () => import('./commands/mirror/create.ts'),
  'mirror:expire': () => import('./commands/mirror/expire.ts'),
  'mirror:ls': () => import('./commands/mirror/ls.ts'),
  'mirror:rm': () => import('./commands/mirror/rm.ts'),
  'net:confirm': () => import('./commands/net/confirm.ts'),
  'net:connect': () => import('./commands/net/connect.ts'),
  'net:create': () => import('./commands/net/create.ts'),
  'net:disconnect': () => import('./commands/net/disconnect.ts'),
  'net:inspect': () => import('./commands/net/inspect.ts'),
  'net:ls': () => import('./commands/net/ls.ts'),
  'net:prune': () => import('./commands/net/prune.ts'),
  'net:rm': () => import('./commands/net/rm.ts'),
  'ovn:bootstrap': () => import('./commands/ovn/bootstrap.ts'),
  'ovn:join': () => import('./commands/ovn/join.ts'),
  'ovn:leave': () => import('./commands/ovn/leave.ts'),
  'ovn:status': () => import('./commands/ovn/status.ts'),
  'ovn:teardown': () => import('./commands/ovn/teardown.ts'),
  'state:check': () => import('./commands/state/check.ts'),
  'state:export': () => import('./commands/state/export.ts'),
  'state:import': () => import('./commands/state/import.ts'),
  'policy:check': () => import('./commands/policy/check.ts'),
  doctor: () => import('./commands/doctor.ts'),
  'doctor:list': () => import('./commands/doctor/list.ts'),
  'doctor:explain': () => import('./commands/doctor/explain.ts'),
  path: () => import('./commands/path.ts'),
  explain: () => import('./commands/explain.ts'),
  completion: () => import('./commands/completion.ts'),
  '__take-back': () => import('./commands/take-back.ts'),
  __complete: () => import('./commands/complete.ts'),
}
