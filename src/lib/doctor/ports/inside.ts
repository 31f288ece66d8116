// The end of a pair that the container has.
import { insideOf, type AttachmentSeen } from '../attachments-seen.ts'
import { runsInside, typed } from '../fixes.ts'
import { isSameFamily } from '../ways-out.ts'
import type { RouteState } from '../../net/ip-json.ts'
import { quote } from '../../system/command.ts'
import { attachLine } from './attach-line.ts'
import type { Judge } from './judge.ts'

/** Where it is, for a safe fix; '' when it is not known. */
const pathOf = ({ life }: AttachmentSeen): string => life.path ?? ''

export const interfaceGone: Judge = {
  id: 'port.interface-gone',
  title: 'each container has its interface',
  about:
    'The interface was deleted or renamed inside the container, or moved out of it. The port on the bridge is there, and nobody is behind it.',
  find: (port) => {
    const { interfaces, marks } = port
    if (interfaces === undefined || marks.iface === '' || interfaces.has(marks.iface)) return undefined
    return {
      level: 'fail',
      said: `There is no ${marks.iface} inside the container any more.`,
      evidence: [`nsenter --net=${pathOf(port)} ip link show: ${[...interfaces.keys()].join(', ')}`],
      fix: typed(...attachLine(port)),
    }
  },
}

export const interfaceDown: Judge = {
  id: 'port.interface-down',
  title: 'the interface in each container is up',
  about: 'Somebody set the interface down inside the container. It has no routes then, and receives nothing.',
  find: (port) => {
    const inside = insideOf(port)
    return inside === undefined || inside.up
      ? undefined
      : {
          level: 'fail',
          said: `${inside.name} is down inside the container.`,
          evidence: [`nsenter --net=${pathOf(port)} ip link show dev ${inside.name}: not UP`],
          fix: runsInside('link.up', pathOf(port), port.subject, {
            tool: 'ip',
            args: ['link', 'set', 'dev', inside.name, 'up'],
          }),
        }
  },
}

export const addressGone: Judge = {
  id: 'port.address-gone',
  title: 'each container has its addresses',
  about: 'An address that the interface was given is not there any more. Others still send to it, and nobody answers.',
  find: (port) => {
    const inside = insideOf(port)
    if (inside === undefined) return undefined
    const has = new Set([...inside.addresses, ...inside.linkLocal])
    const missing = (port.marks.spec?.addresses ?? []).filter((one) => !has.has(one))
    return missing.length === 0
      ? undefined
      : {
          level: 'fail',
          said: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing on ${inside.name}.`,
          evidence: [
            `nsenter --net=${pathOf(port)} ip address show dev ${inside.name}: ${inside.addresses.join(', ') || 'no address'}`,
          ],
          fix: runsInside(
            'address.add',
            pathOf(port),
            port.subject,
            ...missing.map((one) => ({ tool: 'ip' as const, args: ['address', 'add', one, 'dev', inside.name] })),
          ),
        }
  },
}

export const macChanged: Judge = {
  id: 'port.mac-changed',
  title: 'each interface has its MAC',
  about:
    'The MAC inside is not the one that was set. Where port security applies (OVN) its frames are dropped; elsewhere neighbours send to the old one until they ask again.',
  find: (port) => {
    const inside = insideOf(port)
    const { spec } = port.marks
    return inside === undefined || spec === undefined || inside.mac === spec.mac
      ? undefined
      : {
          level: 'fail',
          said: `${inside.name} has the MAC ${inside.mac}, not ${spec.mac}.`,
          evidence: [
            `ovs-vsctl get Interface ${port.where.interface.name} external_ids:ovsd_spec: mac ${spec.mac}`,
            `nsenter --net=${pathOf(port)} ip link show dev ${inside.name}: ${inside.mac}`,
          ],
          // It may be set on purpose, and frames on their way to it are lost.
          fix: typed(`nsenter --net=${pathOf(port)} ip link set dev ${inside.name} address ${spec.mac}`),
        }
  },
}

export const duplicateInside: Judge = {
  id: 'port.duplicate',
  title: 'nobody else has answered for an IPv6 address',
  about:
    'Duplicate address detection (RFC 4862) found the address in use by somebody else on the segment, so the kernel does not use it.',
  find: (port) => {
    const [address] = insideOf(port)?.duplicate ?? []
    return address === undefined
      ? undefined
      : {
          level: 'fail',
          said: `Somebody else on the segment has ${address}, so the container does not use it.`,
          evidence: [`nsenter --net=${pathOf(port)} ip -6 address show: ${address} dadfailed`],
          fix: typed(`# Find who has ${address} (ovsd list; ip -6 neighbour), or give this container another address.`),
        }
  },
}

export const defaultRoute: Judge = {
  id: 'port.default-route',
  title: 'each container has the default route that it was given',
  about:
    'The container was attached with a gateway, and its default route is missing, leads to another gateway, or another default route comes before it: what is not on its own subnet does not come back, or goes another way. In networks of the driver it is Docker that sets the route, by the gateway of the network.',
  find: (port) => {
    const inside = insideOf(port)
    if (inside === undefined) return undefined
    for (const via of port.spec?.gateways ?? []) {
      const found = wayOut(port, inside.name, via)
      if (found !== undefined) return found
    }
    return undefined
  },
}

/** What is wrong with the default route via a gateway. The kernel takes the first of the list, which is in the order of metrics. */
function wayOut(port: AttachmentSeen, iface: string, via: string): ReturnType<Judge['find']> {
  const isOfFamily = (one: RouteState): boolean =>
    one.via === undefined ? (one.family === 6) === via.includes(':') : isSameFamily(one.via, via)
  const all = port.routes.filter((one) => one.to === 'default' && isOfFamily(one))
  const [first] = all
  const isRight = (one: RouteState): boolean => one.via === via && one.dev === iface
  if (first !== undefined && (isRight(first) || port.detours.includes(first.via ?? ''))) return undefined
  const [family, path] = [via.includes(':') ? '-6' : '-4', pathOf(port)]
  const shown = all.map((one) => `via ${one.via ?? '-'} dev ${one.dev ?? '-'}`)
  const evidence = [`nsenter --net=${path} ip ${family} route show default: ${shown.join('; ') || 'nothing'}`]
  const args = (word: string): readonly string[] => [family, 'route', word, 'default', 'via', via, 'dev', iface]
  if (first === undefined)
    return {
      ...{ level: 'fail', said: `The default route via ${via} is missing.`, evidence },
      fix: runsInside('route.add', path, port.subject, { tool: 'ip', args: args('add') }),
    }
  const elsewhere = `${first.via ?? 'no gateway'} on ${first.dev ?? '?'}`
  return all.some(isRight)
    ? {
        ...{ level: 'fail', evidence },
        said: `Another default route comes before the one via ${via} on ${iface}: it leads to ${elsewhere}.`,
        fix: typed(
          `nsenter --net=${path} ip ${family} route del default ${first.via === undefined ? '' : `via ${first.via} `}${first.dev === undefined ? '' : `dev ${quote(first.dev)}`}`,
        ),
      }
    : {
        ...{ level: 'fail', evidence },
        said: `The default route leads to ${elsewhere}, not to ${via} on ${iface}.`,
        fix: typed(`nsenter --net=${path} ip ${args('replace').join(' ')}`),
      }
}

export const routeGone: Judge = {
  id: 'port.route',
  title: 'each container has its static routes',
  about: 'A route that the interface was given is not there any more.',
  find: (port) => {
    const inside = insideOf(port)
    if (inside === undefined) return undefined
    const gone = (port.spec?.routes ?? []).find(
      ({ to, via }) => !port.routes.some((one) => one.to === to && one.via === via && one.dev === inside.name),
    )
    if (gone === undefined) return undefined
    const via = gone.via === undefined ? [] : ['via', gone.via]
    return {
      level: 'fail',
      said: `The route to ${gone.to} is missing.`,
      evidence: [`nsenter --net=${pathOf(port)} ip route show ${gone.to}: nothing on ${inside.name}`],
      fix: runsInside('route.add', pathOf(port), port.subject, {
        tool: 'ip',
        args: ['route', 'add', gone.to, ...via, 'dev', inside.name],
      }),
    }
  },
}
