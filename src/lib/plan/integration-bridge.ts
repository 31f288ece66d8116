import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { NetworkSpec } from '../network/spec.ts'
import { REMOTE_KEYS } from '../ovn/central.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { readLocal } from '../ovn/local.ts'

/**
 * Refuses a network of Open vSwitch alone on the bridge that ovn-controller of this host works with (ovn-controller(8), ovn-bridge):
 * its flows there know only logical ports, and drop what comes from any other. Where no central is named there is no such bridge,
 * whatever a bridge is called. Errors: BridgeOfOvn, DatabaseUnreachable.
 */
export async function refuseIntegrationBridge(
  host: Host,
  { bridge, overlay }: Pick<NetworkSpec, 'bridge' | 'overlay'>,
): Promise<void> {
  if (overlay !== undefined) return
  const { externalIds, systemId } = await readLocal(host)
  // Each key may be there for one chassis of several on a host, too, with its name behind it.
  const said = (key: string): string | undefined => externalIds[`${key}-${systemId}`] ?? externalIds[key]
  if (said(REMOTE_KEYS.southbound) === undefined || bridge !== (said('ovn-bridge') ?? INTEGRATION_BRIDGE)) return
  throw new Refused(
    'BridgeOfOvn',
    `${bridge} is OVN's on this host: what is in it beside OVN's own ports reaches nobody.`,
    {
      next: 'Choose another bridge, --bridge=ovsbr0 for example; or a network on OVN: --switch=NAME',
    },
  )
}
