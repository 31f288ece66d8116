// Out of the cloud: by a localnet port into a physical network, where OVN's view ends.
import type { Case, Obstacle } from '../case.ts'
import type { Asked } from './asked.ts'
import { portCalled } from './asked.ts'
import { hostNameOf, type LogicalPortSeen } from './bindings.ts'
import { tunnelDown } from './tunnel.ts'

/** What keeps a packet that OVN leads out: the host that would do that, its bridge, or what is behind it. Errors: DatabaseUnreachable. */
export async function outsideSilent(
  all: Case,
  { cloud, trace }: Asked,
  localnet: LogicalPortSeen,
): Promise<Obstacle | undefined> {
  const { ovn } = cloud
  // A gateway router, or a gateway port, is on one host; other packets leave on the host that they are on.
  const gateway = trace.gateways.map((name) => portCalled(cloud, name)).findLast((one) => one !== undefined)
  if (gateway !== undefined) {
    const found = await tunnelDown(all, cloud, gateway)
    if (found !== undefined) return found
  }
  const here = cloud.chassis.find(({ name }) => name === ovn.systemId)
  const host = gateway?.chassis ?? here
  if (host === undefined) return undefined
  const { physicalNetwork: network } = localnet
  const isHere = host.name === ovn.systemId
  const where = isHere ? 'this host' : `the host ${hostNameOf(host)}`
  const bridge = host.bridgeMappings
    .split(',')
    .map((one) => one.split(':'))
    .find(([name]) => name === network)?.[1]
  if (bridge === undefined)
    return {
      cause: 'physical-network',
      said: `OVN leads it out to the physical network ${network} by ${where}, which has no bridge for that (ovn-bridge-mappings)`,
      fix: ['ovsd ovn status', `# there: ovsd ovn join --bridge-mapping=${network}:BRIDGE`],
    }
  const translated = trace.flows.flatMap(({ actions }) =>
    actions.flatMap((one) => /^ct_snat(?:_in_czone)?\(([0-9a-f.:]+)\)/.exec(one)?.[1] ?? []),
  )
  const from = translated.length > 0 ? `as ${translated.join(', ')}` : `still as ${all.way?.from ?? ''}`
  return {
    cause: 'outside',
    said: `OVN leads it out to the physical network ${network} by ${bridge} of ${where}, ${from}, and no answer comes back from there`,
    fix: isHere ? [`ovs-appctl fdb/show ${bridge}`] : ['ovsd ovn status'],
  }
}
