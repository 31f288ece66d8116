// Whether pings get to a namespace, as its kernel counts them: behind a router no address and no MAC says who has answered.
import { CommandFailed, ToolMissing } from '../errors.ts'
import type { Host } from '../host.ts'
import { openNetns } from '../system/netns.ts'

/** How many requests for an echo a namespace has got so far (proc_net(5), "/proc/net/snmp"); undefined when it does not say. */
export async function echoesHeard(
  { run }: Host,
  netns: string,
  whose: string,
  six: boolean,
): Promise<number | undefined> {
  using inside = openNetns(netns, whose)
  const file = six ? '/proc/net/snmp6' : '/proc/net/snmp'
  try {
    const { stdout } = await run({ tool: 'bash', args: ['-c', 'printf %s "$(<"$0")"', file], inside })
    return six ? Number(/^Icmp6InEchos\s+(\d+)/m.exec(stdout)?.[1]) : echoesOf(stdout)
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof ToolMissing) return undefined
    throw error
  }
}

/** A line of names, and one of numbers, each after "Icmp:". */
function echoesOf(text: string): number | undefined {
  const [names = [], numbers = []] = [...text.matchAll(/^Icmp: (.*)$/gm)].map(([, line = '']) => line.split(' '))
  const found = numbers[names.indexOf('InEchos')]
  return found === undefined ? undefined : Number(found)
}
