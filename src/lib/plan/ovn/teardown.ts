import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { DATABASE_ID, madeCentral, type MadeCentral } from '../../ovn/central-record.ts'
import { CHASSIS_QUESTIONS, chassisOf } from '../../ovn/chassis-rows.ts'
import { readChassisRecord } from '../../ovn/chassis.ts'
import { lifeOf, remotesAt } from '../../ovn/life.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import type { Pair } from '../../ovn/join-words.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import { inTurn } from '../in-turn.ts'
import type { Prepared } from '../prepared.ts'
import { centralForget } from '../steps/central-forget.ts'
import { localDataRemove, localCentralStop } from '../steps/local-central-stop.ts'
import { localRemotes } from '../steps/local-central-start.ts'
import { CONTAINER } from '../../ovn/container/names.ts'
import { removeDockerCentral } from './remove-docker-central.ts'

export interface TeardownOptions {
  /** Delete the databases, too. */
  readonly deleteData: boolean
  /** Although hosts are still chassis of it. */
  readonly force: boolean
}

/** What ovn teardown answers. */
export interface TornDown {
  readonly status: 'removed' | 'unchanged'
  readonly central: MadeCentral | null
  readonly data: 'removed' | 'kept' | 'none'
}

/**
 * Looks at the central that ovsd made on this host, and plans that it goes; its databases only with `deleteData`. Errors:
 * CentralInUse, DockerUnreachable, DatabaseUnreachable.
 */
export async function teardown(host: Host, { deleteData, force }: TeardownOptions): Promise<Prepared<TornDown>> {
  const local = await readLocal(host)
  const made = madeCentral(local)
  const hasNote = local.externalIds[DATABASE_ID] !== undefined
  if (made === undefined) return { plan: undefined, result: { status: 'unchanged', central: null, data: 'none' } }
  if (!force) await refuseInUse(host, local, made)
  const removal = made === 'docker' ? await removeDockerCentral(host, { deleteData }) : undefined
  const steps = removal?.stages.flat() ?? [localCentralStop(host), ...(deleteData ? [localDataRemove(host)] : [])]
  return {
    plan: {
      onFailure: 'continue',
      title: 'Remove central',
      stages: inTurn([...steps, centralForget(host, deleteData && hasNote)]),
    },
    result: { status: 'removed', central: made, data: removal?.data ?? (deleteData ? 'removed' : 'kept') },
  }
}

const SHOWN = 5

/** Error: CentralInUse, while somebody is registered, or this host is and central cannot be asked. */
async function refuseInUse(host: Host, local: LocalOvn, made: MadeCentral): Promise<void> {
  const pair = await pairOf(host, made)
  const names =
    pair !== undefined && 'id' in (await lifeOf(pair))
      ? await chassisOfPair(pair)
      : readChassisRecord(local) === undefined
        ? []
        : [local.systemId]
  if (names.length === 0) return
  const more = names.length > SHOWN ? ` and ${String(names.length - SHOWN)} more` : ''
  throw new Refused('CentralInUse', `Hosts still belong to it: ${names.slice(0, SHOWN).join(', ')}${more}.`, {
    next: 'On each of them: ovsd ovn leave; or remove it all the same with --force: their networks stop being changed',
  })
}

async function pairOf(host: Host, made: MadeCentral): Promise<Pair | undefined> {
  if (made === 'local') return { northbound: localRemotes('northbound'), southbound: localRemotes('southbound') }
  const [address] = Object.values((await host.docker.settings(CONTAINER))?.addresses ?? {})
  return address === undefined ? undefined : remotesAt(address)
}

async function chassisOfPair({ southbound }: Pair): Promise<readonly string[]> {
  using south = new OvnDatabase('southbound', southbound)
  return chassisOf(await south.select(CHASSIS_QUESTIONS)).map(({ name }) => name)
}
