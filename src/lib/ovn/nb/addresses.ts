// Addresses for logical ports, from pools that all hosts share.
import { Refused } from '../../errors.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import { change, Conflict, untilUndisturbed, type Northbound } from '../change.ts'
import {
  addressTaken,
  makePort,
  portNamed,
  portsWithAddress,
  readPort,
  removePort,
  selectPorts,
} from './logical-port.ts'
import type { LogicalPort, PortToMake } from './logical-port.ts'
import { lineToShow, NETWORK_MARK, readSwitch, switchAt, SWITCH_COLUMNS, type LogicalSwitch } from './logical-switch.ts'
import { hasIds, isRow } from '../../ovsdb/operations.ts'
import { inTurn } from '../../system/turns.ts'
import { correctUses, isUsed, nextFree, type AddressPool } from './pools.ts'

/** What is noted together (pools.ts): farther apart than that, two hosts are not in each other's way. */
const SPREAD = 64

/** What addresses a port is to have: those that were asked for, and one from each of the pools. */
export interface Wanted {
  readonly asked: readonly IpAddress[]
  readonly pools: readonly AddressPool[]
  /** Addresses that are not to be given out, although nobody has them yet. */
  readonly except?: ((ip: IpAddress) => boolean) | undefined
}

/** Addresses that were chosen for a port, and the switch as it was then. Nothing is written: another host may be faster. */
export interface Chosen {
  readonly ls: LogicalSwitch
  /** Those that were asked for first. */
  readonly addresses: readonly IpAddress[]
  /** Those that were not asked for. */
  readonly given: readonly IpAddress[]
}

/**
 * Chooses addresses of a switch, given by its UUID, by what is used now. `tries` is how often somebody else was faster: then some
 * free ones are passed over. Errors: Refused AddressInUse, PoolExhausted, LogicalSwitchGone; DatabaseUnreachable.
 */
export async function chooseAddresses(
  nb: Northbound,
  uuid: string,
  { asked, pools, except }: Wanted,
  tries = 0,
): Promise<Chosen> {
  let ls = await presentSwitch(nb, uuid)
  const choose = (): readonly (IpAddress | undefined)[] =>
    pools.map((pool) => nextFree(ls.externalIds, pool, Math.floor(Math.random() * Math.min(tries, 8) * SPREAD), except))
  const takenIn = (): IpAddress | undefined => asked.find((ip) => isUsed(ls.externalIds, ip))
  let given = choose()
  // Before anybody is refused: a port that was removed by hand left its note behind.
  if (given.includes(undefined) || takenIn() !== undefined) {
    ls = await recount(nb, uuid)
    given = choose()
  }
  const taken = takenIn()
  if (taken !== undefined) {
    const [holder] = await portsWithAddress(nb, ls.externalIds[NETWORK_MARK] ?? '', taken)
    throw addressTaken(ls, taken, holder?.name)
  }
  const empty = pools[given.indexOf(undefined)]
  if (empty !== undefined) throw poolExhausted(ls, empty)
  const chosen = given.filter((ip) => ip !== undefined)
  return { ls, addresses: [...asked, ...chosen], given: chosen }
}

async function presentSwitch(nb: Northbound, uuid: string): Promise<LogicalSwitch> {
  const found = await switchAt(nb, uuid)
  if (found === undefined) throw switchGone()
  return found
}

export const switchGone = (): Refused =>
  new Refused('LogicalSwitchGone', 'The logical switch of the network has been removed.', {
    next: 'See what networks there are: ovsd net ls',
  })

const poolExhausted = ({ name }: LogicalSwitch, { text }: AddressPool): Refused =>
  new Refused(
    'PoolExhausted',
    `The logical switch ${name} has no address left: all of ${text} are in use, or kept for something else.`,
    { next: `See who has them, on all hosts: ${lineToShow(name)}; ovsd gc releases those of removed containers.` },
  )

/**
 * Makes a port with the addresses that were chosen for it. Errors: Conflict; Refused AddressInUse, LogicalPortExists,
 * LogicalSwitchGone; those of `change`.
 */
export async function addChosen(
  nb: Northbound,
  ls: LogicalSwitch,
  port: PortToMake,
  given: readonly IpAddress[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await change(nb, makePort(ls, port, given), signal)
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    if ((await portNamed(nb, port.name)) !== undefined) throw portExists(port.name)
    await presentSwitch(nb, ls.uuid)
    throw error
  }
}

const portExists = (name: string): Refused =>
  new Refused('LogicalPortExists', `There is a logical port ${name} already.`, {
    next: `See where: ovn-nbctl lsp-get-ls ${name}`,
  })

/** Takes a port away, and gives its addresses back. Nothing is wrong when it, or its switch, is gone. Errors: those of `change`. */
export async function dropPort(
  nb: Northbound,
  ls: Pick<LogicalSwitch, 'uuid'>,
  uuid: string,
  signal: AbortSignal,
): Promise<void> {
  await inTurn(nb.database, ls.uuid, () =>
    untilUndisturbed(async () => {
      const [[switchRow] = [], [portRow] = []] = await nb.database.select([
        { table: 'Logical_Switch', where: isRow(ls.uuid), columns: SWITCH_COLUMNS },
        selectPorts(isRow(uuid)),
      ])
      if (switchRow === undefined || portRow === undefined) return
      await change(nb, removePort(readSwitch(switchRow), readPort(portRow)), signal)
    }, signal),
  )
}

/**
 * Counts anew which addresses of a network are in use, by the marks of its ports, and puts the notes of its switch right: ports
 * that were removed by hand leave theirs behind. Gives the switch as it is then. Errors: LogicalSwitchGone; those of `change`.
 */
export async function recount(
  nb: Northbound,
  uuid: string,
  signal = AbortSignal.timeout(60_000),
): Promise<LogicalSwitch> {
  return await untilUndisturbed(async () => {
    const before = await presentSwitch(nb, uuid)
    const ofNetwork = [hasIds({ [NETWORK_MARK]: before.externalIds[NETWORK_MARK] ?? '' })]
    // As of one moment, or what was taken in between would be counted as free.
    const [[row] = [], ports = []] = await nb.database.select([
      { table: 'Logical_Switch', where: isRow(uuid), columns: SWITCH_COLUMNS },
      selectPorts(ofNetwork),
    ])
    if (row === undefined) throw switchGone()
    const ls = readSwitch(row)
    const used = ports.map(readPort).flatMap(({ ips }: LogicalPort) => ips)
    const changes = correctUses(uuid, ls.externalIds, used)
    if (changes.length === 0) return ls
    await change(nb, changes, signal)
    return await presentSwitch(nb, uuid)
  }, signal)
}
