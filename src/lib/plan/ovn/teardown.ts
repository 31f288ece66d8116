import { existsSync } from 'node:fs'
import { DockerUnreachable } from '../../docker/http.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { knownDatabase, madeCentral, type MadeCentral } from '../../ovn/central-record.ts'
import { CHASSIS_QUESTIONS, chassisOf } from '../../ovn/chassis-rows.ts'
import { readChassisRecord } from '../../ovn/chassis.ts'
import { CONTAINER } from '../../ovn/container/names.ts'
import { remotesAt } from '../../ovn/life.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import { takesChanges } from '../../ovn/member.ts'
import type { Remotes } from '../../ovn/remotes.ts'
import { untilFailure } from '../until-failure.ts'
import type { Prepared } from '../prepared.ts'
import { centralDisown, centralForget } from '../steps/central-forget.ts'
import { localListenersRemove } from '../steps/local-listeners-remove.ts'
import { localDataRemove, localCentralStop } from '../steps/local-central-stop.ts'
import { DATABASE_FILES, localCentralRuns, localRemotes } from '../steps/local-central-start.ts'
import type { Step, TearDown } from '../step.ts'
import { removeDockerCentral } from './remove-docker-central.ts'

export interface TeardownOptions {
  /** Delete the databases, too. */
  readonly deleteData: boolean
  /** Although hosts are still chassis of it, or nobody knows whether they are. */
  readonly force: boolean
}

/** What ovn teardown answers. */
export interface TornDown {
  /** "silenced" when central is somebody else's, and only listens no more where ovsd had it listen. */
  readonly status: 'removed' | 'silenced' | 'unchanged'
  readonly central: MadeCentral | null
  readonly data: 'removed' | 'kept' | 'none'
}

type Removal = Step & { readonly leaves: string }

/** Central, as far as it is ovsd's. */
interface Found {
  readonly kind: MadeCentral
  /** Whether that is noted on this host; a container is known by its labels, too. */
  readonly isNoted: boolean
  readonly data: TornDown['data']
  readonly steps: readonly Removal[]
}

/**
 * Looks at the central that ovsd made on this host, and plans that it goes; its databases only with `deleteData`: without, a
 * later bootstrap goes on with them. Errors: CentralInUse, DockerUnreachable, DatabaseUnreachable.
 */
export async function teardown(host: Host, options: TeardownOptions): Promise<Prepared<TornDown>> {
  const { deleteData } = options
  const local = await readLocal(host)
  const found = await centralHere(host, madeCentral(local), options)
  if (found === undefined) return silence(host, local, options)
  const { kind, isNoted, data, steps } = found
  const all = isNoted && deleteData ? [centralDisown(host), ...steps, centralForget(host)] : steps
  // What is needed to repeat it stays in the files.
  const stages = kind === 'local' && !deleteData ? oneByOne(all) : untilFailure(all)
  if (all.length > 0) await refuseInUse(host, local, kind, options, mayBeNeeded(local, found))
  return {
    plan: all.length === 0 ? undefined : { onFailure: 'continue', title: 'Remove central', stages },
    result:
      all.length === 0
        ? { status: 'unchanged', central: data === 'none' ? null : kind, data }
        : { status: 'removed', central: kind, data },
  }
}

/** What ovsd made of it, and what takes it away; undefined for nothing. */
async function centralHere(
  host: Host,
  made: MadeCentral | undefined,
  { deleteData }: TeardownOptions,
): Promise<Found | undefined> {
  if (made === 'local') return { ...{ kind: made, isNoted: true }, ...(await localCentralHere(host, deleteData)) }
  const isNoted = made === 'docker'
  if (!isNoted && !host.docker.isLocal) return undefined
  try {
    const { stages, data } = await removeDockerCentral(host, { deleteData })
    const steps = stages.flat()
    return isNoted || steps.length > 0 ? { kind: 'docker', isNoted, data, steps } : undefined
  } catch (error) {
    // Most hosts without the note have no engine, or one that has nothing to do with OVN.
    if (!isNoted && error instanceof DockerUnreachable) return undefined
    throw error
  }
}

async function localCentralHere(host: Host, deleteData: boolean): Promise<Pick<Found, 'data' | 'steps'>> {
  const hasData = DATABASE_FILES.some((path) => existsSync(path))
  const stop = (await localCentralRuns()) ? [localCentralStop(host)] : []
  return deleteData
    ? { data: hasData ? 'removed' : 'none', steps: [...stop, localDataRemove(host)] }
    : { data: hasData ? 'kept' : 'none', steps: [...(await listenersRemove(host)), ...stop] }
}

/**
 * Whether databases that do not answer may be those that hosts belong to. They are not when no database was ever known here to work,
 * or when a run that was killed, and had asked them, has forgotten it: it is repeated by the same command.
 */
const mayBeNeeded = (local: LocalOvn, { isNoted, data }: Found): boolean =>
  data !== 'none' && (!isNoted || knownDatabase(local) !== undefined)

/** Of a central that is somebody else's only what ovsd has added goes. */
async function silence(host: Host, local: LocalOvn, options: TeardownOptions): Promise<Prepared<TornDown>> {
  const steps = await listenersRemove(host)
  if (steps.length > 0) await refuseInUse(host, local, 'local', options, false)
  return {
    plan:
      steps.length === 0
        ? undefined
        : { onFailure: 'continue', title: 'Have central listen for this host only', stages: oneByOne(steps) },
    result: { status: steps.length === 0 ? 'unchanged' : 'silenced', central: null, data: 'none' },
  }
}

/** Each is tried, whatever became of those before it. */
const oneByOne = (steps: readonly Removal[]): TearDown['stages'] => steps.map((step) => [step])

const listenersRemove = async (host: Host): Promise<readonly Removal[]> => [
  ...(await localListenersRemove(host, 'northbound')),
  ...(await localListenersRemove(host, 'southbound')),
]

const SHOWN = 5

/** Error: CentralInUse, while somebody is registered; and before data that may be needed is deleted, when that cannot be asked. */
async function refuseInUse(
  host: Host,
  local: LocalOvn,
  made: MadeCentral,
  { force, deleteData }: TeardownOptions,
  isNeeded: boolean,
): Promise<void> {
  if (force) return
  const southbound = await southboundOf(host, made)
  const names = southbound === undefined ? undefined : await chassisIn(southbound)
  const all = names ?? (readChassisRecord(local) === undefined ? [] : [local.systemId])
  const more = all.length > SHOWN ? ` and ${String(all.length - SHOWN)} more` : ''
  if (all.length > 0)
    throw new Refused('CentralInUse', `Hosts still belong to it: ${all.slice(0, SHOWN).join(', ')}${more}.`, {
      next: 'On each of them: ovsd ovn leave; or remove it all the same with --force: their networks stop being changed',
    })
  if (names === undefined && deleteData && isNeeded)
    throw new Refused('CentralInUse', 'Its databases do not answer, so nobody knows which hosts still belong to it.', {
      next: 'Start it, to see: ovsd ovn bootstrap; or delete them all the same: ovsd ovn teardown --delete-data --force',
    })
}

async function southboundOf(host: Host, made: MadeCentral): Promise<Remotes | undefined> {
  if (made === 'local') return localRemotes('southbound')
  const [address] = Object.values((await host.docker.settings(CONTAINER))?.addresses ?? {})
  return address === undefined ? undefined : remotesAt(address).southbound
}

/** Names of the chassis; undefined when the database does not answer. */
async function chassisIn(southbound: Remotes): Promise<readonly string[] | undefined> {
  using south = new OvnDatabase('southbound', southbound)
  if (!(await south.members()).some(takesChanges)) return undefined
  return chassisOf(await south.select(CHASSIS_QUESTIONS)).map(({ name }) => name)
}
