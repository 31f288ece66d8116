// A physical network that a host leads a bridge to: one namespace outside is everything on it. Nothing else is connected.
import { bareOn, type Place } from './place.ts'
import type { Site } from './underlay.ts'

export interface Localnet extends AsyncDisposable {
  /** The router of that network, which has its address on `out`; all else is behind it. */
  readonly outside: Place
}

/** The name that the host calls it by, and its bridge. */
export const PHYSNET = 'physnet1'
const BRIDGE = 'br-ex'

/**
 * Makes it on a host; the one outside has these addresses on its link (10.0.0.1/24), and the others on its loopback. Frames are
 * in a VLAN of the bridge, if there is one.
 */
export async function localnet(
  site: Site,
  onLink: readonly string[],
  behind: readonly string[],
  vlan?: number,
): Promise<Localnet> {
  const outside = await bareOn(site.host, 'outside')
  const inside = async (...argv: string[]): Promise<void> => {
    const { status, stderr } = await outside.run(argv)
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`)
  }
  await site.run('ip', 'link', 'add', 'exlink', 'type', 'veth', 'peer', 'name', 'out', 'netns', 'outside')
  await inside('ethtool', '-K', 'out', 'tx', 'off')
  for (const address of onLink) await inside('ip', 'address', 'add', address, 'dev', 'out', 'nodad')
  for (const address of behind) await inside('ip', 'address', 'add', address, 'dev', 'lo')
  for (const link of ['lo', 'out']) await inside('ip', 'link', 'set', link, 'up')
  await site.run('ip', 'link', 'set', 'exlink', 'up')
  await site.run('ovs-vsctl', 'add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, 'datapath_type=netdev')
  await site.run('ovs-vsctl', 'add-port', BRIDGE, 'exlink', ...(vlan === undefined ? [] : [`tag=${vlan}`]))
  const setting = `external_ids:ovn-bridge-mappings=${PHYSNET}:${BRIDGE}`
  await site.run('ovs-vsctl', 'set', 'Open_vSwitch', '.', setting)
  return {
    outside,
    async [Symbol.asyncDispose]() {
      await site.run('ovs-vsctl', 'remove', 'Open_vSwitch', '.', 'external_ids', 'ovn-bridge-mappings')
      await site.run('ovs-vsctl', 'del-br', BRIDGE)
      await site.run('ip', 'link', 'del', 'exlink')
      await outside.leave()
    },
  }
}
