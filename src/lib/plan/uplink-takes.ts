import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { NetworkSpec } from '../network/spec.ts'
import { refuseUnmovable, refuseUnsafe } from '../network/uplink-fit.ts'
import { addressKey, type Moved, type UplinkRecord } from '../network/uplink-record.ts'
import { readNic, type Nic } from '../net/nic.ts'
import { routeKey } from '../net/nic-routes.ts'
import { overrides, type TakenOver } from '../ovs/uplink-commands.ts'
import type { Surroundings } from './parts/part.ts'
import type { Uplink } from './uplink-look.ts'

/** What is recorded of a NIC before it is taken, and what the bridge's own port takes over from it. */
export interface Taking {
  readonly record: UplinkRecord
  readonly over: TakenOver | undefined
}

/**
 * What a NIC of the host's own has to be given back some day. Addresses and routes are moved if that was forced; a record says
 * that it was, so that they are moved again when a reboot has put them on the NIC. Errors: UplinkUnsafe, UplinkUnmovable,
 * SegmentTaken.
 */
export async function recordOfUplink(
  host: Host,
  found: Uplink & { readonly nic: Nic },
  spec: NetworkSpec,
  { others, force, signal }: Surroundings,
): Promise<Taking> {
  const { nic, before, where, row, routes, hasOwn } = found
  const up = before?.up ?? nic.isUp
  const past = before?.moved
  // Addresses that came to a NIC after it had joined are somebody's mistake, and not ours to mend.
  if (where !== undefined && past === undefined) return { record: { up, moved: undefined }, over: undefined }
  if (past === undefined && force !== true) refuseUnsafe(nic, routes, spec)
  if (!hasOwn) return { record: { up, moved: past }, over: undefined }
  refuseUnmovable(nic, routes, spec, others)
  if (past === undefined) await refuseOverrides(host, found, spec, signal)
  const moved: Moved = {
    localUp: past?.localUp ?? (row !== undefined && (await readNic(host.run, spec.bridge, signal))?.isUp === true),
    addresses: joined(
      past?.addresses,
      nic.addresses.map(({ words }) => words),
      addressKey,
    ),
    routes4: joined(past?.routes4, wordsOf(found, 4), routeKey),
    routes6: joined(past?.routes6, wordsOf(found, 6), routeKey),
  }
  return { record: { up, moved }, over: past === undefined ? { mac: nic.mac, mtu: nic.mtu } : undefined }
}

const wordsOf = ({ routes }: Uplink, family: 4 | 6): readonly string[] =>
  routes.routes.filter((one) => one.family === family).map(({ words }) => words)

/** What was recorded, and what has come since. */
const joined = (
  past: readonly string[] = [],
  now: readonly string[],
  keyOf: (words: string) => string,
): readonly string[] => [...past, ...now.filter((words) => !past.some((one) => keyOf(one) === keyOf(words)))]

/** The bridge's own port is to have the NIC's MAC and MTU: somebody may have given it others. Error: UplinkUnmovable. */
async function refuseOverrides(
  host: Host,
  { nic, row }: Uplink & { readonly nic: Nic },
  { bridge }: NetworkSpec,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (row === undefined) return
  const { stdout } = await host.run(host.vsctl.transaction(overrides(bridge)), signal)
  const [mac = '', mtu = ''] = stdout.split('\n').map((line) => line.replaceAll(/["[\]]/g, '').trim())
  const [what, next] =
    mac !== ''
      ? [`a MAC of its own, ${mac}`, `ovs-vsctl remove Bridge ${bridge} other_config hwaddr`]
      : mtu !== ''
        ? [`an MTU of its own, ${mtu}`, `ovs-vsctl clear Interface ${bridge} mtu_request`]
        : []
  if (what === undefined || next === undefined) return
  throw new Refused(
    'UplinkUnmovable',
    `What this host has on ${nic.name} cannot be moved to ${bridge}: ${bridge} has ${what}, and the neighbours of the host know those of ${nic.name}.`,
    { next },
  )
}
