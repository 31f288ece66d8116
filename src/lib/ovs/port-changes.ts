// What the transactions of ports are made of: the same that their command lines say (vsctl.ts), as operations (RFC 7047, 5.2).
import { columnsOfVlan, type Vlan } from '../net/vlan.ts'
import {
  expectSome,
  insert,
  keys,
  mutate,
  newUuid,
  references,
  type Change,
  type Condition,
  type Ids,
} from '../ovsdb/operations.ts'
import { map, uuid } from '../ovsdb/values.ts'

/** A port to be added, with what else goes into the same transaction. */
export interface PortToAdd {
  readonly bridge: string
  readonly port: string
  readonly vlan: Vlan
  readonly marks: Ids
  /** kbit/s; without limit when left out. */
  readonly rate?: number | undefined
  /** Pairs for the bridge's own external_ids. */
  readonly bridgeMarks?: Ids
  /** Keys to be taken out of them. */
  readonly forget?: readonly string[]
}

/** A port to be removed, with the key of its record on the bridge, if that is to go as well. */
export interface PortToRemove {
  readonly bridge: string
  readonly uuid: string
  readonly forget?: string | undefined
}

/** What may come in by an interface, as the database has it: `rate` in kbit/s, 0 is without limit; `burst` in kbit. */
export interface Limit {
  readonly rate: number
  readonly burst: number
}

/**
 * The limit for a rate in kbit/s. The burst is 80 % of a second's worth, which TCP needs to come near the rate
 * (ovs-vswitchd.conf.db(5), ingress_policing_burst).
 */
export const limitOf = (rate: number): Limit => ({ rate, burst: Math.ceil(rate * 0.8) })

const named = (name: string): readonly Condition[] => [['name', '==', name]]

/** A port with one interface on a bridge, its VLAN and marks. Fails when there is no such bridge. */
export function addPortChanges(options: PortToAdd): readonly Change[] {
  const { bridge, port, vlan, marks, rate = 0, bridgeMarks = {}, forget = [] } = options
  const [interfaceId, portId] = [newUuid(), newUuid()]
  const { tag, trunks, mode } = columnsOfVlan(vlan)
  const limit = limitOf(rate)
  return [
    expectSome('Bridge', named(bridge)),
    insert('Interface', interfaceId, {
      ...{ name: port, external_ids: map(marks) },
      ...(rate === 0 ? {} : { ingress_policing_rate: limit.rate, ingress_policing_burst: limit.burst }),
    }),
    insert('Port', portId, {
      ...{ name: port, interfaces: uuid(interfaceId) },
      ...(tag === undefined ? {} : { tag }),
      ...(trunks.length === 0 ? {} : { trunks: ['set', trunks] }),
      ...(mode === '' ? {} : { vlan_mode: mode }),
    }),
    mutate('Bridge', named(bridge), ['ports', 'insert', references([portId])]),
    ...setIds('Bridge', bridge, bridgeMarks),
    ...dropIds('Bridge', bridge, forget),
  ]
}

/** Ports, given by UUID, out of their bridges. One that is gone is fine; a bridge that is gone is not. */
export function removePortsChanges(ports: readonly PortToRemove[]): readonly Change[] {
  const bridges = [...new Set(ports.map(({ bridge }) => bridge))]
  return bridges.flatMap((bridge) => {
    const mine = ports.filter((port) => port.bridge === bridge)
    return [
      expectSome('Bridge', named(bridge)),
      mutate('Bridge', named(bridge), ['ports', 'delete', references(mine.map((port) => port.uuid))]),
      ...dropIds(
        'Bridge',
        bridge,
        mine.flatMap(({ forget }) => forget ?? []),
      ),
    ]
  })
}

/** Pairs into the external_ids of an interface, which has to be there. */
export const setMarksChanges = (port: string, marks: Ids): readonly Change[] => [
  expectSome('Interface', named(port)),
  ...setIds('Interface', port, marks),
]

/** Pairs, by their keys, out of the external_ids of an interface; one that is gone is fine. */
export const dropMarksChanges = (port: string, names: readonly string[]): readonly Change[] =>
  dropIds('Interface', port, names)

/** A key that a map has keeps its value when it is inserted again, so that it goes first. */
const setIds = (table: string, name: string, ids: Ids): readonly Change[] =>
  Object.keys(ids).length === 0
    ? []
    : [
        mutate(
          table,
          named(name),
          ['external_ids', 'delete', keys(Object.keys(ids))],
          ['external_ids', 'insert', map(ids)],
        ),
      ]

const dropIds = (table: string, name: string, gone: readonly string[]): readonly Change[] =>
  gone.length === 0 ? [] : [mutate(table, named(name), ['external_ids', 'delete', keys(gone)])]
