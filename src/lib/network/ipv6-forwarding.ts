// Forwarding of IPv6 is one switch for the whole host (net.ipv6.conf.all.forwarding); the settings of single interfaces
// only say whether the host is a router to those who are there. Writing the switch sets all of them, and the one for
// interfaces to come (`default`). ovsd puts them back, so the host stays what it was on all others: that `default` is off
// while the switch is on says that it was ovsd, and it ends when somebody turns the switch on himself.
import { readdirSync, readFileSync } from 'node:fs'
import type { Command } from '../system/command.ts'

const FOLDER = '/proc/sys/net/ipv6/conf'

/** A setting of an interface for IPv6; undefined without such an interface, or without IPv6. */
export function ipv6Setting(
  link: string,
  key: 'forwarding' | 'accept_dad' | 'accept_ra' | 'disable_ipv6',
): string | undefined {
  try {
    return readFileSync(`${FOLDER}/${link}/${key}`, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Who turned forwarding of IPv6 on. */
export function ipv6Forwarder(): 'nobody' | 'ovsd' | 'somebody else' {
  if (ipv6Setting('all', 'forwarding') !== '1') return 'nobody'
  return ipv6Setting('default', 'forwarding') === '0' ? 'ovsd' : 'somebody else'
}

/** The command that turns the switch, and puts back what it changed of others; in one process, for it belongs together. */
export function turnIpv6Forwarding(on: boolean): Command {
  const [wanted, other] = on ? ['1', '0'] : ['0', '1']
  const kept = links().filter((link) => link !== 'all' && ipv6Setting(link, 'forwarding') === other)
  // default first: it is the sign of who it was. It is off in both cases.
  const back = ['default', ...kept.filter((link) => link !== 'default')].map(
    (link) => `net/ipv6/conf/${link}/forwarding=${link === 'default' ? '0' : other}`,
  )
  return { tool: 'sysctl', args: ['-qew', `net/ipv6/conf/all/forwarding=${wanted}`, ...back] }
}

function links(): readonly string[] {
  try {
    return readdirSync(FOLDER)
  } catch {
    return []
  }
}
