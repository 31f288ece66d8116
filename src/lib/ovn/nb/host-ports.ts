import { map } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { readPort, selectPorts, type LogicalPort } from './logical-port.ts'
import { NETWORK_MARK, readSwitch, SWITCH_COLUMNS, type LogicalSwitch } from './logical-switch.ts'
import type { Condition } from '../../ovsdb/operations.ts'

/** What the northbound database has for one host, as of one moment. */
export interface HostPorts {
  /** By the ids of their networks. */
  readonly switches: ReadonlyMap<string, LogicalSwitch>
  /** Logical ports that ovsd made, which this host alone may have; and others that were asked for. By name. */
  readonly ports: ReadonlyMap<string, LogicalPort>
}

/** Up to so many ports are asked for by their names, for which the server looks at all of them each time; more are picked out of all. */
const BY_NAME = 50

/**
 * Reads the logical ports of a host, given by its system-id: one question, whatever their number. Those of `names` are read also where
 * another host has them, with a second one if there are any. Errors: DatabaseUnreachable, DatabaseRefused.
 */
export async function portsOfHost(
  { database }: Northbound,
  systemId: string,
  names: Iterable<string>,
): Promise<HostPorts> {
  const ofHost: Condition = ['options', 'includes', map({ 'requested-chassis': systemId })]
  const [switchRows = [], portRows = []] = await database.select([
    { table: 'Logical_Switch', where: [], columns: SWITCH_COLUMNS },
    selectPorts([ofHost]),
  ])
  const ports = new Map(portRows.map(readPort).map((port) => [port.name, port]))
  const others = [...names].filter((name) => !ports.has(name))
  const wheres: readonly (readonly Condition[])[] =
    others.length > BY_NAME ? [[]] : others.map((name) => [['name', '==', name]])
  if (others.length > 0)
    for (const rows of await database.select(wheres.map(selectPorts)))
      for (const port of rows.map(readPort)) if (others.includes(port.name)) ports.set(port.name, port)
  const networks = switchRows.map(readSwitch).flatMap((ls) => {
    const id = ls.externalIds[NETWORK_MARK]
    return id === undefined ? [] : [[id, ls] as const]
  })
  return { switches: new Map(networks), ports }
}
