import type { Host } from '../host.ts'
import type { Network } from './networks.ts'
import { networksOn } from './seen.ts'
import type { RecordedNetwork } from './record.ts'

/** A network that Docker has made, with its id. */
export type DockersNetwork = Network & { readonly spec: { readonly docker: string } }

/** Whether it is one, and its record can be used. */
export const isDockers = (one: RecordedNetwork): one is DockersNetwork =>
  'spec' in one && one.spec.owner === 'plugin' && one.spec.docker !== undefined

/** Those of this host. Errors: those of the database. */
export const networksOfDocker = async (host: Host): Promise<readonly DockersNetwork[]> =>
  (await host.ovs.bridges()).flatMap(networksOn).filter(isDockers)
