// Whether the answer came from B: others may have its address, and firewalls refuse in the name of whom they protect.
import { insideOf, type AttachmentSeen } from '../doctor/attachments-seen.ts'
import type { Case, Obstacle } from './case.ts'
import { isOneNamespace } from './ends.ts'
import { heardIn } from './heard.ts'
import { probe } from './probe.ts'
import { neighbourOf, type Way } from './way.ts'

/** Who answered, or refused, in place of B: A itself, another one, something on the way. Undefined when it was B, or cannot be told. */
export async function someoneElse(all: Case): Promise<Obstacle | undefined> {
  const { a, b, pair, way, probed } = all
  const { address, port } = pair.destination
  if (way === undefined || port === undefined || b.kind !== 'container' || isOneNamespace(a, b)) return undefined
  if (way.dev === 'lo')
    return {
      ...{ cause: 'someone-else', fix: [`nsenter --net=${a.netns} ip address show to ${address}`] },
      said: `${address} is an address of ${a.name} itself, which answers in the place of ${b.name}`,
    }
  if (probed === 'refused') return (await isMissed(all, 2)) ? refusedOnTheWay(all) : undefined
  return way.via === undefined ? await onSegment(all, way) : await behindRouter(all, way)
}

async function onSegment(all: Case, way: Way): Promise<Obstacle | undefined> {
  const { patient, a, pair } = all
  const { address, port } = pair.destination
  const mac = port === undefined ? undefined : insideOf(port)?.mac
  const found = await neighbourOf(patient.host, a.netns, a.name, way, address)
  if (mac === undefined || typeof found !== 'object' || found.mac === mac) return undefined
  const others = (await patient.attachments()).all.filter((one) => insideOf(one)?.mac === found.mac)
  // A router may answer for others (proxy ARP), and pass it on.
  if (others.length === 0 && !(await isMissed(all, 2))) return undefined
  return inItsPlace(a.name, address, others, `the one with the MAC ${found.mac}`, [
    `nsenter --net=${a.netns} ip neighbour show to ${address}`,
  ])
}

async function behindRouter(all: Case, way: Way): Promise<Obstacle | undefined> {
  const { patient, a, b, pair } = all
  const { address } = pair.destination
  const others = (await patient.attachments()).all.filter(
    (one) =>
      one.life.path !== undefined &&
      b.kind === 'container' &&
      one.life.path !== b.netns &&
      insideOf(one)?.addresses.some((text) => text.replace(/\/.*/, '') === address) === true,
  )
  if (!(await isMissed(all, others.length > 0 ? 5 : 2))) return undefined
  return inItsPlace(a.name, address, others, `one behind ${way.via ?? 'the router'}`, ['ovsd list'])
}

/**
 * Whether it is answered, and B has got nothing. Packets of others in the same moment are counted as well, so that one answer that B has
 * not heard of is proof, and one that it may have heard is none: `tries` says how often it is asked.
 */
async function isMissed({ patient: { host }, a, b, pair, traffic, probed }: Case, tries: number): Promise<boolean> {
  if (b.kind !== 'container') return false
  const { address } = pair.destination
  const count = (): Promise<number | undefined> =>
    heardIn(host, b.netns, b.name, traffic, address.includes(':') ? 6 : 4)
  for (let i = 0; i < tries; i++) {
    const before = await count()
    if (before === undefined || (await probe(host, a.netns, a.name, address, traffic)) !== probed) return false
    if ((await count()) === before) return true
  }
  return false
}

const refusedOnTheWay = ({ b, a }: Case): Obstacle => ({
  ...{ cause: 'firewall', arrives: false },
  said: `it is refused in the name of ${b.name}, which has got nothing of it: by a firewall of this host, of ${a.name} or on the way`,
  fix: ['nft list ruleset', `nsenter --net=${a.netns} nft list ruleset`],
})

function inItsPlace(
  asker: string,
  address: string,
  others: readonly AttachmentSeen[],
  unknown: string,
  fix: readonly string[],
): Obstacle {
  const names = others.map(({ life, marks }) => life.name ?? marks.container)
  return {
    ...{ cause: 'someone-else', fix },
    said: `${address} is also the address of another one, which answers to ${asker} in its place: ${names.length === 0 ? unknown : names.join(' or ')}`,
  }
}
