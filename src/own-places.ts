import type { OwnPlaces } from './lib/doctor/patient.ts'
import { SOCKET } from './lib/plugin/socket.ts'
import { policySetting } from './lib/watch/settings.ts'
import { storeOf } from './store.ts'

/** Where flags and environment say that ovsd's own things are. Error: BadInput. */
export const ownPlaces = (flags: {
  readonly 'state-dir'?: string | undefined
  readonly policy?: string | undefined
}): OwnPlaces => ({
  store: storeOf(flags, () => undefined),
  policyFile: () => policySetting({ flags: { policy: flags.policy }, env: process.env }),
  socket: process.env['OVSD_PLUGIN_SOCKET'] ?? SOCKET,
})
