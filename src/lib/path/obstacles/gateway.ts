// The host as the router of nat networks: its gateway, its own way on, and its firewall.
import { wayBack } from '../../doctor/network/way-back.ts'
import type { Trouble } from '../../doctor/check.ts'
import { parseIp } from '../../net/ip-address.ts'
import { waysTo } from '../../net/way-to.ts'
import type { Gateway } from '../../network/gateway.ts'
import { friendships } from '../../network/nat-rules.ts'
import { othersThan } from '../../network/networks.ts'
import { gateway as gatewayPart } from '../../plan/parts/gateway.ts'
import type { Case, Obstacle } from '../case.ts'
import { probeFromHost } from '../probe.ts'
import { describeTraffic } from '../question.ts'
import { gatewaysSeen, natAt } from './nat-at.ts'

/** The gateway of a nat network is not whole, or the host does not lead on what comes to it. */
export async function gatewayBroken(all: Case): Promise<Obstacle | undefined> {
  const { patient, pair, way } = all
  if (pair.source === undefined || way === undefined) return undefined
  const found = await natAt(patient, pair.source, way.via ?? pair.destination.address)
  if (found === undefined) return undefined
  const { network, gateway } = found
  const others = othersThan(network.spec, await patient.networks())
  const missing = await gatewayPart.missing(patient.host, network.spec, { others })
  if (missing.length > 0)
    return {
      ...{ cause: 'gateway', check: 'network.parts' },
      said: `the gateway of the nat network ${network.title ?? network.name} on this host is not whole: ${missing.join('; ')}`,
      fix: ['ovsd doctor --fix --yes --only=network.parts'],
    }
  const back = (await wayBack.run(patient)).find(
    (one): one is Trouble => one.level === 'fail' && 'subject' in one && one.subject === `network ${gateway.network}`,
  )
  if (back !== undefined)
    return {
      ...{ cause: 'gateway', check: wayBack.id, fix: back.fix.lines },
      said: back.said.replace(/^The/, 'the').replace(/\.$/, ''),
    }
  return way.via === undefined ? undefined : await beyond(all, gateway)
}

const areFriends = (all: readonly Gateway[], one: Gateway, other: Gateway): boolean =>
  friendships(all).some((group) => [one, other].every(({ network }) => group.some((each) => each.network === network)))

/** What is behind the host. */
async function beyond({ patient, a, b, pair, traffic }: Case, gateway: Gateway): Promise<Obstacle | undefined> {
  const { host } = patient
  const { address } = pair.destination
  const option = address.includes(':') ? '-6 ' : ''
  const onward = (await waysTo(host.run, [parseIp(address, 'address')])).get(address)
  if (onward === undefined)
    return {
      ...{ cause: 'no-host-route', fix: [`ip ${option}route show`] },
      said: `this host, which is the router of ${a.name}, has no route to ${address}`,
    }
  const gateways = await gatewaysSeen(patient)
  const other = gateways.find(({ link, sides }) => link === onward.dev || sides.some(({ ip }) => ip === address))
  if (other !== undefined && other.network !== gateway.network && !areFriends(gateways, gateway, other))
    return {
      ...{ cause: 'isolated', fix: ['ovsd net ls   # networks of one tenant reach each other'] },
      said: `this host keeps nat networks apart that are not of one tenant: ${a.name} is in ${gateway.network}, and ${address} is of ${other.network}`,
    }
  if (onward.isHere) return undefined
  const own = await probeFromHost(host, address, traffic)
  if (own === 'silent')
    return {
      ...{ cause: 'outside', fix: [`ip ${option}route get ${address}`, `ip neighbour show dev ${onward.dev}`] },
      said: `it is not ${a.name}: this host gets no answer to ${describeTraffic(traffic)} from ${b.name} either, by ${onward.dev}`,
    }
  if (own !== 'arrives') return undefined
  return {
    ...{ cause: 'firewall', isByElimination: true, fix: ['nft list ruleset', 'iptables-save'] },
    said: `this host reaches ${b.name} by ${onward.dev}, and what comes from ${a.name} does not: a firewall of this host drops what it forwards`,
  }
}
