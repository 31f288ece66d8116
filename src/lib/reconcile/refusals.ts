import { messageOf, OvsdError } from '../errors.ts'
import { TearDownIncomplete } from '../run/run-plan.ts'

/**
 * Reasons that lie in what was asked for or in what others have: trying again at once would end the same way, so the next
 * look comes with the next resync. Everything else is a failure, and is tried again.
 */
const REFUSALS: ReadonlySet<string> = new Set([
  'AddressInUse',
  'AttachedByOther',
  'BadInput',
  'BridgeNameTaken',
  'ExternalInterfaceMissing',
  'ExternalInterfaceUnfit',
  'HostNetwork',
  'InterfaceExists',
  'LinkNameTaken',
  'NameTaken',
  'NetworkDamaged',
  'NetworkMissing',
  'NotOnThisHost',
  'PoolExhausted',
  'PortMoved',
  'SharedNetwork',
])

/** Whether what is wanted cannot be had as things are. Never when something was left behind (status 3). */
export const isRefusal = ({ code, status }: OvsdError): boolean => status !== 3 && REFUSALS.has(code)

/** Whether something that everything depends on does not answer: that is told once, not for each container. */
export const isOutage = (error: unknown): boolean =>
  error instanceof TearDownIncomplete
    ? error.reasons.every(isOutage)
    : error instanceof OvsdError && (error.code === 'DockerUnreachable' || error.code === 'DatabaseUnreachable')

/** Any thrown value as an error with a code. */
export function asOvsdError(thrown: unknown): OvsdError {
  return thrown instanceof OvsdError ? thrown : new OvsdError('Unexpected', messageOf(thrown), { cause: thrown })
}
