// What Open vSwitch is told when a NIC joins a bridge and leaves it; Vsctl.transaction joins the commands.
import { idArguments } from './vsctl.ts'

type Ids = Readonly<Record<string, string>>
type Words = readonly string[]

/** What the bridge's own port takes over from a NIC whose addresses it gets: the neighbours of the host notice nothing. */
export interface TakenOver {
  readonly mac: string
  /** Bytes; otherwise the lowest MTU of all ports would be the host's as well. */
  readonly mtu: number
}

/** Sets pairs of the Bridge row, and what is taken over. */
export const takeOver = (bridge: string, pairs: Ids, over: TakenOver | undefined): readonly Words[] => [
  [
    'set',
    'Bridge',
    bridge,
    ...idArguments(pairs),
    ...(over === undefined ? [] : [`other_config:hwaddr="${over.mac}"`]),
  ],
  ...(over === undefined ? [] : [['set', 'Interface', bridge, `mtu_request=${String(over.mtu)}`]]),
]

/** Takes a pair off the Bridge row, and gives up what was taken over. */
export const giveUp = (bridge: string, key: string, over: boolean): readonly Words[] => [
  ['remove', 'Bridge', bridge, 'external_ids', JSON.stringify(key)],
  ...(over
    ? [
        ['remove', 'Bridge', bridge, 'other_config', 'hwaddr'],
        ['clear', 'Interface', bridge, 'mtu_request'],
      ]
    : []),
]

/** Takes a port, by its UUID, off its bridge. */
export const removePort = (bridge: string, uuid: string): Words => ['remove', 'Bridge', bridge, 'ports', uuid]

/** Has ovs-vsctl print what somebody set himself of what would be taken over: a line each, `[]` or nothing if unset. */
export const overrides = (bridge: string): readonly Words[] => [
  ['--if-exists', 'get', 'Bridge', bridge, 'other_config:hwaddr'],
  ['get', 'Interface', bridge, 'mtu_request'],
]
