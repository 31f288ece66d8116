import { existsSync } from 'node:fs'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { Listen } from '../../ovn/listen.ts'
import { refuseForeignAddress } from '../../ovn/encap-ip.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import type { Pair } from '../../ovn/join-words.ts'
import type { Side } from '../../ovn/remotes.ts'
import type { TlsFiles } from '../../ovn/tls.ts'
import { requireTools } from '../../system/runner.ts'
import type { ReversibleStep, Stages } from '../step.ts'
import { listenerOf, listens, localCentralListen } from '../steps/local-central-listen.ts'
import { DATABASE_FILES, localCentralStart, localCentralWorks, localRemotes } from '../steps/local-central-start.ts'

/** The central of the distribution on this host, as it is once `stages` are done. */
export interface LocalCentral extends Pair {
  readonly stages: Stages<ReversibleStep>
  /** Whether `stages` start it. */
  readonly started: boolean
  /** Whether its databases are new, and so empty. */
  readonly newDatabase: boolean
}

const SIDES_OF_CENTRAL = ['northbound', 'southbound'] as const satisfies readonly Side[]

/**
 * Looks at the databases of this host, and plans what is missing: that they run, and that they listen for other hosts where that
 * was asked for. Errors: CentralSilent, ListenTaken, TlsDiffers, BadInput; ToolMissing, when the package is not installed.
 */
export async function localCentral(
  host: Host,
  listen: Listen | undefined,
  tls: TlsFiles | undefined,
  isOurs: boolean,
): Promise<LocalCentral> {
  requireTools([{ tool: 'ovn-northd', args: [] }])
  // ovsdb-server would say so in its log, and nowhere else.
  if (listen !== undefined) await refuseForeignAddress(host.run, listen.address, '--listen')
  const works = await localCentralWorks()
  if (!works) await refuseHalfRunning(isOurs)
  const silent: Side[] = []
  if (listen !== undefined)
    for (const side of SIDES_OF_CENTRAL) if (!works || !listens(await listenerOf(side, listen, tls))) silent.push(side)
  return {
    northbound: localRemotes('northbound'),
    southbound: localRemotes('southbound'),
    started: !works,
    newDatabase: !existsSync(DATABASE_FILES[0]),
    stages: [
      works ? [] : [localCentralStart(host)],
      listen === undefined ? [] : silent.map((side) => localCentralListen(host, side, listen, tls)),
    ].filter((stage) => stage.length > 0),
  }
}

/**
 * Refuses to start beside what runs already: part of a cluster, or databases without an ovn-northd, are somebody's, and would be
 * stopped by an undo. Of one that is ovsd's (`isOurs`) a run may have been killed. Error: CentralSilent.
 */
async function refuseHalfRunning(isOurs: boolean): Promise<void> {
  for (const side of SIDES_OF_CENTRAL) {
    using database = new OvnDatabase(side, localRemotes(side))
    const [member] = await database.members()
    if (member === undefined || member.state === 'unreachable') continue
    const isCluster = member.cluster !== ''
    if (isOurs && !isCluster) continue
    throw new Refused(
      'CentralSilent',
      isCluster
        ? `The ${side} database of this host is a member of a cluster, which is more than this host has.`
        : `The ${side} database of this host runs, and central is not at work all the same: no ovn-northd works on both.`,
      {
        next: isCluster
          ? 'Name its members: ovsd ovn bootstrap --central tcp:A,tcp:B,tcp:C'
          : 'Start what is missing: systemctl start ovn-northd, or /usr/share/ovn/scripts/ovn-ctl start_northd',
      },
    )
  }
}
