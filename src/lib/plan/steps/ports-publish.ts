import { describePort, PORTS_MARK, portsText, type PublishedPort } from '../../attach/published-ports.ts'
import type { Host } from '../../host.ts'
import { lookAtNat, natCommands, natDifferences, type NatSeen } from '../../network/nat.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'
import { natOfHost, settleNat } from './nat-rules.ts'

/** What is published of the endpoint at a port, before and after. */
export interface PortsChange {
  /** Name of the port. */
  readonly port: string
  readonly before: readonly PublishedPort[]
  readonly after: readonly PublishedPort[]
}

/**
 * Publishes ports of an endpoint, or ends it. The mark comes first, and the rules follow from the marks of all: so whoever
 * is killed in between leaves what the next look completes. `seen` is what there was when this was planned.
 */
export function portsPublish(host: Host, { port, before, after }: PortsChange, seen: NatSeen): ReversibleStep {
  const set = async (ports: readonly PublishedPort[], signal: AbortSignal): Promise<void> => {
    await host.run(marking(host, port, ports), signal)
    await settleNat(host, signal)
  }
  const words = (after.length === 0 ? before : after).map(describePort).join(', ')
  return {
    id: 'ports.publish',
    title: after.length === 0 ? `Publish ${words} no more` : `Publish ${words}`,
    leaves: `the published ports ${words} of ${port}`,
    commands: () => [marking(host, port, after), ...natCommands(seen)],
    async isDone() {
      const [[row] = []] = await host.ovs.interfaces([{ name: port }])
      if (row?.externalIds[PORTS_MARK] !== portsText(after)) return false
      return natDifferences(await lookAtNat(host, await natOfHost(host))).length === 0
    },
    apply: (signal) => set(after, signal),
    undo: (signal) => set(before, signal),
  }
}

function marking(host: Host, port: string, ports: readonly PublishedPort[]): Command {
  const text = portsText(ports)
  return text === undefined
    ? host.vsctl.dropMarks(port, [PORTS_MARK])
    : host.vsctl.setMarks(port, { [PORTS_MARK]: text })
}
