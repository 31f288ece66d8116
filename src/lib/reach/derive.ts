// Expectations that nobody wrote down: every container towards the others, as their networks, VLANs and tenants have it.
import type { Traffic } from '../path/question.ts'
import type { Expectation } from './expectation.ts'
import { familiesOf, placeName, type Leg } from './legs.ts'
import { ruleFor, type Rule } from './rules.ts'

/** With more interfaces than this, not each is tried with each, and the table has networks in place of containers. */
export const FEW = 16

const PING: Traffic = { kind: 'icmp' }

/**
 * What should be between these. With many, unless `all`: each with the next one of its own place, which is a ring over all of them; and
 * each with one of every other place, by turns.
 */
export function derive(legs: readonly Leg[], all: boolean): readonly Expectation[] {
  const owned = Map.groupBy(legs, ({ owner }) => owner.netns)
  const drawsContainers = legs.length <= FEW
  return (all || drawsContainers ? everyPair(legs) : somePairs(legs)).flatMap(([from, to]) => {
    const own = owned.get(from) ?? []
    const rule = ruleFor(own, to, owned.get(to.owner.netns))
    return rule === undefined ? [] : expectations(own, to, rule, drawsContainers)
  })
}

/** A container, by its namespace, and the interface of another one. */
type Pair = readonly [from: string, to: Leg]

const everyPair = (legs: readonly Leg[]): readonly Pair[] =>
  [...new Set(legs.map(({ owner }) => owner.netns))].flatMap((from) =>
    legs.filter(({ owner }) => owner.netns !== from).map((to): Pair => [from, to]),
  )

/** Between two places so many that everybody of both has been tried. */
function somePairs(legs: readonly Leg[]): readonly Pair[] {
  const places = [...Map.groupBy(legs, ({ place, tenant }) => `${tenant ?? ''} ${place}`).values()]
  const pairs = places.flatMap((senders) =>
    places.flatMap((receivers) => {
      const turned = senders === receivers ? 1 : 0
      return Array.from({ length: Math.max(senders.length, receivers.length) }, (_, i): readonly Pair[] => {
        const from = senders[i % senders.length]?.owner.netns
        const to = receivers[(i + turned) % receivers.length]
        return from === undefined || to === undefined || to.owner.netns === from ? [] : [[from, to]]
      }).flat()
    }),
  )
  // Who is in several places is a sender in each.
  return [...new Map(pairs.map((pair) => [`${pair[0]} ${pair[1].port.where.interface.uuid}`, pair])).values()]
}

/** One for each IP version that both have; where they have none in common, that nothing gets there is asked all the same. */
function expectations(own: readonly Leg[], to: Leg, rule: Rule, drawsContainers: boolean): readonly Expectation[] {
  const [mine, its] = [familiesOf(own.map(({ port }) => port)), familiesOf([to.port])]
  const common = its.filter((family) => mine.includes(family))
  // Two without an address have VLANs all the same.
  const families: readonly (4 | 6 | undefined)[] =
    rule.reach || common.length > 0 ? common : its.length > 0 ? its.slice(0, 1) : [undefined]
  const [from] = own
  if (from === undefined) return []
  return families.map((family) => ({
    ...{ from: from.owner, to: { ...to.owner, attachments: [to.port], ...(family === undefined ? {} : { family }) } },
    traffic: PING,
    ...(rule.reach ? { reach: true } : { reach: false, apart: rule.apart }),
    why: rule.why,
    row: drawsContainers ? from.owner.name : placeName(from),
    column: drawsContainers ? to.owner.name : placeName(to),
  }))
}
