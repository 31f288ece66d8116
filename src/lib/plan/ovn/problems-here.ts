import type { Host } from '../../host.ts'
import { hasAddress } from '../../ovn/encap-ip.ts'
import type { OvnStatus } from '../../ovn/status.ts'
import { lookAtLogicalPorts, type LogicalDifference } from '../logical-upkeep.ts'

/**
 * What is wrong between central and what is on this host, each in a sentence that ends with what to type. Nothing is known while
 * central does not answer. Errors: DatabaseUnreachable, CommandFailed.
 */
export async function problemsHere(host: Host, { cloud, local }: OvnStatus): Promise<readonly string[]> {
  if (cloud === undefined) return []
  const address = local.externalIds['ovn-encap-ip']
  const isForeign = address !== undefined && !(await hasAddress(host.run, address))
  const look = await lookAtLogicalPorts(host)
  return [
    ...(isForeign
      ? [
          `This host does not have ${address}, to which the tunnels of the others lead. Give it back, or name another one: ovsd ovn join --encap-ip=ADDRESS`,
        ]
      : []),
    ...(look?.differences ?? []).flatMap(differing),
    ...(look?.down ?? []).map(
      ({ name, container, iface }) =>
        `The logical port ${name} of ${iface} in ${container.name} does not work. See why: tail /var/log/ovn/ovn-controller.log`,
    ),
  ]
}

function differing({ network, missing, old, gone }: LogicalDifference): readonly string[] {
  const wrong = missing.length + old.length
  const ports = (count: number): string => `${String(count)} logical ${count === 1 ? 'port' : 'ports'}`
  return [
    ...(wrong === 0
      ? []
      : [
          `${ports(wrong)} of the network ${network} ${wrong === 1 ? 'is' : 'are'} missing. Make up for it: ovsd watch --once`,
        ]),
    ...(gone.length === 0
      ? []
      : [
          `${ports(gone.length)} of the network ${network} ${gone.length === 1 ? 'is' : 'are'} for nothing that is on this host. Remove what is not needed: ovsd gc`,
        ]),
  ]
}
