import { portName, type Attachment } from '../attach/attachment.ts'
import type { Living } from '../attach/examine.ts'
import { readLease, type Lease } from '../dhcp/marks.ts'
import { describeVlan } from '../net/vlan.ts'

/** What add-port answers (the keys of --json). */
export interface AttachResult {
  readonly bridge: string
  readonly port: string
  readonly container: string
  readonly containerId: string
  readonly interface: string
  readonly addresses: readonly string[]
  readonly mac: string
  readonly mtu: number | null
  readonly vlan: string
  readonly gateways: readonly string[]
  /** "attached"; "unchanged" when --may-exist found it done; "repaired" when something of it had to be put back. */
  readonly status: 'attached' | 'unchanged' | 'repaired'
  /** Stale ports of the same interface that were removed on the way. */
  readonly replaced: readonly string[]
}

/** What an attachment will be. */
export function describeWish(attachment: Attachment): Omit<AttachResult, 'status' | 'replaced'> {
  const { bridge, target, iface, addresses, gateways, mac, mtu, vlan } = attachment
  return {
    bridge,
    port: portName(target.id, iface),
    container: target.name,
    containerId: target.id,
    interface: iface,
    addresses: addresses.map(({ text }) => text),
    gateways: gateways.map(({ text }) => text),
    mac,
    mtu: mtu ?? null,
    vlan: describeVlan(vlan),
  }
}

/** The same with a place for what a DHCP server gives: `bound` writes it into the result. */
export function describeLeased(attachment: Attachment): {
  readonly result: Omit<AttachResult, 'status' | 'replaced'>
  readonly bound: (lease: Lease) => void
} {
  const wish = describeWish(attachment)
  const addresses = [...wish.addresses]
  const gateways = [...wish.gateways]
  return {
    result: { ...wish, addresses, gateways },
    bound({ address, gateway }) {
      addresses.push(address.text)
      if (gateway !== undefined) gateways.push(gateway.text)
    },
  }
}

/** What an attachment is, whoever made it. */
export function describeLiving(
  { target, iface }: Attachment,
  { where, marks, state }: Living,
): Omit<AttachResult, 'status' | 'replaced'> {
  const leased = readLease(where.interface.externalIds)?.gateway
  return {
    bridge: where.bridge.name,
    port: where.port.name,
    container: target.name,
    containerId: target.id,
    interface: iface,
    addresses: state.addresses,
    gateways: [...(marks.spec?.gateways ?? []), ...(leased === undefined ? [] : [leased.text])],
    mac: state.mac,
    mtu: state.mtu,
    vlan: describeVlan(where.port.vlan),
  }
}
