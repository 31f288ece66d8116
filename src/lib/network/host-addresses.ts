import { segment, type Unique } from '../attach/taken.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { readNic } from '../net/nic.ts'
import { networksOn } from './seen.ts'
import type { NetworkSpec } from './spec.ts'

/**
 * Refuses addresses that the host has as the gateway of a nat network in the same VLAN. Those of other networks may be a
 * container's: it is the router then. Error: AddressInUse.
 */
export async function refuseGateways(
  host: Host,
  { bridge, vlan, addresses }: Pick<Unique, 'bridge' | 'vlan' | 'addresses'>,
): Promise<void> {
  const row = await host.ovs.bridge(bridge)
  if (row === undefined || addresses.length === 0) return
  for (const one of networksOn(row)) {
    if (!('spec' in one) || one.spec.mode !== 'nat' || (one.spec.vlan ?? 0) !== segment(vlan)) continue
    const taken = one.spec.subnets.flatMap(({ gateway }) => gateway?.text ?? []).find((ip) => addresses.includes(ip))
    if (taken === undefined) continue
    throw new Refused('AddressInUse', `${taken} is this host's address in the network ${one.name}, its gateway.`, {
      next: `Choose another one, or have one given: ovsd net connect ${one.name} CONTAINER`,
    })
  }
}

/**
 * The addresses that the host itself has in a flat network: those of the bridge's own port, without prefix lengths. Error:
 * CommandFailed.
 */
export async function ownAddresses(
  host: Host,
  { bridge, mode }: Pick<NetworkSpec, 'bridge' | 'mode'>,
): Promise<readonly string[]> {
  if (mode !== 'flat') return []
  const nic = await readNic(host.run, bridge)
  return (nic?.addresses ?? []).map(({ key }) => key.replace(/[ /].*/, ''))
}

/** The networks with a VLAN that a port without one can send into: to Open vSwitch it is a trunk of all VLANs. */
export async function networksReached(
  host: Host,
  { bridge, vlan }: Pick<Unique, 'bridge' | 'vlan'>,
): Promise<readonly string[]> {
  if (vlan.kind !== 'none') return []
  const row = await host.ovs.bridge(bridge)
  const all = row === undefined ? [] : networksOn(row)
  return all.flatMap((one) => ('spec' in one && one.spec.vlan !== undefined ? one.name : []))
}
