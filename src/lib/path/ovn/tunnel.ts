// From this host to the one that has the logical port of B.
import { ovnTunnels } from '../../ovn/tunnels.ts'
import type { Case, Obstacle } from '../case.ts'
import { probeFromHost } from '../probe.ts'
import { describePort, hostNameOf, type Cloud, type LogicalPortSeen } from './bindings.ts'

/** Nobody has the port, or its host is not reached. */
export async function tunnelDown(
  { patient }: Case,
  { ovn }: Cloud,
  target: LogicalPortSeen,
): Promise<Obstacle | undefined> {
  const { chassis } = target
  const whose = describePort(target, ovn.systemId)
  if (chassis === undefined)
    return { cause: 'logical-port', said: `it is for ${whose}`, fix: ['ovsd ovn status   # where it should be'] }
  if (chassis.name === ovn.systemId) return undefined
  const tunnel = (await ovnTunnels(patient.host)).find((one) => one.chassis === chassis.name)
  const name = hostNameOf(chassis)
  if (tunnel === undefined)
    return {
      ...{ cause: 'tunnel', check: 'ovn.tunnels', fix: ['ovsd ovn status'] },
      said: `it is for ${whose}, and this host has no tunnel to ${name}`,
    }
  const { port, remoteIp, isUp, bfd } = tunnel
  // Its own probes are heard there; and a host may well leave pings without an answer.
  const answers = bfd === 'up' || (await probeFromHost(patient.host, remoteIp, { kind: 'icmp' })) !== 'silent'
  if (isUp && bfd !== 'down' && answers) return undefined
  const why = answers
    ? `the tunnel ${port} to it is down`
    : `${name} does not answer at ${remoteIp}, where the tunnel ${port} leads`
  return {
    ...{ cause: 'tunnel', check: 'ovn.tunnels', said: `it is for ${whose}, and ${why}` },
    ...(answers ? {} : { isByElimination: true }),
    fix: [`ip route get ${remoteIp}`, `ovs-vsctl list Interface ${port}`],
  }
}
