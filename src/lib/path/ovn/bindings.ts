// The logical ports of the whole cloud, and which host has each (ovn-sb(5), Port_Binding).
import { OvsdError } from '../../errors.ts'
import type { Patient } from '../../doctor/patient.ts'
import { CHASSIS_QUESTIONS, chassisOf, type ChassisRow } from '../../ovn/chassis-rows.ts'
import { ovnOf, type OvnOfHost } from '../../ovn/of-host.ts'
import { textOf } from '../../ovsdb/operations.ts'
import { mapOf, setOf, uuidOf } from '../../ovsdb/values.ts'

export interface LogicalPortSeen {
  readonly name: string
  /** '' for a container's; "patch" between a switch and a router … */
  readonly type: string
  /** Name of its logical switch or router. */
  readonly datapath: string
  /** MAC, and addresses without prefix lengths; none for a port without any. */
  readonly mac: string
  readonly addresses: readonly string[]
  /** Of a port between a switch and a router: the other end of it. */
  readonly peer: string
  /** Of a localnet port: the name that hosts map to a bridge. */
  readonly physicalNetwork: string
  /** Name of the container that ovsd made it for; ''. */
  readonly container: string
  readonly chassis: ChassisRow | undefined
}

/** OVN as this host sees it. */
export interface Cloud {
  readonly ovn: OvnOfHost
  readonly ports: readonly LogicalPortSeen[]
  readonly chassis: readonly ChassisRow[]
}

const looks = new WeakMap<Patient, Promise<Cloud | { readonly why: string }>>()

/** Reads it, once for each patient. Where central cannot be asked: why. */
export function cloudOf(patient: Patient): Promise<Cloud | { readonly why: string }> {
  const made = looks.get(patient) ?? read(patient)
  looks.set(patient, made)
  return made
}

async function read({ host }: Patient): Promise<Cloud | { readonly why: string }> {
  try {
    const ovn = await ovnOf(host)
    const [rows = [], datapaths = [], ...chassisRows] = await ovn.southbound.select([
      {
        table: 'Port_Binding',
        where: [],
        columns: ['logical_port', 'type', 'datapath', 'mac', 'options', 'external_ids', 'chassis'],
      },
      { table: 'Datapath_Binding', where: [], columns: ['_uuid', 'external_ids'] },
      ...CHASSIS_QUESTIONS,
    ])
    const names = new Map(datapaths.map((row) => [uuidOf(row['_uuid']), mapOf(row['external_ids'])['name'] ?? '']))
    const chassis = chassisOf(chassisRows)
    const byUuid = new Map(chassis.map((one) => [one.uuid, one]))
    const ports = rows.map((row): LogicalPortSeen => {
      const words = setOf(row['mac']).flatMap((one) => textOf(one).split(/\s+/))
      const options = mapOf(row['options'])
      return {
        ...{ name: textOf(row['logical_port']), type: textOf(row['type']) },
        ...{ datapath: names.get(uuidOf(row['datapath'])) ?? '', mac: words[0] ?? '' },
        ...{ addresses: words.slice(1).map((one) => one.replace(/\/.*/, '')) },
        ...{
          peer: options['peer'] ?? '',
          physicalNetwork: options['network_name'] ?? '',
          container: mapOf(row['external_ids'])['ovsd_name'] ?? '',
        },
        chassis: byUuid.get(setOf(row['chassis']).map(uuidOf)[0] ?? ''),
      }
    })
    return { ovn, ports, chassis }
  } catch (error) {
    // Central that is away, files for TLS that cannot be read: the rest of the way can be looked at all the same.
    if (error instanceof OvsdError) return { why: error.message.replace(/\.$/, '') }
    throw error
  }
}

/** "the logical port lsp-1-eth1 of db, on the host hv2": what people call it, and where it is. */
export function describePort({ name, container, chassis }: LogicalPortSeen, ownChassis: string): string {
  const whose = container === '' ? '' : ` of ${container}`
  const where =
    chassis === undefined
      ? ', which no host has'
      : chassis.name === ownChassis
        ? ''
        : ` on the host ${hostNameOf(chassis)}`
  return `the logical port ${name}${whose}${where}`
}

export const hostNameOf = ({ hostname, name }: ChassisRow): string => hostname || name
