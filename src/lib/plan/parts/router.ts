import type { Host } from '../../host.ts'
import { sharedNetwork } from '../../network/logical.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { isJoined, readNetworkRouter, type NetworkRouter } from '../../ovn/nb/network-router.ts'
import { ovnOf, type OvnOfHost } from '../../ovn/of-host.ts'
import { logicalRouterJoin } from '../steps/logical-router-join.ts'
import type { NetworkPart } from './part.ts'
import { switchToMake } from './switch-to-make.ts'

/** The logical router of a network, which it may share with others on any host. */
export const router: NetworkPart = {
  name: 'logical router',

  isOf: ({ overlay }) => overlay?.router !== undefined,

  /** Errors: RouterForeign, TenantDiffers, SubnetOverlaps, those of the logical switch. */
  async make(host, spec) {
    const { ovn, wanted } = await lookAt(host, spec)
    const nb = ovn.northbound
    if (await isJoined(nb, wanted)) return []
    return [[logicalRouterJoin(nb, wanted, await readNetworkRouter(nb, wanted))]]
  },

  async missing(host, spec) {
    const { ovn, wanted } = await lookAt(host, spec)
    return (await isJoined(ovn.northbound, wanted)) ? [] : [`its port on the logical router ${wanted.router}`]
  },

  // It goes with the switch, in one transaction: as long as another host has the network, it stays.
  remove: () => Promise.resolve([]),
}

async function lookAt(
  host: Host,
  spec: NetworkSpec,
): Promise<{ readonly ovn: OvnOfHost; readonly wanted: NetworkRouter }> {
  const ovn = await ovnOf(host)
  const { id = '', name, tenant, subnets, overlay, mtu } = spec
  const found = await sharedNetwork(ovn.northbound, name, overlay?.logicalSwitch ?? '')
  const advertises = overlay?.dhcp === true && subnets.some(({ cidr }) => cidr.ip.family === 6)
  return {
    ovn,
    wanted: {
      ...{ id, network: name, tenant, router: overlay?.router ?? '', transit: overlay?.transit },
      ls: found?.id === id ? found.ls.uuid : switchToMake(spec, ovn.systemId).uuid,
      subnets: subnets.map(({ cidr }) => cidr),
      addresses: subnets.flatMap(({ cidr, gateway: ip }) => (ip === undefined ? [] : [{ ip, prefix: cidr.prefix }])),
      advertises: advertises ? { mtu } : undefined,
    },
  }
}
