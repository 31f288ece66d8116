// Docker's own firewall, where it has one: rules for nat networks in the chain that it leaves to others (external-docker.ts).
import { ToolMissing } from '../errors.ts'
import type { Family } from '../net/ip-address.ts'
import type { Command } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import type { Gateway } from './gateway.ts'
import { lookOf } from './look.ts'
import { dockerPublished } from './nat-published.ts'
import { friendships } from './nat-rules.ts'
import type { Publication } from './publications.ts'

const CHAIN = 'DOCKER-USER'
const MARK = '-m comment --comment ovsd-nat'
/** iptables waits for its lock, which others may hold. */
const WAIT = ['-w', '5'] as const

const TOOL = { 4: 'iptables', 6: 'ip6tables' } as const

const look = (family: Family) =>
  lookOf(async (run: Runner): Promise<readonly string[] | undefined> => {
    try {
      const list: Command = { tool: TOOL[family], args: [...WAIT, '-S', CHAIN], okStatuses: [1] }
      const { stdout, status } = await run(list)
      if (status !== 0) return undefined
      const prefix = `-A ${CHAIN} `
      const own = stdout.split('\n').filter((line) => line.startsWith(prefix) && line.includes(` ${MARK} `))
      return own.map((line) => line.slice(prefix.length))
    } catch (error) {
      if (error instanceof ToolMissing) return undefined
      throw error
    }
  })

/** The rules that nat networks have in Docker's chain, as `iptables -S` prints them; undefined without the chain. */
export const dockerRules = { 4: look(4), 6: look(6) } as const

/**
 * The rules that they should have: out by where the host's routes lead, and not to Docker's own containers; answers;
 * each other, where they belong together; and what is published. In the words and the order of `iptables -S`.
 */
export function wantedOfDocker(
  gateways: readonly Gateway[],
  family: Family,
  ways: readonly string[],
  published: readonly Publication[],
): readonly string[] {
  const here = gateways.filter(({ sides }) => sides.some((side) => side.family === family))
  const between = friendships(here).flatMap((friends) =>
    friends.flatMap((from) => friends.flatMap((to) => (from === to ? [] : [`-i ${from.link} -o ${to.link} `]))),
  )
  const matches = [
    ...between,
    ...here.flatMap(({ link }) => [
      ...ways.map((way) => `-i ${link} -o ${way} `),
      `-o ${link} -m conntrack --ctstate RELATED,ESTABLISHED `,
    ]),
    ...dockerPublished(published, family).map((match) => `${match} `),
  ]
  return matches.map((match) => `${match}${MARK} -j ACCEPT`)
}

/** The commands that make the rules what they should be; none without the chain. */
export function dockerChanges(
  family: Family,
  wanted: readonly string[],
  present: readonly string[] | undefined,
): readonly Command[] {
  if (present === undefined) return []
  const change = (verb: '-I' | '-D', rule: string): Command => ({
    tool: TOOL[family],
    args: [...WAIT, verb, CHAIN, ...rule.split(' ')],
  })
  // One that is there twice goes once; the next look finds the other.
  return [
    ...present.filter((rule) => !wanted.includes(rule)).map((rule) => change('-D', rule)),
    ...wanted.filter((rule) => !present.includes(rule)).map((rule) => change('-I', rule)),
  ]
}
