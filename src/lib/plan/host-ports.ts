// Which port of the host each published port gets: that which was asked for, if nobody has it.
import { calledIn, derivedName } from '../attach/endpoint.ts'
import { readMarks } from '../attach/marks.ts'
import type { Protocol, PublishedPort } from '../attach/published-ports.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { freePortRange, hostPortState, whoHasPort } from '../net/host-port.ts'
import type { Family } from '../net/ip-address.ts'
import { linkExists } from '../net/links.ts'
import { familiesServed, oneAddress } from '../network/publications.ts'
import { inTurn } from '../system/turns.ts'

/** A port of a container that is to be published, checked. */
export interface PortWish {
  readonly protocol: Protocol
  /** The port of the container. */
  readonly port: number
  /** As in PublishedPort: '' is every address of the host. */
  readonly hostIp: string
  /** From where to where it may be on the host; 0: any that is free. */
  readonly hostPort: number
  readonly hostPortEnd: number
}

/** A port as it is, or would be, published. */
interface ServedPort extends PublishedPort {
  /** The IP versions that its endpoint has an address of: of the other one the port is anybody's. */
  readonly families: readonly Family[]
}

/** A port that somebody has published already. */
interface TakenPort extends ServedPort {
  /** Who, in words. */
  readonly by: string
}

/** For whom ports are to be published. */
export interface PortsOf {
  /** Name of the endpoint's port. */
  readonly name: string
  /** Its addresses, with prefix lengths. */
  readonly addresses: readonly string[]
}

/** Ports that are chosen and not yet recorded, by the names of the endpoints' ports. */
const claims = new WeakMap<Host, Map<string, readonly ServedPort[]>>()

const served = (one: PublishedPort, addresses: readonly string[] | undefined): ServedPort => ({
  ...one,
  families: familiesServed(one, addresses),
})

/** What other endpoints have published, whoever made them, or are about to. Of one whose link is gone nothing is left. */
async function takenPorts(host: Host, except: string): Promise<readonly TakenPort[]> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])).flat()
  const recorded = rows.flatMap(({ name, externalIds }) => {
    const marks = readMarks(externalIds)
    if (name === except || name !== derivedName(marks) || !linkExists(name)) return []
    const ports = marks.ports.map((one) => served(one, marks.spec?.addresses))
    return ports.map((one) => ({ ...one, by: `${calledIn(marks)} in ${marks.network} has published it` }))
  })
  const claimed = [...(claims.get(host) ?? [])].filter(([name]) => name !== except)
  const by = 'another endpoint that starts now has it'
  return [...recorded, ...claimed.flatMap(([, ports]) => ports.map((one) => ({ ...one, by })))]
}

/** The ports of the host that these wishes of an endpoint would get now. Errors: those of chooseHostPorts. */
export const findHostPorts = async (
  host: Host,
  { name, addresses }: PortsOf,
  wishes: readonly PortWish[],
  before: readonly PublishedPort[],
): Promise<readonly PublishedPort[]> => chooseHostPorts(wishes, before, addresses, await takenPorts(host, name))

/** Ports of the host that nobody else of this process gets, as long as they are held: until they are recorded. */
export interface ClaimedPorts extends Disposable {
  readonly ports: readonly PublishedPort[]
}

/** The same, held. */
export function claimHostPorts(...[host, of, wishes, before]: Parameters<typeof findHostPorts>): Promise<ClaimedPorts> {
  return inTurn(host, 'ports', async () => {
    const ports = await findHostPorts(host, of, wishes, before)
    const all = claims.get(host) ?? new Map<string, readonly ServedPort[]>()
    const claimed = ports.map((one) => served(one, of.addresses))
    claims.set(host, all.set(of.name, claimed))
    return {
      ports,
      [Symbol.dispose]() {
        all.delete(of.name)
      },
    }
  })
}

/** Whether two published ports cannot be there side by side. */
function collide(a: ServedPort, b: ServedPort): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort) return false
  const [one, other] = [oneAddress(a), oneAddress(b)]
  if (one !== undefined && other !== undefined) return one === other
  return a.families.some((family) => b.families.includes(family))
}

/** Why a port cannot be had; undefined when it can. Error: HostAddressMissing. */
async function obstacle(wish: ServedPort, taken: readonly TakenPort[]): Promise<string | undefined> {
  const other = taken.find((one) => collide(one, wish))
  if (other !== undefined) return other.by
  for (const family of wish.families) {
    const at = { protocol: wish.protocol, family, ip: oneAddress(wish), port: wish.hostPort }
    const state = await hostPortState(at)
    if (state === 'missing') throw addressMissing(wish)
    if (state === 'taken') return `${whoHasPort(at) ?? 'a program'} of the host is there`
  }
  return undefined
}

/**
 * Chooses the port of the host for each wish, one after the other. What `before` has of it stays, and is not looked at again: the
 * same wishes give the same answer. Errors: HostPortInUse, HostAddressMissing.
 */
async function chooseHostPorts(
  wishes: readonly PortWish[],
  before: readonly PublishedPort[],
  addresses: readonly string[],
  taken: readonly TakenPort[],
): Promise<readonly PublishedPort[]> {
  const left = [...before]
  const chosen: PublishedPort[] = []
  // What is there already is given back to whom it belongs first: a free choice must not take it from another wish.
  const kept = wishes.map((wish) => {
    const found = left.findIndex((one) => isAnswer(one, wish))
    return found === -1 ? undefined : left.splice(found, 1)[0]
  })
  for (const [i, wish] of wishes.entries()) {
    const mine: readonly TakenPort[] = [...kept.filter((one) => one !== undefined), ...chosen].map((one) => ({
      ...served(one, addresses),
      by: 'it is asked for twice',
    }))
    chosen.push(kept[i] ?? (await choose(wish, addresses, [...taken, ...mine])))
  }
  return chosen
}

const isAnswer = ({ protocol, port, hostIp, hostPort }: PublishedPort, wish: PortWish): boolean => {
  const { from, to } = rangeOf(wish)
  const isSame = protocol === wish.protocol && port === wish.port && hostIp === wish.hostIp
  return isSame && hostPort >= from && hostPort <= to
}

const rangeOf = ({ hostPort, hostPortEnd }: PortWish): { readonly from: number; readonly to: number } =>
  hostPort === 0 ? freePortRange() : { from: hostPort, to: Math.max(hostPort, hostPortEnd) }

async function choose(
  wish: PortWish,
  addresses: readonly string[],
  taken: readonly TakenPort[],
): Promise<PublishedPort> {
  const { protocol, port, hostIp } = wish
  const { from, to } = rangeOf(wish)
  let why: string | undefined
  for (let hostPort = from; hostPort <= to; hostPort++) {
    const one = { protocol, port, hostIp, hostPort }
    why = await obstacle(served(one, addresses), taken)
    if (why === undefined) return one
  }
  const ports = from === to ? `port ${String(from)}` : `ports ${String(from)} to ${String(to)}`
  throw new Refused(
    'HostPortInUse',
    from === to
      ? `The ${wordOf(wish)} ${ports} of the host is taken: ${String(why)}.`
      : `The ${wordOf(wish)} ${ports} of the host are all taken; of the last one: ${String(why)}.`,
    {
      next: `Publish it at another port, or at a free one: --publish ${String(port)}; what is published: ovsd list; who listens: ss -lntup`,
    },
  )
}

const wordOf = ({ protocol }: PortWish): string => protocol.toUpperCase()

function addressMissing({ hostIp }: PublishedPort): Refused {
  return new Refused('HostAddressMissing', `The host has no address ${hostIp}, at which a port is to be published.`, {
    next: 'See which it has: ip -brief address show; to publish at all of them, name no address',
  })
}

/** The IP versions that a wish names itself: for which an endpoint has to have an address. */
export const namedFamily = ({ hostIp }: Pick<PortWish, 'hostIp'>): Family | undefined =>
  hostIp === '' ? undefined : hostIp.includes(':') ? 6 : 4
