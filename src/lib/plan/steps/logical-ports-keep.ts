import { parseHostCidr } from '../../net/cidr.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import { parseMac } from '../../net/mac.ts'
import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { recount } from '../../ovn/nb/addresses.ts'
import {
  addressTaken,
  makePorts,
  portMarks,
  removePorts,
  renewPort,
  type PortToMake,
} from '../../ovn/nb/logical-port.ts'
import type { LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import { newUuid, type Change } from '../../ovsdb/operations.ts'
import { isUsed } from '../../ovn/nb/pools.ts'
import { inTurn } from '../../system/turns.ts'
import type { DhcpOfPort } from '../../ovn/nb/logical-port.ts'
import type { LocalPort } from '../logical-local.ts'
import type { LogicalDifference } from '../logical-upkeep.ts'
import type { ReversibleStep } from '../step.ts'

/** How many ports one transaction is about: whoever changes one of their addresses meanwhile lets all of it begin again. */
const AT_ONCE = 100

export interface LogicalPortsToKeep {
  /** system-id of this host. */
  readonly chassis: string
  /** Name of the switch. */
  readonly logicalSwitch: string
  /** As it was seen; undefined while there is no such switch. */
  readonly difference: LogicalDifference | undefined
  /** Looks again; undefined when nothing is to be done any more. */
  readonly look: () => Promise<LogicalDifference | undefined>
  /** The rows that answer DHCP requests in a network. */
  readonly dhcpOf: (port: LocalPort) => Promise<DhcpOfPort>
}

/**
 * Puts the logical ports of this host in one switch right: makes those that are missing, with the addresses that their interfaces have,
 * gives others to the lives that their containers are in, and removes those of nothing. Errors of apply: AddressInUse, when another
 * host has given one of the addresses to somebody since; the others are put right all the same.
 */
export function logicalPortsKeep(nb: Northbound, keeping: LogicalPortsToKeep): ReversibleStep {
  const { difference, logicalSwitch, look } = keeping
  return {
    id: 'logical-ports.keep',
    title: `Put the logical ports of this host in ${logicalSwitch} right`,
    leaves: `logical ports of this host in ${logicalSwitch} that are not right`,
    keeps: 'logical ports that are right now stay so',
    commands: () => {
      if (difference === undefined) return []
      const { ls, missing, old, gone } = difference
      const all: readonly (readonly Change[])[] = [
        ...chunks(old).map((some) => some.flatMap((one) => renewal(keeping.chassis, one))),
        ...chunks(gone).map((some) => removePorts(ls, some)),
        // Whatever somebody else has by now is looked at when it is done.
        ...chunks(missing.filter((one) => isFree(ls, one))).map((some) =>
          makePorts(
            ls,
            some.map((one) => toMake(keeping.chassis, one, {})),
          ),
        ),
      ]
      return all.map((changes) => transaction(nb, changes))
    },
    isDone: async () => (await look()) === undefined,
    async apply(signal) {
      const now = await look()
      if (now !== undefined) await inTurn(nb.database, now.ls.uuid, () => keep(nb, keeping, signal))
    },
    undo: () => Promise.resolve(),
  }
}

async function keep(nb: Northbound, keeping: LogicalPortsToKeep, signal: AbortSignal): Promise<void> {
  const { chassis, look, dhcpOf } = keeping
  let hasCounted = false
  for (;;) {
    const taken = await untilUndisturbed(async () => {
      const now = await look()
      if (now === undefined) return undefined
      for (const some of chunks(now.old))
        await change(
          nb,
          some.flatMap((one) => renewal(chassis, one)),
          signal,
        )
      // One transaction at a time: the next has to be made from what the one before left.
      const [going] = chunks(now.gone)
      if (going !== undefined) {
        await change(nb, removePorts(now.ls, going), signal)
        return 'more'
      }
      const free = now.missing.filter((one) => isFree(now.ls, one))
      const [making] = chunks(free)
      if (making === undefined) return now.missing[0] === undefined ? undefined : { ls: now.ls, one: now.missing[0] }
      const ports = await Promise.all(making.map(async (one) => toMake(chassis, one, await dhcpOf(one))))
      await change(nb, makePorts(now.ls, ports), signal)
      return 'more'
    }, signal)
    if (taken === undefined) return
    if (taken === 'more') continue
    const ip = ipsOf(taken.one).find((one) => isUsed(taken.ls.externalIds, one))
    if (ip === undefined) continue
    if (hasCounted) throw addressTaken(taken.ls, ip)
    // A port that was removed by hand left its note behind.
    hasCounted = true
    await recount(nb, taken.ls.uuid)
  }
}

const renewal = (chassis: string, { port, local }: LogicalDifference['old'][number]): readonly Change[] =>
  renewPort(port, { chassis, generation: local.generation })

const ipsOf = ({ spec }: LocalPort): readonly IpAddress[] =>
  spec.addresses.map((text) => parseHostCidr(text, 'address').ip)

const isFree = (ls: LogicalSwitch, one: LocalPort): boolean => ipsOf(one).every((ip) => !isUsed(ls.externalIds, ip))

function toMake(chassis: string, one: LocalPort, dhcp: DhcpOfPort): PortToMake {
  const { name, generation, container, iface, spec, endpoint } = one
  return {
    ...{ uuid: newUuid(), name, chassis, generation, dhcp },
    mac: parseMac(spec.mac, 'mac'),
    addresses: ipsOf(one),
    marks: portMarks(container, iface, endpoint),
  }
}

const chunks = <T>(all: readonly T[]): (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, i) => all.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
