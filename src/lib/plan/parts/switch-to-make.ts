import type { NetworkSpec } from '../../network/spec.ts'
import type { SwitchToMake } from '../../ovn/nb/logical-switch.ts'
import { TRANSIT_MARK, TRANSIT_ROLE } from '../../ovn/nb/transit-members.ts'
import { derivedUuid } from '../../ovn/nb/wanted-rows.ts'

/** The logical switch of a network, as the first of its hosts makes it. Every part of the network knows its UUID before it is there. */
export function switchToMake(spec: NetworkSpec, systemId: string): SwitchToMake {
  const { id = '', tenant, vrf, overlay } = spec
  return {
    ...{ uuid: derivedUuid('switch', id), name: overlay?.logicalSwitch ?? '', id, systemId, tenant, vrf },
    record: overlay?.record ?? '',
    ...(overlay?.role === undefined ? {} : { role: TRANSIT_ROLE, unique: { [TRANSIT_MARK]: overlay.role.name } }),
  }
}
