import { isContainerName } from '../docker/container-name.ts'
import type { Host } from '../host.ts'
import { lookAtMirrors, ownMirrors, type MirrorsAround } from '../network/mirror/around.ts'
import { isOver } from '../network/mirror/deadline.ts'
import { describeEnd, type Mirror, type MirrorDest, type MirrorSource } from '../network/mirror/mirror.ts'
import { portsOfEnd } from '../network/mirror/ports.ts'
import { isThatNetwork, tunnelName } from '../network/mirror/wanted.ts'
import { sideBySide } from '../system/side-by-side.ts'
import type { MirrorsToRemove } from './steps/mirror-remove.ts'

/** A mirror, or a tunnel of one, that serves nobody any more. */
export interface OrphanMirror {
  readonly bridge: string
  readonly name: string
  readonly reason: string
  readonly going: MirrorsToRemove
}

/**
 * Mirrors of ovsd whose time is over, whose containers are gone for good, or whose network is; and tunnels without a mirror.
 * A container that only stopped may come back, and so may a port. `leaving`: UUIDs of the ports that are garbage, too. Error:
 * DockerUnreachable.
 */
export async function orphanMirrors(host: Host, leaving: ReadonlySet<string>): Promise<readonly OrphanMirror[]> {
  const found = await lookAtMirrors(host)
  const around = { ...found, ports: found.ports.filter(({ uuid = '' }) => !leaving.has(uuid)) }
  const own = ownMirrors(around.table)
  const judged = await sideBySide(own, async ({ row, mirror }): Promise<readonly OrphanMirror[]> => {
    const reason = await whyOrphan(host, mirror, around)
    const { bridge, name } = mirror
    const going = { rows: [row], tunnels: [tunnelName(bridge, name)] }
    return reason === undefined ? [] : [{ bridge, name: `mirror ${name}`, reason, going }]
  })
  return [...judged.flat(), ...strayTunnels(around)]
}

async function whyOrphan(host: Host, mirror: Mirror, around: MirrorsAround): Promise<string | undefined> {
  const { deadline, network, bridge, dest, sources } = mirror
  if (deadline !== undefined && isOver(deadline)) return 'its time is over'
  if (network !== undefined)
    return around.networks.some(({ name, mirroring }) => name === network && mirroring !== undefined)
      ? undefined
      : `the network ${network} has no mirror`
  const ports = around.ports.filter((port) => port.bridge === bridge)
  const isGone = async (end: MirrorSource | MirrorDest): Promise<boolean> => {
    if (end.kind === 'network') return !around.networks.some((one) => isThatNetwork(end, one))
    if (end.kind !== 'container' || portsOfEnd(end, ports).length > 0) return false
    return !isContainerName(end.id) || (await host.docker.find(end.id)) === undefined
  }
  if (await isGone(dest)) return `${describeEnd(dest)}, which got the copies, is gone`
  const gone = await Promise.all(sources.map(isGone))
  return gone.every((one) => one) ? `${sources.map(describeEnd).join(', ')}: gone` : undefined
}

/** Tunnels whose mirror somebody took away. */
function strayTunnels({ table, ports }: MirrorsAround): readonly OrphanMirror[] {
  const outputs = new Set(table.rows.map(({ output }) => output))
  return ports
    .filter(
      ({ name, uuid, bridge, mirror }) =>
        mirror !== undefined && name === tunnelName(bridge, mirror) && !outputs.has(uuid),
    )
    .map(({ name, bridge }) => ({
      ...{ bridge, name, reason: 'its mirror is gone' },
      going: { rows: [], tunnels: [name] },
    }))
}
