import type { Host } from '../../host.ts'
import { centralOf, noCentral } from '../../ovn/central.ts'
import { INTEGRATION_BRIDGE, type Chassis } from '../../ovn/chassis.ts'
import { parseCentral, parseChassisWords, type ChassisWords, type Pair } from '../../ovn/join-words.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import { refusePlainTcp } from '../../ovn/plain-tcp.ts'
import type { Prepared } from '../prepared.ts'
import { chassisStages, type ChassisPlan } from './chassis-stages.ts'

/** What is typed: where central is, unless the host knows, and what kind of chassis this host is to be. */
export interface JoinWords extends ChassisWords {
  readonly central?: string | undefined
  readonly southbound?: string | undefined
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
 * Looks at this host and at central, and plans what makes the one a chassis of the other. Errors: CentralUnknown, PlainTcp, those
 * of `chassisStages`.
 */
export async function joinCloud(host: Host, words: JoinWords): Promise<Prepared<JoinedCloud>> {
  const request = parseChassisWords(words)
  const local = await readLocal(host)
  const { central, isKnown } = centralFor(local, words, request.tls ?? local.tls)
  if (!isKnown) refusePlainTcp([central.northbound, central.southbound], request.insecure)
  const plan = await chassisStages(host, local, central, request, false)
  return {
    plan:
      plan.stages.length === 0
        ? undefined
        : { onFailure: 'unwind', title: `Join the central at ${central.southbound.text}`, stages: plan.stages },
    result: joined(local, plan),
  }
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
