import { interfacesIn, routesIn, type InterfaceState, type RouteState } from '../net/ip-json.ts'
import type { Netns } from '../system/netns.ts'
import type { Runner } from '../system/runner.ts'
import type { Spec } from './marks.ts'

/** What a namespace has inside. Routes are looked up only where some were declared. */
export interface Inside {
  readonly interfaces: ReadonlyMap<string, InterfaceState>
  readonly routes: readonly RouteState[]
}

/** Looks into a namespace. */
export async function lookInside(run: Runner, netns: Netns, specs: readonly (Spec | undefined)[]): Promise<Inside> {
  const wantsRoutes = specs.some((spec) => spec !== undefined && spec.gateways.length + spec.routes.length > 0)
  const [interfaces, routes] = await Promise.all([interfacesIn(run, netns), wantsRoutes ? routesIn(run, netns) : []])
  return { interfaces, routes }
}

/** What is missing or different inside a container, in words; empty when the interface is as declared. */
export function differences(
  spec: Spec,
  state: InterfaceState,
  routes: readonly RouteState[] = [],
  check: { readonly routes: boolean } = { routes: false },
): readonly string[] {
  const addresses = new Set([...state.addresses, ...state.linkLocal])
  const goes = (to: string, via: string | undefined): boolean =>
    routes.some((route) => route.to === to && route.via === via && route.dev === state.name)
  return [
    ...(state.up ? [] : [`${state.name} is down`]),
    ...spec.addresses.filter((address) => !addresses.has(address)).map((address) => `${address} is missing`),
    ...(state.mac === spec.mac ? [] : [`MAC is ${state.mac}, not ${spec.mac}`]),
    ...(spec.mtu === null || state.mtu === spec.mtu ? [] : [`MTU is ${String(state.mtu)}, not ${String(spec.mtu)}`]),
    ...(check.routes ? missingRoutes(spec, goes) : []),
  ]
}

function missingRoutes(spec: Spec, goes: (to: string, via: string | undefined) => boolean): readonly string[] {
  return [
    ...spec.gateways.filter((via) => !goes('default', via)).map((via) => `the default route via ${via} is missing`),
    ...spec.routes.filter(({ to, via }) => !goes(to, via)).map(({ to }) => `the route to ${to} is missing`),
  ]
}
