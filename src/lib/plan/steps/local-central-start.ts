import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { lifeOf } from '../../ovn/life.ts'
import { parseRemotes, SIDES, type Remotes, type Side } from '../../ovn/remotes.ts'
import { startService, stopService } from '../../ovn/services.ts'
import type { ReversibleStep } from '../step.ts'

/** Where Debian's and Fedora's packages have them (ovn-ctl(8), --db-nb-file and --db-sb-file). */
export const DATABASE_FILES = ['/var/lib/ovn/ovnnb_db.db', '/var/lib/ovn/ovnsb_db.db'] as const

/** What ovsdb-server leaves beside its file (ovsdb-server(1), lockfile.c), and is of use only while it runs. */
const lockOf = (path: string): string => path.replace(/([^/]+)$/, '.$1.~lock~')

/** The databases and what is beside them. */
export const DATA_FILES = DATABASE_FILES.flatMap((path) => [path, lockOf(path)])

/**
 * Starts the databases and ovn-northd of the distribution; undone, those end, and databases that were not there are gone. Where some
 * of them ran, they go on all the same: somebody may need them.
 */
export function localCentralStart(host: Host): ReversibleStep {
  const start = startService('northd')
  let ran = false
  const had = DATA_FILES.filter((path) => existsSync(path))
  return {
    id: 'local-central.start',
    title: 'Start the databases of OVN and ovn-northd',
    leaves: 'the databases of OVN and ovn-northd, running',
    commands: () => [start],
    isDone: localCentralWorks,
    async apply(signal) {
      ran = await localCentralRuns()
      await host.run(start, signal)
      await comesToLife(signal)
    },
    async undo(signal) {
      if (ran) return
      await host.run(stopService('northd'), signal)
      const made = DATA_FILES.filter((path) => !had.includes(path) && existsSync(path))
      if (made.length > 0) await host.run({ tool: 'rm', args: ['-f', ...made] }, signal)
    },
  }
}

/** ovn-northd connects, and makes the first rows of a new database, a moment after it was started. */
async function comesToLife(signal: AbortSignal): Promise<void> {
  const end = performance.now() + LIMIT_MS
  while (!(await localCentralWorks())) {
    signal.throwIfAborted()
    if (performance.now() > end)
      throw new OvsdError('CentralNotReady', `OVN's central does not come up within ${String(LIMIT_MS / 1000)} s.`, {
        next: 'See why: tail /var/log/ovn/*.log',
      })
    await pause(AGAIN_MS)
  }
}

const LIMIT_MS = 30_000
const AGAIN_MS = 50

/** Whether both databases of this host take changes and an ovn-northd carries them out. */
export const localCentralWorks = async (): Promise<boolean> =>
  'id' in (await lifeOf({ northbound: localRemotes('northbound'), southbound: localRemotes('southbound') }))

/** Whether a database of this host answers. */
export async function localCentralRuns(): Promise<boolean> {
  return (await localDatabaseRuns('northbound')) || (await localDatabaseRuns('southbound'))
}

/** Whether this database of this host answers. */
export async function localDatabaseRuns(side: Side): Promise<boolean> {
  using database = new OvnDatabase(side, localRemotes(side))
  return (await database.members()).some(({ state }) => state !== 'unreachable')
}

/** The socket of a database of this host. */
export const localRemotes = (side: Side): Remotes => parseRemotes(`unix:${SIDES[side].socket}`, side, SIDES[side].port)
