import { isPassedOn, parseSocket } from './lib/plugin/socket.ts'
import { requireWhole } from './lib/state/require-whole.ts'
import type { Store } from './lib/state/store.ts'
import type { ListenAddress } from './lib/watch/listen-address.ts'
import type { Log } from './lib/watch/log.ts'
import { storeOf } from './store.ts'

/** Where Docker is served, and what is kept for it. */
export interface Driving {
  readonly store: Store
  readonly socket: ListenAddress
  /** The service manager has opened the socket. */
  readonly passedOn: boolean
  /** The socket, in words. */
  readonly where: string
  /** Only networks on OVN are made for Docker. */
  readonly requireOvn: boolean
}

/** What flags and environment say of it. Errors: BadInput; those of requireWhole. */
export async function drivingOf(
  flags: { readonly 'state-dir'?: string | undefined; readonly socket: string; readonly 'require-ovn': boolean },
  log: Log,
): Promise<Driving> {
  const told = new Set<string>()
  const store = storeOf(flags, (message) => {
    // It is looked at again and again.
    if (!told.has(message)) log.warn('store.unusable', message)
    told.add(message)
  })
  const socket = parseSocket(flags.socket)
  await requireWhole(store)
  const passedOn = isPassedOn(process.env, process.pid)
  const where = passedOn ? 'the socket that the service manager opened' : socket.text
  return { store, socket, passedOn, where, requireOvn: flags['require-ovn'] }
}
