import { openHost, type Host, type HostOptions } from '../host.ts'
import { Committer } from '../ovs/committer.ts'
import { directRunner } from '../ovs/direct-runner.ts'
import { OvsReplica } from '../ovs/replica.ts'
import { Patience } from '../ovsdb/patience.ts'
import { jointRunner } from '../system/joint/joint-runner.ts'

/** A host for many recipes at the same time: they share processes, one copy of the database, and a connection for changes. */
export interface WatchHost extends Host {
  readonly ovs: OvsReplica
  readonly patience: Readonly<Record<'northbound' | 'southbound', Patience>>
}

/** Opens the host that the options and the environment name. Error: BadInput. */
export function openWatchHost(options: HostOptions): WatchHost {
  const host = openHost(options)
  const ovs = new OvsReplica(host.database)
  const committer = new Committer(host.database)
  return {
    ...host,
    ovs,
    run: directRunner(jointRunner(host.run), committer, options.tell),
    patience: { northbound: new Patience(), southbound: new Patience() },
    [Symbol.dispose]() {
      committer[Symbol.dispose]()
      ovs[Symbol.dispose]()
      host[Symbol.dispose]()
    },
  }
}
