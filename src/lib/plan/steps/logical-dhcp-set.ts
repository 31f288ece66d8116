import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { changeDhcp, dhcpRows, eraseDhcp, makeDhcp, type DhcpRow } from '../../ovn/nb/dhcp-options.ts'
import type { Change, Ids } from '../../ovsdb/operations.ts'
import type { ReversibleStep } from '../step.ts'

/** DHCP options of a network: as they are to be, each with the UUID for a row that is not there yet, and as they were read. */
export interface DhcpToSet {
  /** Id of the network. */
  readonly network: string
  readonly name: string
  readonly tenant?: string | undefined
  readonly wanted: readonly DhcpRow[]
  readonly rows: readonly DhcpRow[]
}

const isSame = (a: Ids, b: Ids): boolean =>
  Object.keys({ ...a, ...b }).every((key) => a[key] !== undefined && a[key] === b[key])

/** What has to be changed for each subnet to have just these options; rows of other subnets are not touched. */
function changesFor({ network, wanted, tenant }: DhcpToSet, rows: readonly DhcpRow[]): readonly Change[] {
  return wanted.flatMap((one) => {
    const row = rows.find(({ cidr }) => cidr === one.cidr)
    if (row === undefined) return makeDhcp(network, one, tenant)
    return isSame(row.options, one.options) ? [] : changeDhcp(row, one.options)
  })
}

/** Has OVN answer DHCP requests of a network, or answer them otherwise. */
export function logicalDhcpSet(nb: Northbound, dhcp: DhcpToSet): ReversibleStep {
  const { network, name, wanted, rows } = dhcp
  const subnets = wanted.map(({ cidr }) => cidr).join(', ')
  const set = async (signal: AbortSignal, choose: (now: readonly DhcpRow[]) => readonly Change[]): Promise<void> => {
    await untilUndisturbed(async () => {
      const changes = choose(await dhcpRows(nb, network))
      if (changes.length > 0) await change(nb, changes, signal)
    }, signal)
  }
  return {
    id: 'logical-dhcp.set',
    title: `Set the DHCP options of the network ${name} for ${subnets}`,
    leaves: `DHCP options of ${subnets}`,
    commands() {
      const changes = changesFor(dhcp, rows)
      return changes.length === 0 ? [] : [transaction(nb, changes)]
    },
    isDone: async () => changesFor(dhcp, await dhcpRows(nb, network)).length === 0,
    apply: (signal) => set(signal, (now) => changesFor(dhcp, now)),
    undo: (signal) =>
      set(signal, (now) =>
        now.flatMap((row) => {
          const ours = wanted.find(({ cidr }) => cidr === row.cidr)
          if (ours === undefined || !isSame(row.options, ours.options)) return []
          if (row.uuid === ours.uuid) return eraseDhcp(row.uuid)
          const before = rows.find(({ uuid }) => uuid === row.uuid)
          return before === undefined || isSame(before.options, row.options) ? [] : changeDhcp(row, before.options)
        }),
      ),
  }
}
