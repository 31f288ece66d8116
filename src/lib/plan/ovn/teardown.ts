import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { madeCentral, type MadeCentral } from '../../ovn/central-record.ts'
import { CHASSIS_QUESTIONS, chassisOf } from '../../ovn/chassis-rows.ts'
import { readChassisRecord } from '../../ovn/chassis.ts'
import { CONTAINER } from '../../ovn/container/names.ts'
import { remotesAt } from '../../ovn/life.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import { takesChanges } from '../../ovn/member.ts'
import type { Remotes } from '../../ovn/remotes.ts'
import { inTurn } from '../in-turn.ts'
import type { Prepared } from '../prepared.ts'
import { centralForget } from '../steps/central-forget.ts'
import { localListenersRemove } from '../steps/local-listeners-remove.ts'
import { localCentralRuns, localDataRemove, localCentralStop } from '../steps/local-central-stop.ts'
import { localRemotes } from '../steps/local-central-start.ts'
import type { Step } from '../step.ts'
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

/**
 * Looks at the central that ovsd made on this host, and plans that it goes; its databases only with `deleteData`: without, a
 * later bootstrap goes on with them. Errors: CentralInUse, DockerUnreachable, DatabaseUnreachable.
 */
export async function teardown(host: Host, options: TeardownOptions): Promise<Prepared<TornDown>> {
  const { deleteData } = options
  const local = await readLocal(host)
  const made = madeCentral(local)
  if (made === undefined) return silence(host, local, options)
  const removal = made === 'docker' ? await removeDockerCentral(host, { deleteData }) : undefined
  const steps: readonly Removal[] = removal?.stages.flat() ?? [
    ...(await listenersRemove(host)),
    ...((await localCentralRuns()) ? [localCentralStop(host)] : []),
    ...(deleteData ? [localDataRemove(host)] : []),
  ]
  const all = [...steps, ...(deleteData ? [centralForget(host)] : [])]
  if (all.length > 0) await refuseInUse(host, local, made, options)
  return {
    plan: all.length === 0 ? undefined : { onFailure: 'continue', title: 'Remove central', stages: inTurn(all) },
    result: {
      ...{ status: all.length === 0 ? 'unchanged' : 'removed', central: made },
      data: removal?.data ?? (deleteData ? 'removed' : 'kept'),
    },
  }
}

/** Of a central that is somebody else's only what ovsd has added goes. */
async function silence(host: Host, local: LocalOvn, options: TeardownOptions): Promise<Prepared<TornDown>> {
  const steps = await listenersRemove(host)
  if (steps.length > 0) await refuseInUse(host, local, 'local', options)
  return {
    plan:
      steps.length === 0
        ? undefined
        : { onFailure: 'continue', title: 'Have central listen for this host only', stages: inTurn(steps) },
    result: { status: steps.length === 0 ? 'unchanged' : 'silenced', central: null, data: 'none' },
  }
}

const listenersRemove = async (host: Host): Promise<readonly Removal[]> => [
  ...(await localListenersRemove(host, 'northbound')),
  ...(await localListenersRemove(host, 'southbound')),
]

const SHOWN = 5

/** Error: CentralInUse, while somebody is registered; and before data is deleted, when that cannot be asked. */
async function refuseInUse(
  host: Host,
  local: LocalOvn,
  made: MadeCentral,
  { force, deleteData }: TeardownOptions,
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
  if (names === undefined && deleteData)
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
