import { tool, tools } from './tool.ts'

/** What a run may have changed, in a form that can be compared with deepEqual. */
export interface Snapshot {
  readonly links: readonly string[]
  readonly addresses: readonly string[]
  readonly routes: readonly string[]
  readonly ovs: readonly string[]
  readonly inside: readonly string[]
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** What is left of the lifetime of an address, in seconds, without the seconds: two looks are never at the same one. */
export const roughly = (seconds: number): number => Math.round(seconds / 600)

/** Links without what changes by itself: indexes, states, statistics, and the address of OVS's own helper device. */
const links = (text: string): string[] =>
  lines(text)
    .map((line) =>
      line
        .replace(/^\d+: /, '')
        .replace(/@if\d+/, '')
        .replace(/ (state|qdisc) \S+| tentative/g, '')
        .replace(/(_lft) (\d+)sec/g, (_, word: string, left: string) => `${word} ${roughly(Number(left))}`),
    )
    .filter((line) => !line.startsWith('ovs-netdev'))
    .sort()

// The kernel adds it when a link first has a carrier, and it goes with the link.
const notMulticast = (route: string): boolean => !route.startsWith('multicast ff00::/8')

/** The whole configuration of Open vSwitch, without counters and without what ovs-vswitchd finds out by itself. */
function ovsState(): string[] {
  const tables: Record<string, string> = {
    Bridge: 'name,datapath_type,fail_mode,external_ids,ports,mirrors,flood_vlans',
    Port: 'name,tag,trunks,vlan_mode,external_ids,qos,interfaces',
    Interface: 'name,type,options,external_ids,mac,ingress_policing_rate,ingress_policing_burst',
    Mirror: '_uuid,name',
    QoS: '_uuid',
    Queue: '_uuid',
  }
  const lists = Object.entries(tables).map(([table, columns]) => [`--columns=${columns}`, 'list', table])
  const words = lists.flatMap((list, i) => (i === 0 ? list : ['--', ...list]))
  // An empty line is between the rows of one table and those of the next; what values have in them is never a line's end.
  const names = Object.keys(tables).values()
  let table = names.next().value ?? ''
  const rows: string[] = []
  for (const line of tool('ovs-vsctl', '--format=csv', '--no-headings', ...words)
    .trimEnd()
    .split('\n'))
    if (line === '') table = names.next().value ?? ''
    else rows.push(`${table} ${line}`)
  return rows.sort()
}

/** Looks at the host, at Open vSwitch, and into the given namespaces. */
export function snapshot(...namespaces: readonly string[]): Snapshot {
  const [all = '', addresses = '', routes4 = '', routes6 = ''] = tools([
    ['ip', '-oneline', 'link', 'show'],
    ['ip', '-oneline', 'address', 'show'],
    ['ip', '-4', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
  ])
  return {
    links: links(all),
    addresses: links(addresses),
    routes: [...lines(routes4), ...lines(routes6).filter(notMulticast)].sort(),
    ovs: ovsState(),
    inside: namespaces.flatMap(insideOf),
  }
}

function insideOf(path: string): readonly string[] {
  const looks = [
    ['ip', '-oneline', 'link', 'show'],
    ['ip', '-oneline', 'address', 'show'],
    ['ip', 'route', 'show'],
    ['ip', '-6', 'route', 'show'],
  ]
  const [all = '', addresses = '', routes4 = '', routes6 = ''] = tools(looks, path)
  return [...links(all), ...links(addresses), ...lines(routes4).sort(), ...lines(routes6).sort()]
}
