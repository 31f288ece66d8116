// Whether a logical port works: what ovn-northd and the hosts made of it (ovn-sb(5), Port_Binding).
import type { OvnDatabase } from '../database.ts'
import { takesChanges } from '../member.ts'
import { northdWorks } from '../northd.ts'
import { mapOf, optional, setOf, uuidOf } from '../../ovsdb/values.ts'
import type { Life } from './logical-port.ts'
import { textOf } from '../../ovsdb/operations.ts'

/** What the southbound database knows of a logical port. */
export interface Binding {
  /** False until ovn-northd has taken the port up. */
  readonly isKnown: boolean
  /** Whether that is this life of the container already: its host, and its generation. */
  readonly isOfLife: boolean
  /** system-id of the host that has it; '' when none does. */
  readonly chassis: string
  readonly up: boolean
  /** Whether the host that it is for is a chassis. */
  readonly isRegistered: boolean
}

/** Asks for the binding of a port by its name. Errors: DatabaseUnreachable, DatabaseRefused. */
export async function bindingOf(southbound: OvnDatabase, name: string, life: Life): Promise<Binding> {
  const [[row] = [], chassis = []] = await southbound.select([
    { table: 'Port_Binding', where: [['logical_port', '==', name]], columns: ['chassis', 'up', 'options'] },
    // Names only: there may be hundreds.
    { table: 'Chassis', where: [], columns: ['_uuid', 'name'] },
  ])
  const holder = setOf(row?.['chassis']).map(uuidOf)[0]
  const options = mapOf(row?.['options'])
  const has = chassis.find((one) => uuidOf(one['_uuid']) === holder)
  return {
    isKnown: row !== undefined,
    isOfLife: options['requested-chassis'] === life.chassis && options['iface-id-ver'] === life.generation,
    chassis: textOf(has?.['name']),
    up: optional(row?.['up']) === true,
    isRegistered: chassis.some((one) => one['name'] === life.chassis),
  }
}

/** Whether a port works for this life of its container: bound by its host, and flows for it are there. */
export const isWorking = (binding: Binding, life: Life): boolean =>
  binding.isKnown && binding.isOfLife && binding.up && binding.chassis === life.chassis

/** Why a port does not work, in words. */
export async function whyDown(southbound: OvnDatabase, binding: Binding, life: Life): Promise<string> {
  const { isKnown, isOfLife, chassis, isRegistered } = binding
  if (!isKnown || !isOfLife) {
    const leader = (await southbound.members()).find(takesChanges)
    const works = leader !== undefined && (await northdWorks(leader.endpoint))
    const what = isKnown ? 'its change' : 'it'
    return works
      ? `ovn-northd is at work, and has not taken ${what} up yet`
      : `no ovn-northd is at work to take ${what} up`
  }
  if (chassis !== '' && chassis !== life.chassis) return `the host ${chassis} has it, and not ${life.chassis}`
  if (!isRegistered) return `the host it is for, ${life.chassis}, is no chassis of this central`
  if (chassis === '')
    return `its host ${life.chassis} does not claim it: ovn-controller, or the port on br-int with its iface-id and iface-id-ver, is missing there`
  return `its host ${life.chassis} has it, and has not finished the flows for it`
}
