import { OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { centralOf, noCentral } from '../../ovn/central.ts'
import { INTEGRATION_BRIDGE, refuseElsewhere, type Chassis } from '../../ovn/chassis.ts'
import { parseCentral, parseChassisWords, type ChassisWords, type Pair } from '../../ovn/join-words.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import { DATABASE_ID, knownDatabase } from '../../ovn/central-record.ts'
import { northboundId } from '../../ovn/life.ts'
import { dataLost } from '../../ovn/lost.ts'
import { refusePlainTcp } from '../../ovn/plain-tcp.ts'
import type { Remotes } from '../../ovn/remotes.ts'
import { requireTlsFiles } from '../../ovn/tls.ts'
import { DatabaseUnreachable } from '../../ovsdb/client.ts'
import type { Prepared } from '../prepared.ts'
import { chassisStages, type ChassisPlan } from './chassis-stages.ts'

/** What is typed: where central is, unless the host knows, and what kind of chassis this host is to be. */
export interface JoinWords extends ChassisWords {
  readonly central?: string | undefined
  readonly southbound?: string | undefined
  /** Although its databases are others than those that this host knew. */
  readonly restore?: boolean
}

/** What ovn join answers. */
export interface JoinedCloud extends Omit<Chassis, 'datapath' | 'bridgeMappings'> {
  readonly bridgeMappings: readonly string[]
  /** "changed" when this host was a chassis already and something was otherwise or missing. */
  readonly status: 'joined' | 'changed' | 'unchanged'
  readonly bridge: string
  readonly bridgeCreated: boolean
  readonly controllerStarted: boolean
}

/**
 * Looks at this host and at central, and plans what makes the one a chassis of the other. Errors: CentralUnknown, PlainTcp,
 * CentralDataLost, those of `chassisStages`.
 */
export async function joinCloud(host: Host, words: JoinWords): Promise<Prepared<JoinedCloud>> {
  const request = parseChassisWords(words)
  if (request.tls !== undefined) requireTlsFiles(request.tls)
  const local = await readLocal(host)
  const { central, isKnown } = centralFor(local, words, request.tls ?? local.tls)
  if (!isKnown) refusePlainTcp([central.northbound, central.southbound], request.insecure)
  const id = await northboundId(central.northbound).catch((error: unknown) => {
    // That it is another one comes first: it may never have been there.
    refuseElsewhere(local, { northbound: central.northbound.text, southbound: central.southbound.text }, false)
    throw isKnown ? error : nobodyThere(error, central.northbound)
  })
  const known = knownDatabase(local)
  if (known !== undefined && id !== known && words.restore !== true)
    throw dataLost({ database: known, networks: [] }, `the one at ${central.northbound.text} is another`)
  const pairs: Readonly<Record<string, string>> = id === undefined ? {} : { [DATABASE_ID]: id }
  const plan = await chassisStages(host, local, central, request, false, pairs)
  return {
    plan:
      plan.stages.length === 0
        ? undefined
        : { onFailure: 'unwind', title: `Join the central at ${central.southbound.text}`, stages: plan.stages },
    result: joined(local, plan),
  }
}

/** The same error, with what can be done about a central that was typed. */
function nobodyThere(error: unknown, { text }: Remotes): unknown {
  if (!(error instanceof DatabaseUnreachable)) return error
  return new OvsdError('CentralUnreachable', error.message, {
    cause: error,
    next: `See whether anybody listens at ${text}, and whether this host gets there; central says where it listens: ovn-nbctl get-connection`,
  })
}

/** What was done, or was already so. */
export function joined(
  { externalIds }: LocalOvn,
  { chassis, stages, bridgeCreated, controllerStarted }: ChassisPlan,
): JoinedCloud {
  const { northbound, southbound, systemId, encapTypes, encapIp, bridgeMappings } = chassis
  const wasChassis = externalIds['ovn-remote'] !== undefined
  return {
    status: stages.length === 0 ? 'unchanged' : wasChassis ? 'changed' : 'joined',
    ...{ northbound, southbound, systemId, encapTypes, encapIp },
    bridgeMappings: bridgeMappings === '' ? [] : bridgeMappings.split(','),
    ...{ bridge: INTEGRATION_BRIDGE, bridgeCreated, controllerStarted },
  }
}

function centralFor(
  local: LocalOvn,
  { central, southbound }: JoinWords,
  tls: LocalOvn['tls'],
): { readonly central: Pair; readonly isKnown: boolean } {
  if (central !== undefined) return { central: parseCentral(central, southbound, tls), isKnown: false }
  const known = centralOf(local)
  if (known === undefined) throw noCentral()
  return { central: known, isKnown: known.source !== 'environment' }
}
