import type { IfName } from '../net/ifname.ts'
import { vlanOfColumns, type Vlan, type VlanColumns } from '../net/vlan.ts'
import type { NetworkSpec } from './spec.ts'

/** A NIC on a bridge. */
export interface UplinkPlace {
  readonly bridge: IfName
  readonly uplink: IfName
}

/** Those of the networks that go out by the same NIC. */
export const sharing = ({ bridge, uplink }: UplinkPlace, networks: readonly NetworkSpec[]): readonly NetworkSpec[] =>
  networks.filter((one) => one.mode === 'flat' && one.bridge === bridge && one.uplink === uplink)

/**
 * How a NIC carries these VLANs and no other, so that no frame of another network leaves by it: 0 stands for untagged
 * frames, alone as an access port of Open vSwitch's VLAN 0, and beside tags among the trunks (ovs-vswitchd.conf.db(5)).
 */
export function uplinkVlan(tags: readonly number[]): Vlan {
  const sorted = [...new Set(tags)].sort((a, b) => a - b)
  return sorted.join() === '0' ? { kind: 'access', tag: 0 } : { kind: 'trunk', trunks: sorted }
}

/** Whether a port that somebody else made carries frames of a VLAN, tagged or not; 0 is the untagged segment. */
export function carries(columns: VlanColumns, tag: number): boolean {
  if (columns.mode === 'dot1q-tunnel') return columns.tag === tag
  const vlan = vlanOfColumns(columns)
  switch (vlan.kind) {
    case 'none':
      return true
    case 'access':
      return vlan.tag === tag
    case 'trunk':
      return vlan.trunks.length === 0 || vlan.trunks.includes(tag)
    case 'native':
      return vlan.tag === tag || vlan.trunks.length === 0 || vlan.trunks.includes(tag)
  }
}

/** VLAN devices of the host (eno2.100), as /proc/net/vlan/config lists them: by their tag, those of one NIC. */
export function vlanDevices(config: string, nic: string): ReadonlyMap<number, string> {
  const rows = config.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  return new Map(
    rows.flatMap(([name = '', tag = '', below]) => (below === nic && /^\d+$/.test(tag) ? [[Number(tag), name]] : [])),
  )
}
