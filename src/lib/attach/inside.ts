import type { InterfaceState } from '../net/ip-json.ts'
import type { Spec } from './marks.ts'

/** What is missing or different inside a container, in words; empty when the interface is as declared. */
export function differences(spec: Spec, state: InterfaceState): readonly string[] {
  const addresses = new Set([...state.addresses, ...state.linkLocal])
  return [
    ...(state.up ? [] : [`${state.name} is down`]),
    ...spec.addresses.filter((address) => !addresses.has(address)).map((address) => `${address} is missing`),
    ...(state.mac === spec.mac ? [] : [`MAC is ${state.mac}, not ${spec.mac}`]),
    ...(spec.mtu === null || state.mtu === spec.mtu ? [] : [`MTU is ${String(state.mtu)}, not ${String(spec.mtu)}`]),
  ]
}
