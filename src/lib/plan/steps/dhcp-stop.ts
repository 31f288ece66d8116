import { endClient, livingClient } from '../../dhcp/client.ts'
import type { Client } from '../../dhcp/marks.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Ends the DHCP clients of ports that are about to go. With `release` their servers are told so; without, an address
 * stays with a container that may be started again. A set-up ends with it those of earlier lives of a container: there is
 * nothing worth going back to.
 */
export function dhcpStop(ports: readonly PortOnBridge[], release: boolean): ReversibleStep | undefined {
  const clients = (): readonly { readonly port: string; readonly client: Client }[] =>
    ports.flatMap(({ interface: { name, externalIds } }) => {
      const client = livingClient(name, externalIds)
      return client === undefined ? [] : [{ port: name, client }]
    })
  const seen = clients()
  if (seen.length === 0) return undefined
  const what = `DHCP ${seen.length === 1 ? 'client' : 'clients'} of ${seen.map(({ port }) => port).join(', ')}`
  return {
    id: 'dhcp.stop',
    title: `End the ${what}`,
    leaves: what,
    keeps: `the ${what} stays ended`,
    commands: () => [],
    isDone: () => Promise.resolve(clients().length === 0),
    async apply() {
      await Promise.all(clients().map(({ port, client }) => endClient(client, port, release)))
    },
    undo: () => Promise.resolve(),
  }
}
