import { dhcpRowsOf, sharedNetwork, type SharedNetwork } from '../../network/logical.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { dhcpRows } from '../../ovn/nb/dhcp-options.ts'
import { hostsOf, NETWORK_MARK, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import { newUuid } from '../../ovsdb/operations.ts'
import { ovnOf, ovnOrNone, type OvnOfHost } from '../../ovn/of-host.ts'
import type { ReversibleStep } from '../step.ts'
import { logicalDhcpSet } from '../steps/logical-dhcp-set.ts'
import { logicalLocalnetAdd } from '../steps/logical-localnet-add.ts'
import { logicalSwitchCreate } from '../steps/logical-switch-create.ts'
import { logicalSwitchJoin } from '../steps/logical-switch-join.ts'
import { logicalSwitchRemove } from '../steps/logical-switch-remove.ts'
import type { NetworkPart } from './part.ts'
import { switchToMake } from './switch-to-make.ts'

/** The logical switch of a network, which all its hosts share, and what belongs to it. */
export const overlay: NetworkPart = {
  name: 'logical switch',

  isOf: (spec) => spec.overlay !== undefined,

  /** Errors: CentralUnknown, ChassisMissing, CentralUnreachable, SwitchForeign, SwitchAmbiguous, NetworkDamaged. */
  async make(host, spec) {
    const look = await lookAt(await ovnOf(host), spec)
    const { ovn, id, shared } = look
    const toMake = switchToMake({ ...spec, id }, ovn.systemId)
    const ls: LogicalSwitch = shared?.ls ?? { ...toMake, externalIds: { [NETWORK_MARK]: id }, otherConfig: {} }
    const first: ReversibleStep[] =
      shared === undefined
        ? [logicalSwitchCreate(ovn.northbound, toMake)]
        : isMember(look)
          ? []
          : [logicalSwitchJoin(ovn.northbound, ls, ovn.systemId)]
    return [first, await besides(look, ls)].filter((stage) => stage.length > 0)
  },

  async missing(host, spec) {
    const look = await lookAt(await ovnOf(host), spec)
    if (look.shared === undefined) return [`the logical switch ${spec.overlay?.logicalSwitch ?? ''}`]
    const others = await besides(look, look.shared.ls)
    return [
      ...(isMember(look) ? [] : ['the mark of this host on its logical switch']),
      ...others.map(({ id }) =>
        id.startsWith('logical-dhcp') ? 'its DHCP options' : 'the port to its physical network',
      ),
    ]
  },

  async remove(host, spec) {
    // Whoever has left OVN has nothing of it that could be removed.
    const ovn = await ovnOrNone(host)
    if (ovn === undefined) return []
    const { shared } = await lookAt(ovn, spec)
    if (shared === undefined) return []
    return [[await logicalSwitchRemove(ovn.northbound, shared.ls, ovn.systemId)]]
  },
}

interface Look {
  readonly ovn: OvnOfHost
  /** Of the network. */
  readonly id: string
  readonly spec: NetworkSpec
  /** Undefined when there is no such switch, or one of another network. */
  readonly shared: SharedNetwork | undefined
}

async function lookAt(ovn: OvnOfHost, spec: NetworkSpec): Promise<Look> {
  const id = spec.id ?? ''
  const found = await sharedNetwork(ovn.northbound, spec.name, spec.overlay?.logicalSwitch ?? '')
  return { ovn, id, spec, shared: found?.id === id ? found : undefined }
}

const isMember = ({ ovn, shared }: Look): boolean => shared !== undefined && hostsOf(shared.ls).includes(ovn.systemId)

/** What is missing beside the switch. */
async function besides({ ovn, id, spec, shared }: Look, ls: LogicalSwitch): Promise<readonly ReversibleStep[]> {
  const nb = ovn.northbound
  const rows = shared === undefined ? [] : await dhcpRows(nb, id)
  const dhcp = dhcpRowsOf(id, spec)
  const { localnet } = spec.overlay ?? {}
  const steps = [
    ...(dhcp.length === 0
      ? []
      : [logicalDhcpSet(nb, { network: id, name: spec.name, tenant: spec.tenant, wanted: dhcp, rows })]),
    ...(localnet === undefined ? [] : [logicalLocalnetAdd(nb, ls, { uuid: newUuid(), ...localnet })]),
  ]
  const missing = await Promise.all(
    steps.map(async (step) =>
      shared === undefined || !(await step.isDone(AbortSignal.timeout(10_000))) ? [step] : [],
    ),
  )
  return missing.flat()
}
