// Addresses of networks on OVN, which all hosts give out of the same pools: a logical port keeps each from the moment it is given to
// Docker until its endpoint is made.
import { OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import { derivedMac } from '../../net/mac.ts'
import { switchOf } from '../../network/logical.ts'
import type { Network } from '../../network/networks.ts'
import { addChosen, chooseAddresses, dropPort } from '../../ovn/nb/addresses.ts'
import { isKept, keptMarks, keptName } from '../../ovn/nb/kept-address.ts'
import { portAt, portNamed, type PortToMake } from '../../ovn/nb/logical-port.ts'
import { newUuid } from '../../ovsdb/operations.ts'
import type { AddressPool } from '../../ovn/nb/pools.ts'
import { Conflict } from '../../ovn/change.ts'
import { ovnOf } from '../../ovn/of-host.ts'
import { inTurn } from '../../system/turns.ts'

/** An address that is kept, by the logical port with this UUID. */
export interface Kept {
  readonly ip: IpAddress
  readonly port: string
}

/** How often another host may be faster. */
const TRIES = 50

/**
 * Keeps an address of a network: that which is asked for, or a free one of the pool, for this host. Errors: AddressInUse, PoolExhausted,
 * LogicalSwitchGone, CentralUnreachable.
 */
export async function keepAddress(
  host: Host,
  network: Network,
  wanted: IpAddress | AddressPool,
  signal: AbortSignal,
): Promise<Kept> {
  const { northbound: nb, systemId } = await ovnOf(host)
  const { ls, id } = await switchOf(nb, network)
  return inTurn(nb.database, ls.uuid, async () => {
    for (let tries = 0; ; tries++) {
      const isAsked = 'text' in wanted && 'bits' in wanted
      if (isAsked) {
        const before = await portNamed(nb, keptName(id, wanted))
        // Docker asks again: an earlier answer was lost.
        if (before?.options['requested-chassis'] === systemId) return { ip: wanted, port: before.uuid }
      }
      const chosen = await chooseAddresses(
        nb,
        ls.uuid,
        isAsked ? { asked: [wanted], pools: [] } : { asked: [], pools: [wanted] },
        tries,
      )
      const [ip] = chosen.addresses
      if (ip === undefined) throw new TypeError('no address was chosen')
      const port: PortToMake = {
        ...{ uuid: newUuid(), name: keptName(id, ip), mac: derivedMac(id, ip.text), addresses: [ip] },
        ...{ chassis: systemId, generation: 'none', marks: keptMarks() },
      }
      try {
        await addChosen(nb, chosen.ls, port, chosen.given, signal)
        return { ip, port: port.uuid }
      } catch (error) {
        const isLate = error instanceof Conflict || (error instanceof OvsdError && error.code === 'LogicalPortExists')
        if (!isLate || tries >= TRIES) throw error
      }
    }
  })
}

/** Gives an address back that no endpoint was made of. Nothing is wrong when it has become one's. Errors: those of `change`. */
export async function letGo(host: Host, network: Network, port: string, signal: AbortSignal): Promise<void> {
  const { northbound: nb } = await ovnOf(host)
  const found = await portAt(nb, port)
  if (found !== undefined && isKept(found)) await dropPort(nb, (await switchOf(nb, network)).ls, port, signal)
}
