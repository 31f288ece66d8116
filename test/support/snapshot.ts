import { tool, toolIn } from './tool.ts'

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
  return Object.entries(tables).flatMap(([table, columns]) =>
    lines(tool('ovs-vsctl', '--format=csv', '--no-headings', `--columns=${columns}`, 'list', table))
      .map((line) => `${table} ${line}`)
      .sort(),
  )
}

/** Looks at the host, at Open vSwitch, and into the given namespaces. */
export function snapshot(...namespaces: readonly string[]): Snapshot {
  return {
    links: links(tool('ip', '-oneline', 'link', 'show')),
    addresses: links(tool('ip', '-oneline', 'address', 'show')),
    routes: [
      ...lines(tool('ip', '-4', 'route', 'show', 'table', 'all')),
      ...lines(tool('ip', '-6', 'route', 'show', 'table', 'all')).filter(notMulticast),
    ].sort(),
    ovs: ovsState(),
    inside: namespaces.flatMap((path) => [
      ...links(toolIn(path, 'ip', '-oneline', 'link', 'show')),
      ...links(toolIn(path, 'ip', '-oneline', 'address', 'show')),
      ...lines(toolIn(path, 'ip', 'route', 'show')).sort(),
      ...lines(toolIn(path, 'ip', '-6', 'route', 'show')).sort(),
    ]),
  }
}
