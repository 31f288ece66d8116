// On the userspace datapath the kernel goes on receiving what comes in by a NIC beside ovs-vswitchd (OVS documentation, "Open
// vSwitch without Kernel Support", "Firewall Rules"): it would answer ARP requests for every address of the host there, and each
// packet for the host twice. With the kernel's datapath, the frames are Open vSwitch's alone. So they are made to be. The
// socket of ovs-vswitchd gets them before nftables does.
import type { Runner } from '../system/runner.ts'
import type { Command } from '../system/command.ts'
import { CommandFailed } from '../errors.ts'

const PREFIX = 'ovsd_uplink_'

/** Name of the table of a NIC: two of the characters that interfaces may have are none for nftables. */
const tableOf = (nic: string): string => `${PREFIX}${nic.replaceAll('@', '/a').replaceAll('+', '/p')}`

/** The NIC that a table of this name is about; undefined for any other table. */
export const nicOfTable = (table: string): string | undefined =>
  table.startsWith(PREFIX) ? table.slice(PREFIX.length).replaceAll('/p', '+').replaceAll('/a', '@') : undefined

const nft = (lines: readonly string[]): Command => ({ tool: 'nft', args: ['-f', '-'], input: `${lines.join('\n')}\n` })

/** Has the kernel drop what comes in by the NIC. */
export const raiseShield = (nic: string): Command =>
  nft([
    `add table netdev ${tableOf(nic)}`,
    `add chain netdev ${tableOf(nic)} arriving { type filter hook ingress device "${nic}" priority 0; policy drop; }`,
  ])

/** `add` first, because deleting what is not there would fail. */
export const lowerShield = (nic: string): Command =>
  nft([`add table netdev ${tableOf(nic)}`, `delete table netdev ${tableOf(nic)}`])

/** Whether it is there; the chain goes with the NIC, the table does not. */
export async function isShielded(run: Runner, nic: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const { stdout } = await run({ tool: 'nft', args: ['-j', 'list', 'table', 'netdev', tableOf(nic)] }, signal)
    return stdout.includes('"chain"')
  } catch (error) {
    if (error instanceof CommandFailed && !error.unknown && error.said.includes('No such file or directory'))
      return false
    throw error
  }
}
