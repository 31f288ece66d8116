import { readMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { lookAtNat } from '../network/nat.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { ReversibleStep } from './step.ts'
import { natOfHost } from './steps/nat-rules.ts'
import { portsForget } from './steps/ports-forget.ts'

/**
 * Plans that the rules go for what was published of these ports, when their rows are gone: rules follow from the ports that there are.
 * Errors: ToolMissing, CommandFailed, DatabaseUnreachable.
 */
export async function forgetPorts(host: Host, ports: readonly PortOnBridge[]): Promise<readonly ReversibleStep[]> {
  const names = ports
    .filter((where) => readMarks(where.interface.externalIds).ports.length > 0)
    .map((where) => where.interface.name)
  // Rules belong to the networks of the host's own database.
  if (names.length === 0 || !host.isDefaultDatabase) return []
  return [portsForget(host, names, await lookAtNat(host, await natOfHost(host)))]
}
