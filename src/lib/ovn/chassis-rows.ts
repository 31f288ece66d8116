// Chassis as the southbound database has them (ovn-sb(5)).
import type { Operation, RawRow } from '../ovsdb/client.ts'
import { mapOf, optional, setOf, uuidOf } from '../ovsdb/values.ts'

/** One way to reach a chassis. */
export interface Encap {
  readonly type: string
  readonly ip: string
}

/** A host of the cloud. */
export interface ChassisRow {
  readonly uuid: string
  /** Its system-id. */
  readonly name: string
  readonly hostname: string
  readonly encaps: readonly Encap[]
  readonly bridgeMappings: string
  /** The change of the northbound database that it has carried out last; undefined when it says nothing. */
  readonly nbCfg: number | undefined
  /** When it did so, in ms since 1970; 0 for never. */
  readonly nbCfgAt: number
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What has to be asked for `chassisOf`. */
export const CHASSIS_QUESTIONS: readonly Operation[] = [
  { table: 'Chassis', where: [], columns: ['_uuid', 'name', 'hostname', 'encaps', 'external_ids', 'other_config'] },
  { table: 'Encap', where: [], columns: ['_uuid', 'type', 'ip'] },
  { table: 'Chassis_Private', where: [], columns: ['name', 'nb_cfg', 'nb_cfg_timestamp'] },
]

/** The chassis in the answers to CHASSIS_QUESTIONS, by name. */
export function chassisOf([chassis = [], encaps = [], privates = []]: readonly (readonly RawRow[])[]): ChassisRow[] {
  const encapOf = new Map(
    encaps.map((row) => [uuidOf(row['_uuid']), { type: text(row['type']), ip: text(row['ip']) }] as const),
  )
  const privateOf = new Map(privates.map((row) => [text(row['name']), row]))
  return chassis
    .map((row) => {
      const name = text(row['name'])
      const own = privateOf.get(name)
      const nbCfg = optional(own?.['nb_cfg'])
      // In external_ids until OVN 20.06.
      const settings = { ...mapOf(row['external_ids']), ...mapOf(row['other_config']) }
      return {
        ...{ uuid: uuidOf(row['_uuid']), name, hostname: text(row['hostname']) },
        encaps: setOf(row['encaps'])
          .flatMap((one) => encapOf.get(uuidOf(one)) ?? [])
          .sort((a, b) => (a.type < b.type ? -1 : 1)),
        bridgeMappings: settings['ovn-bridge-mappings'] ?? '',
        nbCfg: typeof nbCfg === 'number' ? nbCfg : undefined,
        nbCfgAt: Number(optional(own?.['nb_cfg_timestamp']) ?? 0),
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
