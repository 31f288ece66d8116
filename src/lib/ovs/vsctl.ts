// Pure builders of ovs-vsctl command lines (ovs-vsctl(8)). One call is one transaction; ovs-vsctl then waits until
// ovs-vswitchd has applied it.
import { columnsOfVlan, compactTrunks, type Vlan, type VlanColumns } from '../net/vlan.ts'
import type { Ids } from '../ovsdb/operations.ts'
import type { Command } from '../system/command.ts'
import {
  addPortChanges,
  dropMarksChanges,
  limitOf,
  removePortsChanges,
  setMarksChanges,
  type Limit,
  type PortToAdd,
  type PortToRemove,
} from './port-changes.ts'
import type { Transaction } from './transaction.ts'

/** ovs-vsctl gives up by itself first, with words of its own; the runner's limit is for an ovs-vsctl that hangs. */
const WAIT_S = 8

/**
 * Since Open vSwitch 3.6 the status of add-br and add-port when ovs-vswitchd cannot use what they made; it was 0 before. The rows are
 * written in both cases, so who makes them reads what became of them. Joined with others it would look as if nothing had been done.
 */
const NOT_SET_UP = 65

/** `database` is what --db takes, or undefined for the tool's own default. */
export class Vsctl {
  readonly #database: string | undefined
  constructor(database?: string) {
    this.#database = database
  }

  #command(...args: string[]): Command {
    return this.#waiting(WAIT_S, args)
  }

  /** 0 seconds: ovs-vswitchd is not waited for. */
  #waiting(seconds: number, args: readonly string[]): Command {
    const db = this.#database === undefined ? [] : [`--db=${this.#database}`]
    const limit = seconds === 0 ? [`--timeout=${String(WAIT_S)}`, '--no-wait'] : [`--timeout=${String(seconds)}`]
    return { tool: 'ovs-vsctl', args: [...limit, ...db, ...args], joint: 'transaction' }
  }

  /** Commands that others have built, each a list of words, as one transaction. */
  transaction(commands: readonly (readonly string[])[], waitSeconds = WAIT_S): Command {
    return this.#waiting(
      waitSeconds,
      commands.flatMap((words) => ['--', ...words]),
    )
  }

  /** `more` are columns that differ from their defaults: COLUMN=VALUE. */
  addBridge(bridge: string, datapath: 'system' | 'netdev', marks: Ids, more: readonly string[] = []): Command {
    const settings = [`datapath_type=${datapath}`, ...more, ...idArguments(marks)]
    const command = this.#command('add-br', bridge, '--', 'set', 'Bridge', bridge, ...settings)
    return { ...command, okStatuses: [NOT_SET_UP] }
  }

  delBridge(bridge: string, waitSeconds = WAIT_S): Command {
    return this.#waiting(waitSeconds, ['--if-exists', 'del-br', bridge])
  }

  /**
   * Port, VLAN and marks in one transaction. This form and not `add-port`, which downloads every port of the bridge
   * first: 270 ms against 60 at 5,000 ports.
   */
  addPort(options: PortToAdd): Transaction {
    const { bridge, port, vlan, marks, rate = 0, bridgeMarks = {}, forget = [] } = options
    const record = idArguments(bridgeMarks)
    const command = this.#command(
      '--',
      ...[
        '--id=@i',
        'create',
        'Interface',
        `name=${port}`,
        ...(rate === 0 ? [] : limitSettings(limitOf(rate))),
        ...idArguments(marks),
        '--',
      ],
      ...['--id=@p', 'create', 'Port', `name=${port}`, 'interfaces=@i', ...vlanSettings(columnsOfVlan(vlan)), '--'],
      ...['add', 'Bridge', bridge, 'ports', '@p'],
      ...(record.length === 0 ? [] : ['--', 'set', 'Bridge', bridge, ...record]),
      ...forgetting(bridge, forget),
    )
    return { ...command, changes: () => addPortChanges(options), waitSeconds: WAIT_S }
  }

  /**
   * Takes ports, given by UUID, out of their bridges in one transaction; their rows go with the last reference. Exactly
   * the rows that were looked at, and not `del-port NAME`, which downloads all ports first: 320 ms against 60 at 5,000.
   * `waitSeconds` is 0 where nobody needs ovs-vswitchd to have done it.
   */
  removePorts(ports: readonly PortToRemove[], waitSeconds = WAIT_S): Transaction {
    const bridges = [...new Set(ports.map(({ bridge }) => bridge))]
    const command = this.#waiting(
      waitSeconds,
      bridges.flatMap((bridge, i) => [
        ...(i === 0 ? [] : ['--']),
        ...['remove', 'Bridge', bridge, 'ports'],
        ...ports.filter((port) => port.bridge === bridge).map(({ uuid }) => uuid),
        ...forgetting(
          bridge,
          ports.filter((port) => port.bridge === bridge).flatMap(({ forget }) => forget ?? []),
        ),
      ]),
    )
    return { ...command, changes: () => removePortsChanges(ports), waitSeconds }
  }

  /** An internal port, for the host itself, with its tag, MAC, MTU and marks from the first moment. */
  addInternalPort({ bridge, port, tag, mac, mtu, marks }: InternalPortToAdd): Command {
    const settings = ['type=internal', `mac=${word(mac)}`, `mtu_request=${String(mtu)}`, ...idArguments(marks)]
    return this.#command(
      ...['--', '--id=@i', 'create', 'Interface', `name=${port}`, ...settings],
      ...['--', '--id=@p', 'create', 'Port', `name=${port}`, 'interfaces=@i'],
      ...vlanSettings({ tag, trunks: [], mode: 'access' }),
      ...['--', 'add', 'Bridge', bridge, 'ports', '@p'],
    )
  }

  /** Gives a bridge's own port a MAC and an MTU to keep, whatever ports come and go. */
  keepOwnPort(bridge: string, mac: string, mtu: number): Command {
    return this.#command(
      ...['set', 'Bridge', bridge, `other_config:hwaddr=${word(mac)}`],
      ...['--', 'set', 'Interface', bridge, `mtu_request=${String(mtu)}`],
    )
  }

  /** Leaves MAC and MTU of a bridge's own port to Open vSwitch again. */
  leaveOwnPort(bridge: string, waitSeconds = WAIT_S): Command {
    return this.#waiting(waitSeconds, [
      ...['remove', 'Bridge', bridge, 'other_config', 'hwaddr'],
      ...['--', 'clear', 'Interface', bridge, 'mtu_request'],
    ])
  }

  /** Sets pairs of a bridge's external_ids; others stay. */
  setBridgePairs({ bridge, pairs }: BridgePairs): Command {
    return this.#command('set', 'Bridge', bridge, ...idArguments(pairs))
  }

  /** Takes pairs, by their keys, out of a bridge's external_ids. */
  forget(bridge: string, keys: readonly string[], waitSeconds = WAIT_S): Command {
    return this.#waiting(waitSeconds, forgetting(bridge, keys).slice(1))
  }

  /** Changes pairs of the external_ids of Open_vSwitch itself, and with them where its keys and certificates are. */
  setHostPairs({ set = {}, forget = [], tls }: HostPairs, waitSeconds = WAIT_S): Command {
    return this.transaction(
      [
        ...(Object.keys(set).length === 0 ? [] : [['set', 'Open_vSwitch', '.', ...idArguments(set)]]),
        ...(forget.length === 0 ? [] : [['remove', 'Open_vSwitch', '.', 'external_ids', ...forget.map(word)]]),
        ...(tls === undefined ? [] : [tls === 'none' ? ['del-ssl'] : ['set-ssl', ...tls]]),
      ],
      waitSeconds,
    )
  }

  /** Sets how much may come in by a port. */
  setRate(port: string, limit: Limit, waitSeconds = WAIT_S): Command {
    return this.#waiting(waitSeconds, ['set', 'Interface', port, ...limitSettings(limit)])
  }

  /** Sets pairs of an interface's external_ids; others stay. To ovs-vswitchd they mean nothing, so that it is not waited for. */
  setMarks(port: string, marks: Ids): Transaction {
    const command = this.#waiting(0, ['set', 'Interface', port, ...idArguments(marks)])
    return { ...command, changes: () => setMarksChanges(port, marks), waitSeconds: 0 }
  }

  /** Takes pairs, by their keys, out of an interface's external_ids; one that is gone is fine. */
  dropMarks(port: string, keys: readonly string[]): Transaction {
    const command = this.#waiting(0, ['--if-exists', 'remove', 'Interface', port, 'external_ids', ...keys.map(word)])
    return { ...command, changes: () => dropMarksChanges(port, keys), waitSeconds: 0 }
  }

  setVlan(port: string, vlan: Vlan, record?: BridgePairs): Command {
    return this.setVlanColumns(port, columnsOfVlan(vlan), record)
  }

  /** Sets all three columns, so that nothing of what was there before stays; and `record` in the same transaction. */
  setVlanColumns(port: string, columns: VlanColumns, record?: BridgePairs, waitSeconds = WAIT_S): Command {
    const settings = vlanSettings(columns)
    const setting = (column: string): string => settings.find((text) => text.startsWith(`${column}=`)) ?? `${column}=[]`
    return this.#waiting(waitSeconds, [
      ...['set', 'Port', port, ...['tag', 'trunks', 'vlan_mode'].map(setting)],
      ...(record === undefined ? [] : ['--', 'set', 'Bridge', record.bridge, ...idArguments(record.pairs)]),
    ])
  }
}

/** A port that is an interface of the host. */
export interface InternalPortToAdd {
  readonly bridge: string
  readonly port: string
  /** 0 is untagged traffic. */
  readonly tag: number
  readonly mac: string
  readonly mtu: number
  readonly marks: Ids
}

/** Pairs for the external_ids of a bridge. */
export interface BridgePairs {
  readonly bridge: string
  readonly pairs: Ids
}

/** Pairs for the external_ids of Open_vSwitch, keys that go, and the files for ssl: private key, certificate, authority. */
export interface HostPairs {
  readonly set?: Ids
  readonly forget?: readonly string[]
  readonly tls?: readonly [string, string, string] | 'none' | undefined
}

/** `remove` by key is fine with keys that are not there (ovs-vsctl(8)). */
const forgetting = (bridge: string, keys: readonly string[]): readonly string[] =>
  keys.length === 0 ? [] : ['--', 'remove', 'Bridge', bridge, 'external_ids', ...keys.map(word)]

const limitSettings = ({ rate, burst }: Limit): string[] => [
  `ingress_policing_rate=${String(rate)}`,
  `ingress_policing_burst=${String(burst)}`,
]

/** The settings of the columns that are not empty. */
function vlanSettings({ tag, trunks, mode }: VlanColumns): string[] {
  return [
    ...(tag === undefined ? [] : [`tag=${String(tag)}`]),
    ...(trunks.length === 0 ? [] : [`trunks=${compactTrunks(trunks)}`]),
    ...(mode === '' ? [] : [`vlan_mode=${mode}`]),
  ]
}

/** Pairs of external_ids as arguments of `set` and `create`. */
export function idArguments(ids: Ids): string[] {
  return Object.entries(ids).map(([key, value]) => `external_ids:${word(key)}=${word(value)}`)
}

/** A key or value as ovs-vsctl reads it: bare where that is unambiguous, else a JSON string. */
function word(text: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) ? text : JSON.stringify(text)
}
