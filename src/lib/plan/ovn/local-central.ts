import { existsSync } from 'node:fs'
import type { Host } from '../../host.ts'
import { listenTarget, type Listen } from '../../ovn/listen.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import type { Pair } from '../../ovn/join-words.ts'
import type { Side } from '../../ovn/remotes.ts'
import type { TlsFiles } from '../../ovn/tls.ts'
import { requireTools } from '../../system/runner.ts'
import type { ReversibleStep, Stages } from '../step.ts'
import { localCentralListen } from '../steps/local-central-listen.ts'
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
 * was asked for. Errors: ToolMissing, when the package is not installed.
 */
export async function localCentral(
  host: Host,
  listen: Listen | undefined,
  tls: TlsFiles | undefined,
): Promise<LocalCentral> {
  requireTools([{ tool: 'ovn-northd', args: [] }])
  const works = await localCentralWorks()
  const silent: Side[] = []
  if (listen !== undefined)
    for (const side of SIDES_OF_CENTRAL) if (!works || !(await listens(side, listen))) silent.push(side)
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

async function listens(side: Side, listen: Listen): Promise<boolean> {
  using database = new OvnDatabase(side, localRemotes(side))
  const where = [['target', '==', listenTarget(side, listen)]]
  const [rows = []] = await database.select([{ table: 'Connection', where, columns: ['target'] }])
  return rows.length > 0
}
