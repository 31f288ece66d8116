// The gateway of a nat network: the host has an address in it, leads its traffic out under addresses of its own, and keeps
// it from every other network (docs/net.md, "The host is not a way around").
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { linkExists, macOf } from '../../net/links.ts'
import { linkDifferences } from '../../network/gateway-link.ts'
import { gatewaysOf, isNat, type Gateway } from '../../network/gateway.ts'
import { lookAtNat, natDifferences, type NatWish } from '../../network/nat.ts'
import { networkKey } from '../../network/record.ts'
import { refuseOtherDatabase } from '../../network/own-database.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { refuseAdvertised, refuseOnHost, refuseOverlap } from '../../network/subnet-conflicts.ts'
import { gatewayLink } from '../steps/gateway-link.ts'
import { gatewayOwnPort } from '../steps/gateway-own-port.ts'
import { gatewayPort, gatewayRow } from '../steps/gateway-port.ts'
import { gatewayRemove } from '../steps/gateway-remove.ts'
import { natRules } from '../steps/nat-rules.ts'
import type { ReversibleStep } from '../step.ts'
import type { NetworkPart, Surroundings } from './part.ts'

/** Everything about nat networks on this host, as of one look. */
interface Around {
  readonly gateway: Gateway
  readonly others: readonly Gateway[]
  /** Whether the network was there before. */
  readonly isRecorded: boolean
}

async function lookAround(host: Host, spec: NetworkSpec, { others }: Surroundings): Promise<Around> {
  const [all, row] = await Promise.all([gatewaysOf(host, [spec, ...others]), host.ovs.bridge(spec.bridge)])
  const gateway = all.find(({ network }) => network === spec.name)
  if (gateway === undefined) throw new TypeError(`${spec.name} has no gateway`)
  return {
    gateway,
    others: all.filter((one) => one !== gateway),
    isRecorded: row?.externalIds[networkKey(spec.name)] !== undefined,
  }
}

const wishWith = ({ gateway, others, isRecorded }: Around): NatWish => ({
  gateways: [...others, gateway].sort((a, b) => (a.network < b.network ? -1 : 1)),
  hadSome: isRecorded || others.length > 0,
})

/** The port that a gateway has of its own: whether it is there with its tag. */
async function portDifferences(host: Host, gateway: Gateway): Promise<readonly string[]> {
  const { link, isOwnPort, tag } = gateway
  if (isOwnPort) return []
  const row = await gatewayRow(host, gateway)
  if (row === undefined) return [`the port ${link} is missing`]
  const [where] = await host.ovs.locate([row])
  if (where?.bridge.name !== gateway.bridge) return [`the port ${link} is on no bridge`]
  const { vlan } = where.port
  return vlan.kind === 'access' && vlan.tag === tag ? [] : [`the port ${link} is in another VLAN`]
}

/**
 * Whether a link is that of the gateway itself: in user space it outlives an ovs-vswitchd that was killed and a database that was emptied, and is
 * taken up again. Nobody else has the MAC that is derived for it.
 */
const isLeftOver = async (host: Host, { link, mac }: Gateway): Promise<boolean> => (await macOf(host.run, link)) === mac

const lasting = (network: string, step: ReversibleStep): ReversibleStep => ({
  ...step,
  keeps: `what was put back of the network ${network} stays`,
  undo: () => Promise.resolve(),
})

export const gateway: NetworkPart = {
  name: 'gateway',
  isOf: isNat,

  async make(host, spec, surroundings) {
    refuseOtherDatabase(host, spec.name, `ovsd net create ${spec.name}`)
    const around = await lookAround(host, spec, surroundings)
    const { gateway: mine, others, isRecorded } = around
    if (!isRecorded) {
      refuseOverlap(spec, surroundings.others)
      if (surroundings.force !== true) await refuseOnHost(host, spec, surroundings.signal)
    }
    const [seen, link, port] = await Promise.all([
      lookAtNat(host, wishWith(around)),
      linkDifferences(host.run, mine),
      portDifferences(host, mine),
    ])
    // Whichever of the networks needs it: turning it on makes the host forget what routers have told it.
    if (seen.ipv6 === 'off') await refuseAdvertised(host, surroundings.signal)
    const isThere = port.length > 0 && (await gatewayRow(host, mine)) !== undefined
    if (port.length > 0 && !isThere && linkExists(mine.link) && !(await isLeftOver(host, mine)))
      throw new Refused('LinkNameTaken', `The host has a link ${mine.link} whose name is needed.`, {
        next: `Look at it: ip -details link show dev ${mine.link}`,
      })
    const stages: readonly (readonly ReversibleStep[])[] = [
      [
        ...(mine.isOwnPort && link.length > 0 ? [gatewayOwnPort(host, mine)] : []),
        ...(port.length > 0 ? [gatewayPort(host, mine, isThere)] : []),
      ],
      natDifferences(seen).length > 0
        ? [natRules(host, seen, { gateways: others, hadSome: others.length > 0, going: mine.link })]
        : [],
      link.length > 0 ? [gatewayLink(host, mine)] : [],
    ]
    // What is put back of a network that works is right, and stays.
    return stages
      .filter((steps) => steps.length > 0)
      .map((steps) => (isRecorded ? steps.map((step) => lasting(spec.name, step)) : steps))
  },

  async missing(host, spec, surroundings) {
    const around = await lookAround(host, spec, surroundings)
    const [port, link, seen] = await Promise.all([
      portDifferences(host, around.gateway),
      linkDifferences(host.run, around.gateway),
      lookAtNat(host, wishWith(around)),
    ])
    return [...port, ...link, ...natDifferences(seen)]
  },

  async remove(host, spec, surroundings) {
    refuseOtherDatabase(host, spec.name, `ovsd net rm ${spec.name}`)
    const { gateway: mine, others } = await lookAround(host, spec, surroundings)
    const row = mine.isOwnPort ? undefined : await gatewayRow(host, mine)
    const [port] = row === undefined ? [] : await host.ovs.locate([row])
    const left: NatWish = { gateways: others, hadSome: true, going: mine.link }
    const seen = await lookAtNat(host, left)
    return [
      ...(mine.isOwnPort || port !== undefined ? [[gatewayRemove(host, mine, port)]] : []),
      ...(natDifferences(seen).length > 0 ? [[natRules(host, seen, left)]] : []),
    ]
  },
}
