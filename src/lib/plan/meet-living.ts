import { calledFor, type Attachment } from '../attach/attachment.ts'
import type { Living } from '../attach/examine.ts'
import { specOf } from '../attach/marks.ts'
import { asksForDhcp } from '../dhcp/marks.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { describeVlan } from '../net/vlan.ts'
import type { Netns } from '../system/netns.ts'
import { describeLeased, describeLiving, type AttachResult } from './attach-result.ts'
import { byDocker, isOfDocker } from './of-docker.ts'
import type { Prepared } from './prepared.ts'
import type { AttachRequest } from './request.ts'
import { dhcpStart } from './steps/dhcp-start.ts'
import { linkRepair } from './steps/link-repair.ts'

/**
 * The interface is attached already. As declared: fine with --may-exist, if it is what was asked for. Not as declared: the
 * same request puts back what is missing, without touching what works. Errors: AlreadyAttached, AttachedDifferently.
 */
export function meetLiving(
  host: Host,
  request: AttachRequest,
  attachment: Attachment,
  living: Living,
  netns: Netns,
): Prepared<AttachResult> {
  const { where, client } = living
  const wrong = [...living.wrong, ...client]
  const port = where.interface.name
  const close = (): void => netns[Symbol.dispose]()
  const { target, iface } = attachment
  const container = calledFor(target)
  const already = `Port already attached for CONTAINER=${container} and INTERFACE=${iface}`
  const detach = isOfDocker(where) ? byDocker(container) : `ovsd del-port ${where.bridge.name} ${iface} ${container}`
  const other = otherSettings(request, attachment, living)
  const { result: wish, bound } = describeLeased(attachment)
  if (other.length === 0 && wrong.length > 0)
    return {
      plan: {
        onFailure: 'unwind',
        title: `Repair ${iface} of ${container}`,
        stages: [
          ...(living.wrong.length === 0 ? [] : [[linkRepair(host, attachment, netns, port, living.wrong)]]),
          ...(client.length === 0 ? [] : [[dhcpStart(host, attachment, netns, { port, isRepair: true, bound })]]),
        ],
      },
      result: { ...wish, port: where.port.name, status: 'repaired', replaced: [] },
      [Symbol.dispose]: close,
    }
  close()
  if (wrong.length > 0)
    throw new Refused('AttachedDifferently', `${already}, but ${wrong.join(', ')}; and ${other.join(', ')}.`, {
      next: `Repeat it with the settings it was made with to repair it, or detach it first: ${detach}`,
    })
  if (!request.mayExist)
    throw new Refused('AlreadyAttached', `${already} (port ${where.port.name} on ${where.bridge.name}).`, {
      next: `To accept that: ovsd add-port … --may-exist; to detach it first: ${detach}`,
    })
  if (other.length > 0)
    throw new Refused('AttachedDifferently', `${already}, but ${other.join(', ')}.`, {
      next: `Detach it first: ${detach}`,
    })
  return { plan: undefined, result: { ...describeLiving(attachment, living), status: 'unchanged', replaced: [] } }
}

/** What was asked for and is otherwise, in words. What was not asked for does not count. */
function otherSettings(
  request: AttachRequest,
  attachment: Attachment,
  { where, marks, state }: Living,
): readonly string[] {
  const wanted = specOf(attachment)
  const has = marks.spec ?? { addresses: state.addresses, gateways: [], routes: [], mac: state.mac, mtu: state.mtu }
  const list = (items: readonly unknown[]): string =>
    [...items]
      .map((item) => JSON.stringify(item))
      .sort()
      .join()
  const words = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(' and '))
  return [
    where.bridge.name === request.bridge ? '' : `it is on bridge ${where.bridge.name}, not ${request.bridge}`,
    describeVlan(where.port.vlan) === describeVlan(request.vlan)
      ? ''
      : `its VLAN is ${describeVlan(where.port.vlan)}, not ${describeVlan(request.vlan)}`,
    list(has.addresses) === list(wanted.addresses)
      ? ''
      : `its addresses are ${words(has.addresses)}, not ${words(wanted.addresses)}`,
    list(has.gateways) === list(wanted.gateways)
      ? ''
      : `its gateways are ${words(has.gateways)}, not ${words(wanted.gateways)}`,
    asksForDhcp(where.interface.externalIds) === (request.dhcp === true)
      ? ''
      : `its address comes ${request.dhcp === true ? 'not ' : ''}by DHCP`,
    list(has.routes) === list(wanted.routes) ? '' : 'its routes are others',
    request.mac === undefined || has.mac === request.mac ? '' : `its MAC is ${has.mac}, not ${request.mac}`,
    request.mtu === undefined || has.mtu === request.mtu
      ? ''
      : `its MTU is ${String(has.mtu ?? 1500)}, not ${String(request.mtu)}`,
  ].filter((text) => text !== '')
}
