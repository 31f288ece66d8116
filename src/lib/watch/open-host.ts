import { openHost, type Host, type HostOptions } from '../host.ts'
import { OvsReplica } from '../ovs/replica.ts'
import { Patience } from '../ovsdb/patience.ts'
import { jointRunner } from '../system/joint/joint-runner.ts'

/** A host for many recipes at the same time: they share processes and one copy of the database. */
export interface WatchHost extends Host {
  readonly ovs: OvsReplica
  readonly patience: Readonly<Record<'northbound' | 'southbound', Patience>>
}

/** Opens the host that the options and the environment name. Error: BadInput. */
export function openWatchHost(options: HostOptions): WatchHost {
  const host = openHost(options)
  const ovs = new OvsReplica(host.database)
  return {
    ...host,
    ovs,
    run: jointRunner(host.run),
    patience: { northbound: new Patience(), southbound: new Patience() },
    [Symbol.dispose]() {
      ovs[Symbol.dispose]()
      host[Symbol.dispose]()
    },
  }
}
