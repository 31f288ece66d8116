import { describePort, PORTS_MARK, portsText, type PublishedPort } from '../../attach/published-ports.ts'
import type { Host } from '../../host.ts'
import { lookAtNat, natCommands, natDifferences, type NatSeen } from '../../network/nat.ts'
import type { Command } from '../../system/command.ts'
import type { ClaimedPorts } from '../host-ports.ts'
import type { ReversibleStep } from '../step.ts'
import { natOfHost, settleNat } from './nat-rules.ts'

/** What is published of the endpoint at a port, before and after. */
export interface PortsChange {
  /** Name of the port. */
  readonly port: string
  readonly before: readonly PublishedPort[]
  readonly after: readonly PublishedPort[]
  /** Chooses `after` anew: others may have taken a port of the host since this was planned. Errors: why it cannot be had. */
  claim?(): Promise<ClaimedPorts>
}

/**
 * Publishes ports of an endpoint, or ends it. The mark comes first, by which nobody else gets these ports of the host, and the
 * rules follow from the marks of all: so whoever is killed in between leaves what the next look completes. `seen` is what there was
 * when this was planned.
 */
export function portsPublish(host: Host, change: PortsChange, seen: NatSeen): ReversibleStep {
  const { port, before, after } = change
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
    async apply(signal) {
      {
        using claimed = await change.claim?.()
        await host.run(marking(host, port, claimed?.ports ?? after), signal)
      }
      await settleNat(host)
    },
    async undo(signal) {
      await host.run(marking(host, port, before), signal)
      await settleNat(host)
    },
  }
}

function marking(host: Host, port: string, ports: readonly PublishedPort[]): Command {
  const text = portsText(ports)
  return text === undefined
    ? host.vsctl.dropMarks(port, [PORTS_MARK])
    : host.vsctl.setMarks(port, { [PORTS_MARK]: text })
}
