// Rules of the host's firewall that outlived their networks: somebody took the bridge, and with it the record that net rm
// would have gone by.
import { readMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { isNat } from '../network/gateway.ts'
import { lookAtNat, type NatWish } from '../network/nat.ts'
import { networksOf } from '../network/networks.ts'
import { ownTables } from '../network/own-tables.ts'
import type { ReversibleStep } from './step.ts'
import { natRules } from './steps/nat-rules.ts'
import { UPLINK } from './steps/uplink-port.ts'
import { uplinkUnshield } from './steps/uplink-unshield.ts'

/** Rules that serve no network. */
export interface StrayRules {
  /** What they are, and why they serve nobody, in words. */
  readonly name: string
  readonly reason: string
  /** Plans what takes them away, as of now. */
  step(): Promise<ReversibleStep>
}

/**
 * What there is of such rules; what may be of a network whose record is damaged is none of them. One process when there is
 * nothing. Errors: CommandFailed, DatabaseUnreachable.
 */
export async function strayRules(host: Host, signal?: AbortSignal): Promise<readonly StrayRules[]> {
  const { shielded, hasNat } = await ownTables(host.run, signal)
  if (shielded.length === 0 && !hasNat) return []
  const [all, uplinks] = await Promise.all([networksOf(host), uplinkPorts(host, shielded)])
  if (all.some((one) => !('spec' in one))) return []
  const specs = all.flatMap((one) => ('spec' in one ? [one.spec] : []))
  const wanted = new Set([...specs.map(({ uplink }) => uplink as string | undefined), ...uplinks])
  const nics = shielded.filter((nic) => !wanted.has(nic))
  return [
    ...nics.map((nic) => ({
      ...{ name: `the nftables table of ${nic}`, reason: `no network has ${nic} as its uplink` },
      step: () => Promise.resolve(uplinkUnshield(host, nic)),
    })),
    ...(hasNat && !specs.some(isNat) ? [strayNat(host)] : []),
  ]
}

const NOTHING: NatWish = { gateways: [], hadSome: true }

const strayNat = (host: Host): StrayRules => ({
  ...{ name: 'the rules for nat networks', reason: 'there is no nat network' },
  step: async () => natRules(host, await lookAtNat(host, NOTHING), NOTHING),
})

/** Those of the NICs that are on a bridge as uplinks, although no network tells of it: their frames are Open vSwitch's. */
async function uplinkPorts(host: Host, nics: readonly string[]): Promise<readonly string[]> {
  const rows = (await host.ovs.interfaces(nics.map((name) => ({ name })))).flat()
  return rows.filter(({ externalIds }) => readMarks(externalIds).part === UPLINK).map(({ name }) => name)
}
