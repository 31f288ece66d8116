import { messageOf, OvsdError } from '../errors.ts'
import { TearDownIncomplete } from '../run/run-plan.ts'

/**
 * Reasons that lie in what was asked for or in what others have: trying again at once would end the same way, so the next
 * look comes with the next resync. Everything else is a failure, and is tried again.
 */
const REFUSALS: ReadonlySet<string> = new Set([
  'AddressInUse',
  'AlreadyConnected',
  'AttachedByOther',
  'BadInput',
  'BridgeNameTaken',
  'ExternalInterfaceMissing',
  'ExternalInterfaceUnfit',
  'HostNetwork',
  'InterfaceExists',
  'LinkNameTaken',
  'LogicalPortExists',
  'NameTaken',
  'NetworkDamaged',
  'NetworkMissing',
  'NotOnThisHost',
  'PoolExhausted',
  'PortMoved',
  'SharedNetwork',
  'SwitchAmbiguous',
  'SwitchForeign',
])

/** Whether what is wanted cannot be had as things are. Never when something was left behind (status 3). */
export const isRefusal = ({ code, status }: OvsdError): boolean => status !== 3 && REFUSALS.has(code)

/** Of the engine, of the Open vSwitch database, of the databases of OVN. */
const OUTAGES: ReadonlySet<string> = new Set(['DockerUnreachable', 'DatabaseUnreachable', 'CentralUnreachable'])

/** Whether something that everything depends on does not answer: that is told once, not for each container. */
export const isOutage = (error: unknown): boolean =>
  error instanceof TearDownIncomplete
    ? error.reasons.every(isOutage)
    : error instanceof OvsdError && OUTAGES.has(error.code)

/** Any thrown value as an error with a code. */
export function asOvsdError(thrown: unknown): OvsdError {
  return thrown instanceof OvsdError ? thrown : new OvsdError('Unexpected', messageOf(thrown), { cause: thrown })
}
