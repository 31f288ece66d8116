import { readMarks } from '../attach/marks.ts'
import { recordWithVlan } from '../attach/persist.ts'
import { refuseTaken } from '../attach/taken.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { columnsOfVlan, describeVlan, type Vlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { Prepared } from './prepared.ts'
import { findPort } from './detach-port.ts'
import { sameColumns, vlanSet, type RecordChange } from './steps/vlan-set.ts'

/** What set-vlan answers. */
export interface VlanResult {
  readonly bridge: string
  readonly port: string
  readonly container: string
  readonly interface: string
  readonly vlan: string
  readonly before: string
}

/**
 * Plans a change of VLAN, and with it of what `watch` attaches again. Errors: those of findPort, KeptByWatch,
 * PartOfNetwork, AddressInUse (in the new VLAN).
 */
export async function changeVlan(
  host: Host,
  where: { readonly bridge: string; readonly iface: string; readonly container: string },
  vlan: Vlan,
): Promise<Prepared<VlanResult>> {
  const { bridge, iface, container } = where
  const found = await findPort(host, bridge, iface, container)
  const changes = found
    .map((one) => ({ ...one, record: recordChange(one, vlan) }))
    .filter(({ port, record }) => !sameColumns(port.vlanColumns, columnsOfVlan(vlan)) || record !== undefined)
  for (const { interface: row } of changes) {
    const { owner, network } = readMarks(row.externalIds)
    if (network !== '') throw saidByNetwork(iface, container, network)
    if (owner === 'watch') throw saidByLabels(iface, container)
  }
  for (const { port, interface: row, bridge: on } of found) {
    const { spec, id, iface: inside } = readMarks(row.externalIds)
    const addresses = spec?.addresses.map((text) => text.split('/', 1)[0] ?? '') ?? []
    const unique = { bridge: on.name, vlan, addresses, target: { id }, iface: inside }
    if (spec !== undefined) await refuseTaken(host, { ...unique, mac: spec.mac }, [port.name])
  }
  const steps = changes.map(({ port, record }) => vlanSet(host, port.name, vlan, port.vlanColumns, record))
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

/** What has to change of the record of a persistent port; undefined when there is none, or when it says so already. */
function recordChange({ interface: row, bridge }: PortOnBridge, vlan: Vlan): RecordChange | undefined {
  const { id, iface } = readMarks(row.externalIds)
  const after = recordWithVlan(bridge.externalIds, id, iface, columnsOfVlan(vlan))
  const before = Object.fromEntries(Object.keys(after).map((key) => [key, bridge.externalIds[key] ?? '']))
  const isSame = Object.entries(after).every(([key, value]) => before[key] === value)
  return isSame ? undefined : { bridge: bridge.name, before, after }
}

const saidByLabels = (iface: string, container: string): Refused =>
  new Refused('KeptByWatch', `Labels of ${container} ask for ${iface}, and say its VLAN: ovsd watch keeps it so.`, {
    next: 'Create the container anew with other labels: ovs.vlan, or ovs.trunks and ovs.native_vlan',
  })

const saidByNetwork = (iface: string, container: string, network: string): Refused =>
  new Refused('PartOfNetwork', `${iface} of ${container} is in the network ${network}, and so in its VLAN.`, {
    next: `Take it out first: ovsd net disconnect ${network} ${container}`,
  })
