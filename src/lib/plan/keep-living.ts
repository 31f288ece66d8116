import { isDeepStrictEqual } from 'node:util'
import { calledFor, type Attachment } from '../attach/attachment.ts'
import type { Living } from '../attach/examine.ts'
import { externalDifferences, externalDifferencesInside } from '../attach/external-differences.ts'
import { legOf } from '../attach/external-leg.ts'
import { missingMarks, specOf, type Spec } from '../attach/marks.ts'
import { ownerOf } from '../attach/owners.ts'
import { missesClient } from '../dhcp/client.ts'
import { asksForDhcp } from '../dhcp/marks.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Cidr } from '../net/cidr.ts'
import { interfacesIn } from '../net/ip-json.ts'
import { columnsOfVlan } from '../net/vlan.ts'
import type { Netns } from '../system/netns.ts'
import { describeWish, type AttachResult } from './attach-result.ts'
import { externalRepairStep, prepareExternal } from './external.ts'
import { byDocker, isOfDocker } from './of-docker.ts'
import type { Prepared } from './prepared.ts'
import type { AttachRequest } from './request.ts'
import type { ReversibleStep } from './step.ts'
import { dhcpStart } from './steps/dhcp-start.ts'
import { linkRepair } from './steps/link-repair.ts'
import { marksSet } from './steps/marks-set.ts'
import { rateSet } from './steps/rate-set.ts'
import { sameColumns, vlanSet } from './steps/vlan-set.ts'

/**
 * What a reconciler makes of a living port of the interface: nothing, when it is as asked for; a repair of what somebody
 * changed; or `replace`, when other settings were asked for than it was made with. It touches only what the same owner
 * made, and only where it was made. Errors: AttachedByOther, PortMoved.
 */
export async function keepLiving(
  host: Host,
  request: AttachRequest,
  attachment: Attachment,
  living: Living,
  netns: Netns,
): Promise<Prepared<AttachResult> | 'replace'> {
  const { where, marks, wrong, state } = living
  const { iface, target, addresses, vlan, rate = 0 } = attachment
  refuseOthers(request, attachment, living)
  if (marks.spec === undefined || textOf(marks.spec) !== textOf(specOf(attachment))) return 'replace'
  if (!isDeepStrictEqual(marks.external, attachment.external)) return 'replace'
  if (request.dhcp !== undefined && request.dhcp !== asksForDhcp(where.interface.externalIds)) return 'replace'
  // The kernel keeps the prefix length of an IPv6 address that is there already, whatever it is told.
  const isStuck = ({ ip, text }: Cidr): boolean =>
    ip.family === 6 && state.addresses.some((has) => has !== text && has.startsWith(`${ip.text}/`))
  if (addresses.some(isStuck)) return 'replace'
  const { port, interface: row } = where
  // A server that is away is no reason to hold up everybody else: a client that runs goes on asking.
  const again = { port: row.name, isRepair: true, atOnce: true }
  // The spec says the same, if in another order.
  const marksToSet = { ...missingMarks(attachment, row.externalIds) }
  delete marksToSet['ovsd_spec']
  const steps: readonly ReversibleStep[] = [
    ...(Object.keys(marksToSet).length === 0 ? [] : [marksSet(host, row.name, marksToSet)]),
    ...(sameColumns(port.vlanColumns, columnsOfVlan(vlan)) ? [] : [vlanSet(host, port.name, vlan, port.vlanColumns)]),
    ...(row.rate === rate ? [] : [rateSet(host, row.name, rate, row)]),
    ...(wrong.length === 0 ? [] : [linkRepair(host, attachment, netns, row.name, wrong)]),
    ...(missesClient(row.name, row.externalIds) ? [dhcpStart(host, attachment, netns, again)] : []),
    ...(await legRepair(host, attachment, netns, row.name)),
  ]
  const isRight = steps.length === 0
  return {
    plan: isRight
      ? undefined
      : { onFailure: 'unwind', title: `Repair ${iface} of ${calledFor(target)}`, stages: [steps] },
    result: {
      ...describeWish(attachment),
      port: port.name,
      status: isRight ? 'unchanged' : 'repaired',
      replaced: [],
    },
    [Symbol.dispose]: () => netns[Symbol.dispose](),
  }
}

/** Puts the external address back, if there is one and something of it is missing. */
async function legRepair(
  host: Host,
  attachment: Attachment,
  netns: Netns,
  port: string,
): Promise<readonly ReversibleStep[]> {
  const { external, target, iface } = attachment
  if (external === undefined) return []
  const leg = legOf(target.id, iface, external)
  const [outside, interfaces] = await Promise.all([externalDifferences(host, [leg]), interfacesIn(host.run, netns)])
  const wrong = [...(outside.get(leg.end) ?? []), ...externalDifferencesInside(leg, interfaces)]
  if (wrong.length === 0) return []
  const prepared = await prepareExternal(host, attachment, external, [port])
  return [externalRepairStep(host, attachment, netns, prepared, wrong)]
}

/** Specs are equal when they say the same, in whatever order it was recorded. */
const textOf = ({ addresses, gateways, routes, mac, mtu }: Spec): string =>
  JSON.stringify([
    [...addresses].sort(),
    [...gateways].sort(),
    routes.map(({ to, via = '' }) => `${to} ${via}`).sort(),
    mac,
    mtu,
  ])

function refuseOthers(request: AttachRequest, { iface, target }: Attachment, { where, marks }: Living): void {
  const isSame = marks.ours && marks.owner === request.owner && marks.persist === (request.persist ?? false)
  const detach = isOfDocker(where)
    ? byDocker(target.name)
    : `ovsd del-port ${where.bridge.name} ${iface} ${target.name}`
  if (!isSame)
    throw new Refused(
      'AttachedByOther',
      `${iface} of ${target.name} is attached already by ${ownerOf(where.interface) ?? 'somebody else'} (port ${where.port.name} on ${where.bridge.name}).`,
      { next: `To have it replaced, detach it: ${detach}` },
    )
  if (where.bridge.name !== request.bridge)
    throw new Refused(
      'PortMoved',
      `The port ${where.port.name} of ${iface} of ${target.name} is on ${where.bridge.name}, not on ${request.bridge}.`,
      { next: `It is left there. To have it made anew on ${request.bridge}: ${detach}` },
    )
}
