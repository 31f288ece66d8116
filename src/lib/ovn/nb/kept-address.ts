// Addresses that are kept for an endpoint which Docker is about to make: logical ports that nothing is bound to.
import type { IpAddress } from '../../net/ip-address.ts'
import type { LogicalPort } from './logical-port.ts'
import type { Ids } from '../../ovsdb/operations.ts'

/** Says when an address was kept, in seconds since 1970, by the clock of the host that keeps it. */
const KEPT = 'ovsd_kept'

/** Docker makes the endpoint within seconds, or gives the address back. */
const FORGOTTEN_S = 600

const now = (): number => Math.floor(Date.now() / 1000)

/** Name of the logical port that keeps an address of a network, given by its id: one for each address. */
export const keptName = (network: string, ip: IpAddress): string => `ovsd-kept-${network.slice(0, 12)}-${ip.text}`

/** Its marks. */
export const keptMarks = (): Ids => ({ [KEPT]: String(now()) })

/** Whether a port only keeps an address. */
export const isKept = ({ externalIds }: Pick<LogicalPort, 'externalIds'>): boolean => externalIds[KEPT] !== undefined

/** Whether it does so for longer than anybody needs it: whoever was to make the endpoint, or to give it back, has ended. */
export function isForgotten({ externalIds }: Pick<LogicalPort, 'externalIds'>): boolean {
  const age = now() - Number(externalIds[KEPT] ?? now())
  return age > FORGOTTEN_S || age < -FORGOTTEN_S
}
