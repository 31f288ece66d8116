// Builders of the ovs-vsctl commands that make, change and remove mirrors; Vsctl.transaction joins them.
//
// ovs-vswitchd 3.1.0 goes on handling the connections that it knows as before a change of a mirror: a new one copies nothing
// of them, and one that was removed still does, for as long as they are used. A change of a port has it look at all of them
// again. So each change of a mirror comes with one of the port that gets the copies: the EtherType of outer tags, which counts
// for dot1q-tunnel ports only. It has two values, so it is switched over; learned addresses of that port are forgotten with
// it, and a port that gets copies has none.
import { SWITCH, type MirrorRow } from './mirror-rows.ts'
import { idArguments } from './vsctl.ts'

type Ids = Readonly<Record<string, string>>
type Words = readonly string[]

/** What a mirror copies, and to where; ports by their names, or by their UUIDs. */
export interface Selection {
  readonly selectAll: boolean
  readonly sources: readonly string[]
  readonly destinations: readonly string[]
  readonly vlans: readonly number[]
  readonly output: string | undefined
}

/** A port for a tunnel that gets copies. */
export interface TunnelPort {
  readonly name: string
  readonly remote: string
  readonly marks: Ids
}

/** A mirror, and the tunnel that it is for if that is to be made with it. */
export interface MirrorToAdd {
  readonly bridge: string
  readonly name: string
  readonly selection: Selection
  readonly marks: Ids
  readonly tunnel: TunnelPort | undefined
  /** Whether the port that gets the copies carries the switch. */
  readonly isSwitched: boolean
}

/** Each port is looked up, so that one which is not there fails the transaction. */
export function addMirror({ bridge, name, selection, marks, tunnel, isSwitched }: MirrorToAdd): readonly Words[] {
  const ports = new References(tunnel?.name)
  const columns = columnsOf(selection, ports)
  return [
    ...(tunnel === undefined ? [] : addTunnel(bridge, tunnel, ports)),
    ...ports.lookups,
    [
      '--id=@m',
      'create',
      'Mirror',
      `name=${JSON.stringify(name)}`,
      ...columns.filter((one) => !one.endsWith('=[]')),
      ...idArguments(marks),
    ],
    ['add', 'Bridge', bridge, 'mirrors', '@m'],
    ...(tunnel === undefined && selection.output !== undefined ? [switchOver(selection.output, isSwitched)] : []),
  ]
}

/** Gives a mirror other ports. */
export function setMirror(
  uuid: string,
  { bridge, selection, tunnel, isSwitched }: Omit<MirrorToAdd, 'name' | 'marks'>,
): readonly Words[] {
  const ports = new References(tunnel?.name)
  const columns = columnsOf(selection, ports)
  return [
    ...(tunnel === undefined ? [] : addTunnel(bridge, tunnel, ports)),
    ...ports.lookups,
    ['set', 'Mirror', uuid, ...columns],
    ...(tunnel === undefined && selection.output !== undefined ? [switchOver(selection.output, isSwitched)] : []),
  ]
}

/** A port that a mirror leaves behind. */
export interface OutputLeft {
  readonly uuid: string
  readonly isSwitched: boolean
  /** A tunnel that was made for it, and goes with it. */
  readonly isTunnel: boolean
}

/**
 * Takes a mirror away, by its UUID; its row goes with the last reference. A port that gets copies no longer is left without
 * the switch, for which a second transaction may be needed.
 */
export function removeMirror(
  { uuid, bridge }: Pick<MirrorRow, 'uuid' | 'bridge'>,
  output: OutputLeft | undefined,
): readonly (readonly Words[])[] {
  const removal = ['remove', 'Bridge', bridge, 'mirrors', uuid]
  if (output === undefined) return [[removal]]
  if (output.isTunnel) return [[removal, ['remove', 'Bridge', bridge, 'ports', output.uuid]]]
  const off = switchOver(output.uuid, true)
  return output.isSwitched ? [[removal, off]] : [[removal, switchOver(output.uuid, false)], [off]]
}

/** Takes away a tunnel whose mirror is gone. */
export const removeTunnel = (bridge: string, uuid: string): Words => ['remove', 'Bridge', bridge, 'ports', uuid]

const switchOver = (port: string, isOn: boolean): Words =>
  isOn
    ? ['remove', 'Port', port, 'other_config', SWITCH.key]
    : ['set', 'Port', port, `other_config:${SWITCH.key}=${SWITCH.on}`]

/**
 * VLAN 4095 is nobody's: should the mirror go and the port stay, nothing of the bridge gets out by it, and nothing in. An access
 * port, because ovs-vswitchd complains of each copy with a tag that a trunk is not for. Outer packets may be fragmented.
 */
function addTunnel(bridge: string, { name, remote, marks }: TunnelPort, ports: References): readonly Words[] {
  const options = [`options:remote_ip=${JSON.stringify(remote)}`, 'options:df_default=false']
  const type = remote.includes(':') ? 'ip6gre' : 'gre'
  const vlan = ['vlan_mode=access', 'tag=4095']
  return [
    ['--id=@i', 'create', 'Interface', `name=${name}`, `type=${type}`, ...options, ...idArguments(marks)],
    [`--id=${ports.of(name)}`, 'create', 'Port', `name=${name}`, 'interfaces=@i', ...vlan],
    ['add', 'Bridge', bridge, 'ports', ports.of(name)],
  ]
}

function columnsOf(
  { selectAll, sources, destinations, vlans, output }: Selection,
  ports: References,
): readonly string[] {
  const list = (column: string, values: readonly string[]): string =>
    `${column}=${values.length === 0 ? '[]' : values.join(',')}`
  const references = (names: readonly string[]): readonly string[] => names.map((name) => ports.of(name))
  return [
    `select_all=${String(selectAll)}`,
    list('select_src_port', references(sources)),
    list('select_dst_port', references(destinations)),
    list('select_vlan', vlans.map(String)),
    list('output_port', output === undefined ? [] : references([output])),
  ]
}

/** Names within one transaction for ports. */
class References {
  readonly #made: string | undefined
  readonly #names = new Map<string, string>()

  /** `made`: a port that the transaction creates itself. */
  constructor(made: string | undefined) {
    this.#made = made
  }

  of(port: string): string {
    const known = this.#names.get(port) ?? `@p${String(this.#names.size)}`
    this.#names.set(port, known)
    return known
  }

  get lookups(): readonly Words[] {
    return [...this.#names]
      .filter(([port]) => port !== this.#made)
      .map(([port, name]) => [`--id=${name}`, 'get', 'Port', port])
  }
}
