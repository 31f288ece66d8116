// What ovsd must leave alone: links, addresses and routes of the host, everything of Open vSwitch that is not its own,
// and logs without complaints.
import { readFileSync } from 'node:fs'
import { bridgesSeen, nameOf, tablesRows, type SeenRow } from './ovs-rows.ts'
import { tool, tools } from './tool.ts'
import { mapOf, setOf } from '../../src/lib/ovsdb/values.ts'

const LOGS = ['ovs-vswitchd', 'ovsdb-server'] as const

export interface HostView {
  readonly links: readonly string[]
  readonly addresses: readonly string[]
  readonly routes: readonly string[]
  /** Rows and flows that are not ovsd's. */
  readonly foreign: readonly string[]
}

/** Where the logs of Open vSwitch end now. */
export interface LogEnds {
  readonly ends: Readonly<Record<string, number>>
}

const log = (name: string): string => {
  try {
    return readFileSync(`/var/log/openvswitch/${name}.log`, 'utf8')
  } catch {
    return ''
  }
}

/** Looks at all that must stay as it is. `except`: bridges that the test itself changes or has ovsd create. */
export function hostView(...except: readonly string[]): HostView & LogEnds {
  const ovs = new Set([...bridgesSeen().map(({ name }) => name), ...except, 'ovs-netdev', 'ovs-system'])
  const isHosts = (link: string): boolean => !ovs.has(link) && !/^[0-9a-f]{13}_l$/.test(link)
  const [links = [], addresses = [], routes4 = [], routes6 = []] = tools([
    ['ip', '-json', 'link', 'show'],
    ['ip', '-json', 'address', 'show'],
    ['ip', '-json', '-4', 'route', 'show', 'table', 'all'],
    ['ip', '-json', '-6', 'route', 'show', 'table', 'all'],
  ]).map((printed) => JSON.parse(printed || '[]') as readonly Readonly<Record<string, unknown>>[])
  const text = (one: unknown): string => JSON.stringify(one)
  return {
    links: links
      .filter(({ ifname }) => isHosts(String(ifname)))
      .map(({ ifname, address, mtu, flags, master }) => text({ ifname, address, mtu, flags, master })),
    addresses: addresses
      .filter(({ ifname }) => isHosts(String(ifname)))
      .map(({ ifname, addr_info: addresses }) => text({ ifname, addresses })),
    routes: [...routes4, ...routes6].filter(({ dev }) => isHosts(String(dev))).map(text),
    foreign: foreignState(new Set(except)),
    ...logEnds(),
  }
}

/** Where the logs of Open vSwitch end now. */
export const logEnds = (): LogEnds => ({ ends: Object.fromEntries(LOGS.map((name) => [name, log(name).length])) })

/** Configuration that is not ovsd's; its own records are left out of the rows that it may write them on. */
function foreignState(except: ReadonlySet<string>): readonly string[] {
  const text = (row: SeenRow): string => JSON.stringify(row)
  const isOwn = (row: SeenRow): boolean => mapOf(row['external_ids'])['ovsd'] !== undefined
  const isNamed = (row: SeenRow): boolean => except.has(nameOf(row))
  const [interfaces = [], all = [], bridges = [], mirrors = [], qos = []] = tablesRows(
    [
      ...['Interface', '_uuid', 'name', 'type', 'options', 'external_ids', 'mac'],
      ...['ingress_policing_rate', 'ingress_policing_burst'],
    ] as [string, ...string[]],
    ['Port', '_uuid', 'name', 'tag', 'trunks', 'vlan_mode', 'external_ids', 'qos', 'interfaces'],
    ['Bridge', '_uuid', 'name', 'datapath_type', 'fail_mode', 'external_ids', 'mirrors'],
    ['Mirror', '_uuid', 'name'],
    ['QoS', '_uuid'],
  )
  const own = new Set(interfaces.filter(isOwn).map(({ _uuid }) => JSON.stringify(_uuid)))
  const ports = all.filter((row) => !setOf(row['interfaces']).some((one) => own.has(JSON.stringify(one))))
  const kept = bridges.filter((row) => !isOwn(row) && !isNamed(row))
  const created = bridges.filter((row) => isOwn(row)).map(nameOf)
  const isElsewhere = (row: SeenRow): boolean => !created.includes(nameOf(row)) && !isNamed(row)
  return [
    ...kept.map((row) => {
      const ids = Object.entries(mapOf(row['external_ids'])).filter(([key]) => !key.startsWith('ovsd_persist.'))
      return text({ ...row, external_ids: ids.sort() })
    }),
    ...ports.filter(isElsewhere).map(text),
    ...interfaces.filter((row) => !isOwn(row) && isElsewhere(row)).map(text),
    ...mirrors.map(text),
    ...qos.map(text),
    ...kept.flatMap((row) => flowsOf(nameOf(row))),
  ].sort()
}

const flowsOf = (bridge: string): readonly string[] =>
  tool('ovs-ofctl', '--no-stats', 'dump-flows', bridge)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${bridge}: ${line.trim()}`)

/** Warnings and errors in the logs of Open vSwitch since then. */
export const complaintsSince = ({ ends }: LogEnds): readonly string[] =>
  LOGS.flatMap((name) =>
    log(name)
      .slice(ends[name])
      .split('\n')
      .filter((line) => /\|(WARN|ERR|EMER)\|/.test(line))
      .map((line) => `${name}: ${line}`),
  )
