// Which rules of ovsd's networks the host's firewall has, whoever made them and whatever became of the networks: one process.
import { CommandFailed, ToolMissing } from '../errors.ts'
import type { Runner } from '../system/runner.ts'
import { CHAINS } from './nat-iptables.ts'
import { TABLE } from './nat-table.ts'
import { nicOfTable } from './uplink-shield.ts'

/** What there is of them. */
export interface OwnTables {
  /** NICs by which the kernel itself receives nothing (uplink-shield.ts). */
  readonly shielded: readonly string[]
  /** Whether there are rules of nat networks. */
  readonly hasNat: boolean
}

interface Listed {
  readonly nftables: readonly { readonly table?: { readonly family: string; readonly name: string } }[]
}

/** Looks at the firewall; where there is no nft, or none that this kernel knows, at iptables. Error: CommandFailed. */
export async function ownTables(run: Runner, signal?: AbortSignal): Promise<OwnTables> {
  try {
    const { stdout } = await run({ tool: 'nft', args: ['-j', 'list', 'tables'] }, signal)
    const tables = (JSON.parse(stdout) as Listed).nftables.flatMap(({ table }) => table ?? [])
    return {
      shielded: tables.flatMap(({ family, name }) => (family === 'netdev' ? (nicOfTable(name) ?? []) : [])),
      hasNat: tables.some(({ name }) => name === TABLE),
    }
  } catch (error) {
    if (!(error instanceof ToolMissing) && !isUnsupported(error)) throw error
    const found = await Promise.all((['iptables', 'ip6tables'] as const).map((tool) => hasChains(run, tool, signal)))
    return { shielded: [], hasNat: found.includes(true) }
  }
}

const isUnsupported = (error: unknown): boolean =>
  error instanceof CommandFailed && !error.unknown && /not supported/i.test(error.said)

async function hasChains(run: Runner, tool: 'iptables' | 'ip6tables', signal?: AbortSignal): Promise<boolean> {
  try {
    const args = ['-w', '5', '-S', CHAINS.filter.jumps.FORWARD]
    return (await run({ tool, args, okStatuses: [1, 3] }, signal)).status === 0
  } catch (error) {
    if (error instanceof ToolMissing) return false
    throw error
  }
}
