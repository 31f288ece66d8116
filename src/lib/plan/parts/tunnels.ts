import type { Host } from '../../host.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { faultText, TUNNELS } from '../../network/tunnel.ts'
import { nameTaken, refuseTaken } from '../../network/tunnel-taken.ts'
import { lookAtTunnels, type TunnelsLook } from '../../network/tunnels-look.ts'
import { refuseUnderlay } from '../../network/underlay.ts'
import { detectDatapath } from '../steps/bridge-create.ts'
import { portRemove } from '../steps/port-remove.ts'
import { tunnelsSet, type TunnelsToSet } from '../steps/tunnels-set.ts'
import type { NetworkPart } from './part.ts'

/** VXLAN to the other hosts of a network: one port on its bridge for each, a full mesh. */
export const tunnels: NetworkPart = {
  name: TUNNELS,

  isOf: ({ vxlan }) => vxlan !== undefined,

  /** Errors: TunnelTaken, TunnelImpossible, TunnelMtu. */
  async make(host, spec, { others, signal, force }) {
    const work = workOn(await lookAtTunnels(host, spec))
    if (work === undefined) return []
    if (work.add.length + work.change.length > 0) {
      await refuseTaken(host, spec, others)
      await refuseUnderlay(host, spec, { datapath: await datapathOf(host, spec), signal, force })
    }
    return [[tunnelsSet(host, spec, work)]]
  },

  async missing(host, spec) {
    const look = await lookAtTunnels(host, spec)
    return [
      ...look.tunnels.flatMap(({ tunnel, fault }) => (fault === undefined ? [] : [faultText(tunnel, fault)])),
      ...look.stale.map(({ port }) => `the removal of the old tunnel ${port.name}`),
    ]
  },

  async remove(host, spec) {
    const { own } = await lookAtTunnels(host, spec)
    return own.length === 0 ? [] : [[portRemove(host, own)]]
  },
}

/** What has to be done; undefined when nothing has. Error: TunnelTaken. */
function workOn({ tunnels: wanted, stale }: TunnelsLook): TunnelsToSet | undefined {
  const foreign = wanted.find(({ fault }) => fault?.kind === 'foreign')
  if (foreign !== undefined) throw nameTaken(foreign.tunnel.port)
  const broken = wanted.filter(({ fault }) => fault?.kind === 'broken')
  const add = [...wanted.filter(({ fault }) => fault?.kind === 'gone'), ...broken].map(({ tunnel }) => tunnel)
  const change = wanted.filter(({ fault }) => fault?.kind === 'different').map(({ tunnel }) => tunnel)
  const remove = [...broken.flatMap(({ where }) => where ?? []), ...stale]
  return add.length + change.length + remove.length === 0 ? undefined : { add, change, remove }
}

/** What the bridge runs on, or will once it is made. */
const datapathOf = async (host: Host, { bridge }: NetworkSpec): Promise<string> =>
  (await host.ovs.bridge(bridge))?.datapathType ?? detectDatapath()
