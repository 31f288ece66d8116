// Docker's own firewall, where it has one: it drops what is forwarded unless a rule in its chain DOCKER-USER, which it
// leaves to others, accepts it ("Packet filtering and firewalls" in Docker's documentation).
import { ToolMissing } from '../errors.ts'
import type { Command } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import type { Passage } from './external-filter.ts'

const CHAIN = 'DOCKER-USER'

/** ovsd's rules in the chain, as `iptables -S` prints them; undefined without the chain, or without iptables. */
export async function admitted(run: Runner, signal?: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const { stdout, status } = await run({ tool: 'iptables', args: [...WAIT, '-S', CHAIN], okStatuses: [1] }, signal)
    if (status !== 0) return undefined
    return stdout.split('\n').filter((line) => line.startsWith(`-A ${CHAIN} `) && line.includes(' --comment ovsd '))
  } catch (error) {
    if (error instanceof ToolMissing) return undefined
    throw error
  }
}

/** iptables waits for its lock, which others may hold. */
const WAIT = ['-w', '5'] as const

/** The rules of a leg, in the words and the order in which `iptables -S` prints them. */
const rulesOf = ({ end, ip }: Passage): readonly string[] =>
  [`-d ${ip}/32 -o ${end}`, `-s ${ip}/32 -i ${end}`].map((match) => `${match} -m comment --comment ovsd -j ACCEPT`)

/** The commands that add what is missing of a leg's rules. */
export const admissions = (leg: Passage, present: readonly string[]): readonly Command[] =>
  rulesOf(leg)
    .filter((rule) => !present.includes(`-A ${CHAIN} ${rule}`))
    .map((rule) => change('-I', rule))

/** The commands that delete what is there of a leg's rules, whatever its address was. */
export const dismissals = ({ end }: Pick<Passage, 'end'>, present: readonly string[]): readonly Command[] =>
  present
    .filter((line) => line.includes(`o ${end} `) || line.includes(`i ${end} `))
    .map((line) => change('-D', line.slice(`-A ${CHAIN} `.length)))

const change = (verb: '-I' | '-D', rule: string): Command => ({
  tool: 'iptables',
  args: [...WAIT, verb, CHAIN, ...rule.split(' ')],
})
