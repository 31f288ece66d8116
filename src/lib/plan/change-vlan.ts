import { readMarks } from '../attach/marks.ts'
import { refuseTaken } from '../attach/taken.ts'
import type { Host } from '../host.ts'
import { columnsOfVlan, describeVlan, type Vlan } from '../net/vlan.ts'
import type { Prepared } from './prepared.ts'
import { findPort } from './detach-port.ts'
import { sameColumns, vlanSet } from './steps/vlan-set.ts'

/** What set-vlan answers. */
export interface VlanResult {
  readonly bridge: string
  readonly port: string
  readonly container: string
  readonly interface: string
  readonly vlan: string
  readonly before: string
}

/** Plans a change of VLAN. Errors: those of findPort, AddressInUse (in the new VLAN). */
export async function changeVlan(
  host: Host,
  where: { readonly bridge: string; readonly iface: string; readonly container: string },
  vlan: Vlan,
): Promise<Prepared<VlanResult>> {
  const { bridge, iface, container } = where
  const found = await findPort(host, bridge, iface, container)
  for (const { port, interface: row, bridge: on } of found) {
    const { spec } = readMarks(row.externalIds)
    const addresses = spec?.addresses.map((text) => text.split('/', 1)[0] ?? '') ?? []
    if (spec !== undefined) await refuseTaken(host, { bridge: on.name, vlan, addresses, mac: spec.mac }, [port.name])
  }
  const steps = found
    .filter(({ port }) => !sameColumns(port.vlanColumns, columnsOfVlan(vlan)))
    .map(({ port }) => vlanSet(host, port.name, vlan, port.vlanColumns))
  const first = found[0]?.port
  return {
    plan:
      steps.length === 0
        ? undefined
        : { onFailure: 'unwind', title: `Set the VLAN of ${iface} of ${container}`, stages: [steps] },
    result: {
      bridge,
      container,
      interface: iface,
      port: first?.name ?? '',
      vlan: describeVlan(vlan),
      before: first === undefined ? '' : describeVlan(first.vlan),
    },
  }
}
