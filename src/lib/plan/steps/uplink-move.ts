import type { Host } from '../../host.ts'
import { readNic, type Nic } from '../../net/nic.ts'
import { nicRoutes } from '../../net/nic-routes.ts'
import { addressesBackLines, ipBatch, moveLines, routesBackLines, type Seen } from '../../network/uplink-moving.ts'
import { routesOf, type Moved } from '../../network/uplink-record.ts'
import type { UplinkPlace } from '../../network/uplink-vlans.ts'
import type { ReversibleStep } from '../step.ts'

/** Moves the NIC's routes to the bridge's own port, which has its addresses already, and takes these from the NIC. */
export function uplinkMove(host: Host, place: UplinkPlace, moved: Moved, shown: Nic): ReversibleStep {
  const { bridge, uplink } = place
  return {
    id: 'uplink.move',
    title: `Move the routes of ${uplink} to ${bridge}`,
    leaves: `addresses and routes of ${uplink}, on ${bridge}`,
    commands: () => [ipBatch(moveLines(place, moved, { nic: shown, routes: routesOf(moved) }, NOTHING))],
    async isDone(signal) {
      const [nic, local] = await Promise.all([seen(host, uplink, signal), seen(host, bridge, signal)])
      return moveLines(place, moved, nic, local).length === 0
    },
    async apply(signal) {
      const [nic, local] = await Promise.all([seen(host, uplink, signal), seen(host, bridge, signal)])
      const lines = moveLines(place, moved, nic, local)
      if (lines.length > 0) await host.run(ipBatch(lines), signal)
    },
    undo: (signal) => moveBack(host, place, moved, signal),
  }
}

/** An interface of which nothing is known. */
export const NOTHING: Seen = { nic: undefined, routes: [] }

/** An interface with its routes, as they are now. */
export async function seen(host: Host, name: string, signal: AbortSignal): Promise<Seen> {
  const [nic, { routes }] = await Promise.all([readNic(host.run, name, signal), nicRoutes(host.run, name, signal)])
  return { nic, routes }
}

/** Gives the NIC its addresses and routes back. The bridge's own port keeps the addresses, so that none is missing. */
export async function moveBack(host: Host, place: UplinkPlace, moved: Moved, signal: AbortSignal): Promise<void> {
  const before = await seen(host, place.uplink, signal)
  const addresses = before.nic === undefined ? [] : addressesBackLines(place, moved, before)
  if (addresses.length > 0) await host.run(ipBatch(addresses), signal)
  // Looked at again: which routes the kernel has made with the addresses only it knows.
  const [nic, local] = await Promise.all([seen(host, place.uplink, signal), seen(host, place.bridge, signal)])
  const lines = routesBackLines(place, moved, nic, local)
  if (lines.length > 0) await host.run(ipBatch(lines), signal)
}
