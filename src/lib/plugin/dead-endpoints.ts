import { derivedName } from '../attach/endpoint.ts'
import { readMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { endpointsRemoval } from '../plan/remove-endpoint.ts'
import type { Chore } from '../reconcile/upkeep.ts'

/**
 * Ports of endpoints whose links are gone: after a reboot, or because Docker only wrote into its log that it could not delete
 * them. Docker makes a new endpoint whenever a container starts.
 */
export const deadEndpoints: Chore = async (host) => {
  // Links of this host belong to its own database.
  if (!host.isDefaultDatabase) return []
  const dead = await deadPorts(host)
  if (dead.length === 0) return []
  return [
    {
      about: 'ports of endpoints',
      why: [`removed ${dead.map(({ port }) => port.name).join(', ')}: their links are gone`],
      plan: async () => {
        const ports = await deadPorts(host)
        return ports.length === 0 ? undefined : await endpointsRemoval(host, ports)
      },
    },
  ]
}

async function deadPorts(host: Host): Promise<readonly PortOnBridge[]> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])).flat()
  const dead = rows.filter(({ name, externalIds }) => {
    const marks = readMarks(externalIds)
    return marks.ours && marks.endpoint !== '' && name === derivedName(marks) && !linkExists(name)
  })
  return host.ovs.locate(dead)
}
