// Whether the answer came from another one that has the same address: tenants may have equal subnets.
import { insideOf, type AttachmentSeen } from '../doctor/attachments-seen.ts'
import type { Case, Obstacle } from './case.ts'
import { echoesHeard } from './echoes-heard.ts'
import { probe } from './probe.ts'
import { neighbourOf, type Way } from './way.ts'

/** Who answered in place of B: A itself, another one on its segment, or one behind a router. Undefined when it was B. */
export async function someoneElse(all: Case): Promise<Obstacle | undefined> {
  const { a, b, pair, way } = all
  const { address, port } = pair.destination
  if (way === undefined || port === undefined || b.kind !== 'container' || b.netns === a.netns) return undefined
  if (way.dev === 'lo')
    return {
      ...{ cause: 'someone-else', fix: [`nsenter --net=${a.netns} ip address show to ${address}`] },
      said: `${address} is an address of ${a.name} itself, which answers in the place of ${b.name}`,
    }
  return way.via === undefined ? await onSegment(all, way) : await behindRouter(all, way)
}

async function onSegment({ patient, a, pair }: Case, way: Way): Promise<Obstacle | undefined> {
  const { address, port } = pair.destination
  const mac = port === undefined ? undefined : insideOf(port)?.mac
  const found = await neighbourOf(patient.host, a.netns, a.name, way, address)
  if (mac === undefined || typeof found !== 'object' || found.mac === mac) return undefined
  const others = (await patient.attachments()).all.filter((one) => insideOf(one)?.mac === found.mac)
  return inItsPlace(a.name, address, others, `the one with the MAC ${found.mac}`, [
    `nsenter --net=${a.netns} ip neighbour show to ${address}`,
  ])
}

/** Pings of others in the same moment are counted as well: one answer that B has not heard of is proof, one that it may have is none. */
const TRIES = 5

/** Asked only where somebody else has the address, too. */
async function behindRouter({ patient, a, b, pair }: Case, way: Way): Promise<Obstacle | undefined> {
  const { address } = pair.destination
  if (b.kind !== 'container') return undefined
  const others = (await patient.attachments()).all.filter(
    (one) =>
      one.life.path !== undefined &&
      one.life.path !== b.netns &&
      insideOf(one)?.addresses.some((text) => text.replace(/\/.*/, '') === address) === true,
  )
  if (others.length === 0) return undefined
  const count = (): Promise<number | undefined> => echoesHeard(patient.host, b.netns, b.name, address.includes(':'))
  const isMissed = async (): Promise<boolean> => {
    const before = await count()
    if ((await probe(patient.host, a.netns, a.name, address, { kind: 'icmp' })) !== 'arrives') return false
    const after = await count()
    return before !== undefined && before === after
  }
  let missed = false
  for (let tries = 0; tries < TRIES && !missed; tries++) missed = await isMissed()
  if (!missed) return undefined
  return inItsPlace(a.name, address, others, `one behind ${way.via ?? 'the router'}`, ['ovsd list'])
}

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
