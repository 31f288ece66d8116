// What two interfaces are to each other by their networks, VLANs, tenants and routers, when nobody wrote it down.
import { addressesOf } from '../doctor/attachments-seen.ts'
import { OvsdError } from '../errors.ts'
import { contains, parseHostCidr, type Cidr } from '../net/cidr.ts'
import type { Leg } from './legs.ts'

/** What goes without saying, and why; undefined where it depends on what ovsd does not know. */
export type Rule =
  | { readonly reach: true; readonly why: string }
  | { readonly reach: false; readonly why: string; readonly apart: 'tenants' | 'segments' }

/**
 * What is to be from the interfaces of a container to one of another container: what is in the same place counts before what is
 * joined to it, and where one of them may lead to it by ways of which nobody here knows, nothing is to be. `its`: all interfaces of
 * the other one. By a router packets come and go as the default routes of the two are, which of several interfaces have one way only.
 */
export function ruleFor(from: readonly Leg[], to: Leg, its: readonly Leg[] = [to]): Rule | undefined {
  const together = from.filter(({ place }) => place === to.place)
  if (together.length > 0) return firstOf(together.map((leg) => samePlace(leg, to)))
  const rules = from.map((leg) => otherPlace(leg, to))
  const open = rules.find((one) => one?.reach)
  if (open !== undefined) return from.length === 1 && its.length === 1 ? open : undefined
  return rules.includes(undefined) ? undefined : rules[0]
}

const firstOf = (rules: readonly (Rule | undefined)[]): Rule | undefined => rules.find((one) => one !== undefined)

function samePlace(a: Leg, b: Leg): Rule | undefined {
  if (a.tenant !== undefined && b.tenant !== undefined && a.tenant !== b.tenant) return apartAsTenants(a, b)
  // Who is of no tenant and in the VLAN of one was put there with --force: whether that was meant is not known here.
  if (a.tenant !== b.tenant) return undefined
  return shareSubnet(a, b) ? { reach: true, why: `both are in ${a.placeSaid}` } : undefined
}

function otherPlace(a: Leg, b: Leg): Rule | undefined {
  const router = sharedRouter(a, b)
  if (router !== undefined) return { reach: true, why: `${router} joins ${a.placeSaid} and ${b.placeSaid}` }
  if (a.tenant !== b.tenant) return isOutside(a) || isOutside(b) ? undefined : apartAsTenants(a, b)
  if (a.spec?.mode === 'nat' && b.spec?.mode === 'nat')
    return a.tenant === undefined
      ? apart(`the host forwards nothing between ${a.placeSaid} and ${b.placeSaid}`)
      : { reach: true, why: `the host forwards between networks of the tenant ${a.tenant}` }
  if (hasWayOut(a) && hasWayOut(b)) return undefined
  return apart(`nothing joins ${a.placeSaid} and ${b.placeSaid}`)
}

const apart = (why: string): Rule => ({ reach: false, why, apart: 'segments' })

const apartAsTenants = (a: Leg, b: Leg): Rule => ({
  ...{ reach: false, apart: 'tenants' },
  why: `${whose(a)} and ${whose(b)} are kept apart`,
})

/** What is of no tenant and has a way of its own to elsewhere is the world outside to a tenant. */
const isOutside = (leg: Leg): boolean => leg.tenant === undefined && leg.spec?.mode !== 'nat' && hasWayOut(leg)

const whose = ({ tenant }: Leg): string => (tenant === undefined ? 'what is of no tenant' : `the tenant ${tenant}`)

/** The logical router, or the transit network of routers, that both networks name. */
function sharedRouter({ spec: a }: Leg, { spec: b }: Leg): string | undefined {
  const [from, to] = [a?.overlay, b?.overlay]
  if (from?.router !== undefined && from.router === to?.router) return `the router ${from.router}`
  if (from?.transit !== undefined && from.transit === to?.transit) return `the transit network ${from.transit}`
  return undefined
}

/** Whether a router that is not ovsd's may lead elsewhere from there. */
function hasWayOut({ spec, port }: Leg): boolean {
  if (spec === undefined) return (port.marks.spec?.gateways ?? []).length > 0
  return (
    spec.overlay?.localnet !== undefined ||
    (spec.overlay === undefined && spec.subnets.some(({ gateway }) => gateway !== undefined)) ||
    // Whoever gives out the addresses there may tell of a router, too.
    spec.source === 'dhcp' ||
    spec.source === 'inside'
  )
}

function shareSubnet(a: Leg, b: Leg): boolean {
  const [from, to] = [addressesOf(a.port), addressesOf(b.port)].map((texts) => texts.flatMap(cidrOf))
  return (from ?? []).some((one) => (to ?? []).some((other) => contains(one, other.ip)))
}

/** Anybody may have written the marks that addresses are read from. */
function cidrOf(text: string): readonly Cidr[] {
  try {
    return [parseHostCidr(text)]
  } catch (error) {
    if (error instanceof OvsdError) return []
    throw error
  }
}
